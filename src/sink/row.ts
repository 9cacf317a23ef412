import { resolve } from 'node:path';
import { type Issue, SourceError } from '../core/error.ts';
import { formatValue, quote } from '../core/format.ts';
import { didYouMean } from '../core/suggest.ts';

/** What a column of a sink holds; null may stand anywhere. */
export type SinkKind = 'text' | 'float32' | 'float64' | 'int32' | 'bool' | 'time' | 'floats' | 'ints' | 'texts';

/** A column of the rows that a sink takes. */
export interface SinkColumn {
  readonly name: string;
  /** `time` is milliseconds since 1970-01-01 UTC; `floats`, `ints` and `texts` are lists. */
  readonly kind: SinkKind;
}

/** Values by column; a column that is left out is null. */
export type SinkRow = Readonly<Record<string, unknown>>;

/** What a sink is told beside its options. */
export interface SinkContext {
  /** Where its configuration stands, for errors. */
  readonly where: string;
  /** Where relative paths begin; the working directory when left out. */
  readonly folder?: string;
  /** The columns of its rows. */
  readonly columns: readonly SinkColumn[];
}

/** Where a sink writes. */
export function pathOf(path: string, { folder = '.' }: Pick<SinkContext, 'folder'>): string {
  return resolve(folder, path);
}

/** @throws SourceError when a row has other columns, or values that its columns don't hold */
export function checkRow(row: SinkRow, columns: ReadonlyMap<string, SinkKind>, where: string): void {
  let issues: Issue[] | undefined;
  for (const [name, value] of Object.entries(row)) {
    const kind = columns.get(name);
    if (kind !== undefined && (value === null || value === undefined || holds[kind](value))) continue;
    issues ??= [];
    const names = [...columns.keys()];
    if (kind !== undefined)
      issues.push({ where: `${where}, column ${quote(name)}`, expected: words[kind], found: formatValue(value) });
    else
      issues.push({
        where,
        expected: `columns out of ${names.slice(0, 12).map(quote).join(', ')}${names.length > 12 ? ', …' : ''}`,
        found: quote(name),
        ...didYouMean(name, names),
      });
  }
  if (issues) throw new SourceError(issues);
}

const isNumber = (value: unknown): boolean => typeof value === 'number';
const isInt32 = (value: unknown): boolean => typeof value === 'number' && value === (value | 0);
const listOf =
  (of: (element: unknown) => boolean) =>
  (value: unknown): boolean =>
    (Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))) &&
    Array.from(value as ArrayLike<unknown>).every((element) => element === null || of(element));

const holds: Readonly<Record<SinkKind, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  float32: isNumber,
  float64: isNumber,
  int32: isInt32,
  bool: (value) => typeof value === 'boolean',
  time: (value) => Number.isSafeInteger(value) && Math.abs(value as number) <= 8.64e15,
  floats: listOf(isNumber),
  ints: listOf(isInt32),
  texts: listOf((value) => typeof value === 'string'),
};

const words: Readonly<Record<SinkKind, string>> = {
  text: 'text',
  float32: 'a number',
  float64: 'a number',
  int32: 'a whole number of 32 bits',
  bool: 'true or false',
  time: 'a time, in whole milliseconds since 1970',
  floats: 'a list of numbers',
  ints: 'a list of whole numbers of 32 bits',
  texts: 'a list of texts',
};
