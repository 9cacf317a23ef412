import type { Fault } from '../../core/fault.ts';
import { formatValue, quote } from '../../core/format.ts';
import type { RawColumn } from '../../core/table.ts';
import { columnAs, columnOf, type Kind, kindOf } from '../sample-record.ts';
import type { TableColumn } from '../source.ts';

/** Records as columns. */
export interface Sorted {
  readonly columns: ReadonlyMap<string, RawColumn>;
  /** Places of the records that became rows, ascending. */
  readonly records: readonly number[];
  /** Why the others did not, by their places. */
  readonly faults: ReadonlyMap<number, Fault>;
}

/** What the values of a kind are called. */
const nameOf: Readonly<Record<Kind, string>> = {
  number: 'a number, true, false',
  text: 'text',
  bytes: 'bytes',
  numbers: 'a list of numbers',
  texts: 'a list of texts',
  mixed: 'anything',
};

/**
 * Sorts values of records into columns of known kinds. A record that is no object, or has a value of another kind in one
 * of the columns, is a fault.
 */
export function sortRecords(records: readonly unknown[], columns: readonly TableColumn[]): Sorted {
  const faults = new Map<number, Fault>();
  const kept: number[] = [];
  const rows: Readonly<Record<string, unknown>>[] = [];
  records.forEach((record, at) => {
    const fault = isObject(record)
      ? faultOf(record, columns)
      : { reason: 'malformed', expected: 'an object with a value for each column', found: formatValue(record) };
    if (fault !== undefined) {
      faults.set(at, fault);
      return;
    }
    kept.push(at);
    rows.push(record as Readonly<Record<string, unknown>>);
  });
  const sorted = columns.map(({ name, kind }) => {
    const values = rows.map((row) => fieldOf(row, name));
    return [name, columnAs(kind, values)] as const;
  });
  return { columns: new Map(sorted), records: kept, faults };
}

/** Names and kinds of the columns of records, in the order in which they are first met. */
export function columnsOfRecords(
  records: readonly unknown[],
  kinds: Readonly<Record<string, Kind>> = {},
): readonly TableColumn[] {
  const objects = records.filter(isObject);
  const names = new Set([...objects.flatMap((record) => Object.keys(record)), ...Object.keys(kinds)]);
  return [...names].map((name) => {
    const kind = kinds[name] ?? usualKind(objects.map((record) => fieldOf(record, name)));
    return { name, kind, type: kind };
  });
}

/** The kind that at least 19 of 20 values have, so that a few bad values make bad records and not a mixed column. */
function usualKind(values: readonly unknown[]): Kind {
  const counts = new Map<Kind | undefined, number>();
  for (const value of values) if (value !== null) counts.set(kindOf(value), (counts.get(kindOf(value)) ?? 0) + 1);
  const empty = counts.get(undefined) ?? 0;
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) return 'number';
  for (const [kind, count] of counts) {
    if (kind === undefined) continue;
    const isList = kind === 'numbers' || kind === 'texts';
    if ((count + (isList ? empty : 0)) * 20 >= total * 19) return kind;
  }
  return columnOf(values.filter((value) => value !== null)).kind;
}

function faultOf(record: Readonly<Record<string, unknown>>, columns: readonly TableColumn[]): Fault | undefined {
  for (const { name, kind } of columns) {
    const value = fieldOf(record, name);
    if (value === null || kind === 'mixed') continue;
    const own = kindOf(value);
    if (own !== kind && !(own === undefined && (kind === 'numbers' || kind === 'texts')))
      return {
        reason: 'badType',
        expected: `${nameOf[kind]} or null in column ${quote(name)}`,
        found: formatValue(value),
      };
  }
  return undefined;
}

/** A record's own value. Names may be those of anything that every object has. */
function fieldOf(record: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(record, name) ? (record[name] ?? null) : null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}
