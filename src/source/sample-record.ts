import type { Rejected } from '../core/chunk.ts';
import { formatValue } from '../core/format.ts';
import type { RawColumn, Table } from '../core/table.ts';

export interface RecordOptions {
  /** What the records are called, for errors; `records` when left out. */
  readonly name?: string;
  /** The number of the first record, in errors and as its row's key; 0 when left out. */
  readonly first?: number;
}

/**
 * A table of records as JSON has them: numbers, truth values, texts, lists of numbers or texts, null. A field that a
 * record lacks is null there; a field of several kinds becomes a column of values of all kinds.
 * @returns the records that are objects, and the others as rejected
 */
export function tableOf(
  records: readonly unknown[],
  { name = 'records', first = 0 }: RecordOptions = {},
): { readonly table: Table; readonly rejected: readonly Rejected[] } {
  const rejected: Rejected[] = [];
  const rows: Readonly<Record<string, unknown>>[] = [];
  const numbers: number[] = [];
  records.forEach((record, at) => {
    if (isRecord(record)) {
      rows.push(record);
      numbers.push(first + at);
    } else
      rejected.push({
        reason: 'malformed',
        issue: {
          where: `${name}, record ${first + at}`,
          expected: 'an object with a value for each column',
          found: formatValue(record),
        },
        record,
      });
  });
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  const columns = new Map([...names].map((column) => [column, columnOf(rows.map((row) => row[column] ?? null))]));
  const place = (row: number): string => `${name}, record ${numbers[row]}`;
  return { table: { rows: rows.length, columns, place, keys: Int32Array.from(numbers) }, rejected };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

export type Kind = RawColumn['kind'];

/** The kind that a value has by itself; undefined for an empty list, which is a list of anything. */
export function kindOf(value: unknown): Kind | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return 'number';
  if (typeof value === 'string') return 'text';
  if (value instanceof Uint8Array) return 'bytes';
  if (ArrayBuffer.isView(value)) return value instanceof DataView ? 'mixed' : 'numbers';
  if (!Array.isArray(value)) return 'mixed';
  if (value.every((x) => x === null || typeof x === 'number'))
    return value.some((x) => x !== null) ? 'numbers' : undefined;
  return value.every((x) => x === null || typeof x === 'string') ? 'texts' : 'mixed';
}

/** A column of values as JSON has them, of their one kind, or mixed. */
export function columnOf(values: readonly unknown[]): RawColumn {
  const kinds = new Set<Kind | undefined>();
  for (const value of values) if (value !== null) kinds.add(kindOf(value));
  return columnAs(kindOfAll(kinds), values);
}

/** A column of values that are all of that kind, or null. */
export function columnAs(kind: Kind, values: readonly unknown[]): RawColumn {
  const valid = Uint8Array.from(values, (value) => Number(value !== null));
  switch (kind) {
    case 'number':
      return { kind, values: Float64Array.from(values, Number), valid };
    case 'numbers':
    case 'texts': {
      const lists = values.map((value) => (value ?? []) as ArrayLike<number | string | null>);
      const starts = new Int32Array(lists.length + 1);
      lists.forEach((list, row) => {
        starts[row + 1] = (starts[row] as number) + list.length;
      });
      if (kind === 'texts')
        return { kind, starts, values: lists.flatMap((list) => Array.from(list)) as (string | null)[], valid };
      return { kind, starts, values: numbersIn(lists, starts), valid };
    }
    case 'text':
      return { kind, values: values as (string | null)[] };
    case 'bytes':
      return { kind, values: values as (Uint8Array | null)[] };
    default:
      return { kind: 'mixed', values };
  }
}

/** The numbers of all lists, null as NaN. */
function numbersIn(lists: readonly ArrayLike<unknown>[], starts: Int32Array): Float32Array | Float64Array {
  const isFloat = lists.every((list) => list.length === 0 || list instanceof Float32Array);
  const all = new (isFloat ? Float32Array : Float64Array)(starts.at(-1) as number);
  lists.forEach((list, row) => {
    const start = starts[row] as number;
    if (list instanceof Float32Array) all.set(list, start);
    else for (let at = 0; at < list.length; at++) all[start + at] = list[at] === null ? Number.NaN : Number(list[at]);
  });
  return all;
}

/** The one kind of all values, where there is one. */
function kindOfAll(kinds: ReadonlySet<Kind | undefined>): Kind {
  const known = [...kinds].filter((kind) => kind !== undefined);
  const [only = kinds.has(undefined) ? 'numbers' : 'mixed', ...others] = known;
  const isList = only === 'numbers' || only === 'texts';
  return others.length > 0 || (kinds.has(undefined) && !isList) ? 'mixed' : only;
}
