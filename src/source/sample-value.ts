import { formatValue, oneOf } from '../core/format.ts';
import type { RawColumn } from '../core/table.ts';
import { plainNumbers } from '../feature/index.ts';
import type { LabelOptions } from './sample-plan.ts';

/** Numbers of rows; what stands where `valid` is 0 means nothing. */
export interface Scalars {
  readonly values: ArrayLike<number>;
  readonly valid: Uint8Array;
}

/** Says what is wrong with a row's value. */
export type ReportValue = (row: number, reason: string, expected: string, found: string) => void;

/** One number of each row: as the column has it, or the number of the class that it names. */
export function scalarsOf(column: RawColumn, rows: number, options: LabelOptions, report: ReportValue): Scalars {
  const { classes } = options;
  if (column.kind === 'number') {
    const values = plainNumbers(column.values);
    return classes === undefined
      ? { values, valid: column.valid }
      : classNumbers(values, column.valid, classes, report);
  }
  const ids = classes && new Map(classes.map((name, id) => [String(name), id]));
  const values = new Float64Array(rows);
  const valid = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const cell = 'starts' in column ? 'a list' : column.values[row];
    if (cell === null || cell === undefined) continue;
    const number = ids === undefined ? plainNumber(cell) : typeof cell === 'object' ? undefined : ids.get(String(cell));
    if (number !== undefined) {
      values[row] = number;
      valid[row] = 1;
    } else if (classes === undefined) report(row, 'badType', 'a number', formatValue(cell));
    else report(row, 'unknownClass', oneOf(classes), formatValue(cell));
  }
  return { values, valid };
}

function plainNumber(cell: unknown): number | undefined {
  return typeof cell === 'number' ? cell : typeof cell === 'boolean' ? Number(cell) : undefined;
}

/** Classes that are numbers, or truth values, in a column of numbers. */
function classNumbers(
  values: ArrayLike<number>,
  valid: Uint8Array,
  classes: NonNullable<LabelOptions['classes']>,
  report: ReportValue,
): Scalars {
  const ids = new Map(classes.map((name, id) => [Number(name), id]));
  const found = new Float64Array(valid.length);
  const known = valid.slice();
  for (let row = 0; row < valid.length; row++) {
    if (!valid[row]) continue;
    const value = values[row] as number;
    const id = ids.get(value);
    if (id !== undefined) found[row] = id;
    // Whether NaN is a label that is not there is decided where all labels are looked at.
    else if (Number.isNaN(value)) found[row] = value;
    else {
      known[row] = 0;
      report(row, 'unknownClass', oneOf(classes), `${value}`);
    }
  }
  return { values: found, valid: known };
}

/** −1, 0 or 1 of each row; 0 where the column has nothing. */
export function boundsOf(column: RawColumn, rows: number, options: LabelOptions, report: ReportValue): Float32Array {
  const bounds = new Float32Array(rows);
  const signs = Object.keys(options.bounds);
  for (let row = 0; row < rows; row++) {
    const cell = 'starts' in column ? 'a list' : 'valid' in column && !column.valid[row] ? null : column.values[row];
    if (cell === null || cell === undefined) continue;
    const bound = typeof cell === 'string' ? options.bounds[cell] : cell;
    if (bound === -1 || bound === 0 || bound === 1) bounds[row] = bound;
    else {
      bounds[row] = Number.NaN;
      report(row, 'badBound', oneOf([...signs, -1, 0, 1]), formatValue(cell));
    }
  }
  return bounds;
}

/** A factor of each row, 0 or more; NaN where it is none, which is reported. */
export function weightsOf(column: RawColumn, rows: number, report: ReportValue): Float32Array {
  const weights = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const isNull = 'valid' in column && !column.valid[row];
    const cell = 'starts' in column ? 'a list' : isNull ? null : column.values[row];
    const weight = typeof cell === 'bigint' ? Number(cell) : cell;
    if (typeof weight === 'number' && weight >= 0 && Number.isFinite(Math.fround(weight))) weights[row] = weight;
    else {
      weights[row] = Number.NaN;
      report(row, 'badWeight', 'a finite number, at least 0', formatValue(cell));
    }
  }
  return weights;
}
