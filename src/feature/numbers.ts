import { ConfigError } from '../core/error.ts';
import { formatShape, type Shape, sizeOf } from '../core/shape.ts';
import type { RawColumn } from '../core/table.ts';
import type { Faults } from './faults.ts';
import type { FeatureContext } from './feature.ts';
import { type NumberLists, numberLists, plainNumbers } from './lists.ts';

/** How columns make up the numbers of one sample. */
export interface NumberLayout {
  readonly shape: Shape;
  readonly size: number;
  /** Numbers that each column gives. */
  readonly width: number;
}

/**
 * How the columns of a feature of numbers make up a sample: several columns stand beside each other.
 * @throws ConfigError when they can't
 */
export function numberLayout({ where, columns }: FeatureContext, shape: Shape | undefined): NumberLayout {
  for (const { name, kind } of columns)
    if (kind === 'text' || kind === 'texts')
      throw new ConfigError({
        where,
        expected: 'columns of numbers',
        found: `${kind === 'text' ? 'text' : 'lists of texts'} in column '${name}'`,
        hint: 'text goes through oneHot, vocabulary, hash, sequence or characters',
      });
  const list = columns.find(({ kind }) => kind === 'numbers' || kind === 'bytes');
  if (shape === undefined && list !== undefined)
    throw new ConfigError({
      where: `${where}.shape`,
      expected: `the shape of one sample, because column '${list.name}' holds lists`,
      found: 'none',
      hint: 'give the length that every list has, as shape: [1024]',
    });
  const size = shape === undefined ? columns.length : sizeOf(shape);
  const width = size / columns.length;
  if (!Number.isInteger(width) || (list === undefined && width !== 1 && !columns.some(({ kind }) => kind === 'mixed')))
    throw new ConfigError({
      where: `${where}.shape`,
      expected: `a shape of ${columns.length} numbers, one from each column`,
      found: formatShape(shape ?? []),
    });
  return { shape: shape ?? [columns.length], size, width };
}

/** Writes the numbers of each row, one row after the other: NaN where they are missing, or the row has a fault. */
export function readNumbers<Target extends Float32Array | Float64Array>(
  columns: readonly RawColumn[],
  rows: number,
  { size, width }: NumberLayout,
  names: readonly string[],
  faults: Faults,
  target: Target,
): Target {
  columns.forEach((column, place) => {
    const at = place * width;
    if (column.kind === 'number' && width === 1) {
      const values = plainNumbers(column.values);
      for (let row = 0, to = at; row < rows; row++, to += size)
        target[to] = column.valid[row] ? (values[row] as number) : Number.NaN;
    } else {
      const name = names[place] as string;
      copyLists(numberLists(column, rows, name, faults), rows, { size, width, at }, name, faults, target);
    }
  });
  return target;
}

function copyLists(
  { starts, values, valid }: NumberLists,
  rows: number,
  { size, width, at }: { size: number; width: number; at: number },
  name: string,
  faults: Faults,
  target: Float32Array | Float64Array,
): void {
  for (let row = 0, to = at; row < rows; row++, to += size) {
    const start = starts[row] as number;
    const length = (starts[row + 1] as number) - start;
    if (valid[row] && length === width) for (let i = 0; i < width; i++) target[to + i] = values[start + i] as number;
    else {
      if (valid[row]) faults.add(row, name, 'badLength', `${width} numbers`, `${length}`);
      target.fill(Number.NaN, to, to + width);
    }
  }
}

/** Fills in what is missing, or finds fault with it, and with what is not finite. Afterwards every number is finite. */
export function settle(
  target: Float32Array | Float64Array,
  { size, width }: NumberLayout,
  missing: ArrayLike<number> | undefined,
  names: readonly string[],
  faults: Faults,
): void {
  for (let at = 0; at < target.length; at++) {
    const value = target[at] as number;
    if (value - value === 0) continue;
    const [row, place] = [Math.floor(at / size), at % size];
    const column = names[Math.floor(place / width)] as string;
    if (Number.isNaN(value) && missing !== undefined) {
      target[at] = missing[place] as number;
      continue;
    }
    target[at] = 0;
    if (Number.isNaN(value))
      faults.missing(row, column, 'a number', width > 1 ? 'null or NaN in a list' : 'null or NaN');
    else faults.add(row, column, 'notFinite', 'a finite number', `${value}`);
  }
}

/** The same number for every place of a sample, or none. */
export function everywhere(value: number | undefined, size: number): Float64Array | undefined {
  return value === undefined ? undefined : new Float64Array(size).fill(value);
}
