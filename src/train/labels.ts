import { allocateArray, type TypedArray } from '../core/dtype.ts';
import type { Issue } from '../core/error.ts';
import { formatValue } from '../core/format.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { faultOfLabel } from '../loss/index.ts';
import type { HeadLabels } from '../step/batch.ts';
import type { TrainedHead } from '../step/head-group.ts';
import { flatten, formatRows, isFlat, isTensor, type Nested, type Rows } from './rows.ts';

/** A head's labels with a validity mask beside them, or with bounds for censored losses. */
export interface MaskedLabels {
  readonly values: Rows | readonly (Nested | null)[];
  /** One for each row: whether it has a label. By default every row whose value is not null. */
  readonly valid?: ArrayLike<number | boolean>;
  /** One for each number: -1 ('<'), 0 ('=') or 1 ('>'). */
  readonly bounds?: ArrayLike<number>;
}

/**
 * What is known of one head: null when nothing is. Of a list, each entry is a row's label, or null where the row has
 * none.
 */
export type LabelsOf = Rows | readonly (Nested | null)[] | MaskedLabels | null | undefined;

export interface LabelOptions {
  /** Whether a label of NaN says that there is none. By default it is an error. */
  readonly missing?: 'null' | 'nan';
}

/** Faults are listed up to so many for each head. */
const listedFaults = 5;

interface Read {
  readonly values: ArrayLike<number>;
  readonly present: Uint8Array;
}

function readList(list: readonly (Nested | null)[], size: number): Read | string {
  const values = new Float64Array(list.length * size);
  const present = new Uint8Array(list.length);
  for (let row = 0; row < list.length; row++) {
    const label = list[row];
    if (label === null || label === undefined) continue;
    const flat = flatten(label);
    if (flat?.values.length !== size) return `${formatValue(label)} in row ${row}`;
    values.set(flat.values, row * size);
    present[row] = 1;
  }
  return { values, present };
}

function read(given: Rows | readonly (Nested | null)[], size: number): Read | string {
  if (!isTensor(given) && !isFlat(given))
    return Array.isArray(given) || ArrayBuffer.isView(given)
      ? readList(Array.from(given as readonly (Nested | null)[]), size)
      : formatValue(given);
  const values = (isTensor(given) ? given.dataSync() : given.values) as ArrayLike<number>;
  const [rows = 0, ...rest] = given.shape;
  if (sizeOf(rest) !== size) return `labels ${formatShape(given.shape)}`;
  return { values, present: new Uint8Array(rows).fill(1) };
}

/**
 * One head's labels as columns.
 * @returns undefined when no row has a label; otherwise labels, or everything that is wrong with them
 */
export function labelsOf(
  head: TrainedHead,
  given: LabelsOf,
  rows: number,
  { missing = 'null' }: LabelOptions = {},
): HeadLabels | readonly Issue[] | undefined {
  if (given === null || given === undefined) return undefined;
  const where = `head "${head.name}"`;
  const { shape, dtype, bound } = head.label;
  const size = sizeOf(shape);
  const masked = isMasked(given) ? given : { values: given };
  const found = read(masked.values, size);
  const expected = `labels ${formatRows(shape)}`;
  if (typeof found === 'string') return [{ where, expected, found }];
  const { values, present } = found;
  if (present.length !== rows)
    return [{ where, expected: `a label or null for each of ${rows} rows`, found: `${present.length}` }];
  for (const [name, list, count] of [
    ['valid', masked.valid, rows],
    ['bounds', masked.bounds, rows * size],
  ] as const)
    if (list && list.length !== count)
      return [{ where: `${where}, ${name}`, expected: `${count}`, found: `${list.length}` }];
  if (bound && !masked.bounds)
    return [
      {
        where,
        expected: 'bounds beside the values',
        found: 'none',
        hint: "{ values, bounds }, 0 where the label is '='",
      },
    ];
  const issues: Issue[] = [];
  const labels = allocateArray(dtype, rows * size) as Float32Array;
  for (let row = 0; row < rows; row++) {
    if (masked.valid && !masked.valid[row]) present[row] = 0;
    if (!present[row]) continue;
    const label = Array.from({ length: size }, (_, at) => values[row * size + at] as number);
    if (missing === 'nan' && label.every(Number.isNaN)) {
      present[row] = 0;
      continue;
    }
    const bounds = masked.bounds && Array.from({ length: size }, (_, at) => masked.bounds?.[row * size + at] as number);
    const fault = faultOfLabel(head.label, label, bounds);
    if (fault && issues.length < listedFaults)
      issues.push({ where: `${where}, row ${row}`, ...fault, ...hintOf(label) });
    labels.set(label, row * size);
  }
  if (issues.length > 0) return issues;
  if (!present.includes(1)) return undefined;
  return { values: labels as TypedArray, present, ...(bound ? { bound: Float32Array.from(masked.bounds ?? []) } : {}) };
}

function hintOf(label: readonly number[]): { hint?: string } {
  if (!label.some(Number.isNaN)) return {};
  return label.every(Number.isNaN)
    ? { hint: "say missing: 'nan' when NaN means that there is no label, or give null" }
    : { hint: 'a label is there as a whole or not at all: make each number a head of its own' };
}

function isMasked(given: NonNullable<LabelsOf>): given is MaskedLabels {
  if (typeof given !== 'object' || Array.isArray(given) || ArrayBuffer.isView(given) || isTensor(given)) return false;
  return 'values' in given && !('shape' in given);
}
