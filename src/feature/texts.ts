import { ConfigError } from '../core/error.ts';
import type { RawColumn } from '../core/table.ts';
import type { Faults } from './faults.ts';
import type { FeatureContext } from './feature.ts';

/** One value of each row as text, numbers and truth values written out; null where it is missing or has a fault. */
export function textOfRows(column: RawColumn, rows: number, name: string, faults: Faults): readonly (string | null)[] {
  if (column.kind === 'text') return column.values;
  return Array.from({ length: rows }, (_, row) => {
    const value = valueAt(column, row);
    if (value === null || value === undefined || Number.isNaN(value)) return null;
    const text = textOf(value);
    if (text === undefined) faults.add(row, name, 'badType', 'one text or number', value);
    return text ?? null;
  });
}

/**
 * The values of each row's list as texts; a single value is a list of one, or of its parts.
 * @param split what stands between the parts of a text; texts are not parted when left out
 * @returns null where there is no list, or it has a fault
 */
export function textLists(
  column: RawColumn,
  rows: number,
  name: string,
  faults: Faults,
  split: string | undefined,
): readonly (readonly string[] | null)[] {
  return Array.from({ length: rows }, (_, row) => {
    const value = valueAt(column, row);
    if (value === null || value === undefined || Number.isNaN(value)) return null;
    if (typeof value === 'string' && split !== undefined) return value.split(split).filter((part) => part !== '');
    const list: string[] = [];
    for (const element of Array.isArray(value)
      ? value
      : ArrayBuffer.isView(value)
        ? (value as Float64Array)
        : [value]) {
      const text = element === null || Number.isNaN(element) ? undefined : textOf(element);
      if (text === undefined) {
        if (element === null || Number.isNaN(element)) faults.missing(row, name, 'no gaps in a list', 'null in it');
        else faults.add(row, name, 'badType', 'a list of texts or numbers', element);
        return null;
      }
      list.push(text);
    }
    return list;
  });
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' ? `${value}` : undefined;
}

/** A value as its kind has it: numbers and lists by themselves, null where there is none. */
function valueAt(column: RawColumn, row: number): unknown {
  switch (column.kind) {
    case 'number':
      return column.valid[row] ? column.values[row] : null;
    case 'numbers':
    case 'texts':
      return column.valid[row] ? column.values.slice(column.starts[row], column.starts[row + 1]) : null;
    default:
      return column.values[row];
  }
}

/**
 * The only column of a feature that reads one.
 * @throws ConfigError when there are more, or it is of a kind that the feature can't read
 */
export function onlyColumn(
  { where, columns }: FeatureContext,
  refused: readonly RawColumn['kind'][],
  expected: string,
): string {
  const [first, second] = columns;
  if (first === undefined || second !== undefined)
    throw new ConfigError({
      where: `${where}.columns`,
      expected: 'one column',
      found: columns.map(({ name }) => `'${name}'`).join(', ') || 'none',
      hint: 'give each column an input of its own',
    });
  checkKinds({ where, columns }, refused, expected);
  return first.name;
}

/** @throws ConfigError when a column is of a kind that a feature can't read */
export function checkKinds(
  { where, columns }: FeatureContext,
  refused: readonly RawColumn['kind'][],
  expected: string,
): void {
  for (const { name, kind } of columns)
    if (refused.includes(kind))
      throw new ConfigError({ where, expected, found: `${wordOf[kind]} in column '${name}'` });
}

const wordOf: Readonly<Record<RawColumn['kind'], string>> = {
  number: 'numbers',
  text: 'text',
  bytes: 'bytes',
  numbers: 'lists of numbers',
  texts: 'lists of texts',
  mixed: 'values of all kinds',
};
