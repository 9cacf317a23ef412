import type { LabelColumn } from '../core/chunk.ts';
import { type Column, longestRow, rowSize } from '../core/column.ts';
import type { TypedArray } from '../core/dtype.ts';
import { type Issue, ShapeError } from '../core/error.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { didYouMean } from '../core/suggest.ts';
import { misfitOfBounds } from '../loss/index.ts';
import type { Head, ModelInput, ModelSpec } from '../model/spec.ts';
import type { TrainedHead } from './head-group.ts';
import { issueOfIds } from './ids.ts';

/** What is known of one head in a batch. */
export type HeadLabels = LabelColumn;

/** The rows of one gradient step, or of one evaluation. */
export interface Batch {
  readonly rows: number;
  /** By input: rows × size of a sample, row-major, or a column, which is written out where the step is computed. */
  readonly inputs: Readonly<Record<string, TypedArray | Column>>;
  /** By head. A head that is not named has no label in this batch. */
  readonly labels: Readonly<Record<string, HeadLabels>>;
  /** rows: what random masks follow, by default the row's place. */
  readonly keys?: Int32Array;
}

/** Rows of a batch with a label of each head, by head. Heads without any are not named. */
export function countLabels(labels: Batch['labels']): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [head, { present }] of Object.entries(labels)) {
    let count = 0;
    for (let row = 0; row < present.length; row++) count += present[row] as number;
    if (count > 0) counts.set(head, count);
  }
  return counts;
}

/**
 * Whether a batch fits a model.
 * @throws ShapeError with everything that does not
 */
export function checkBatch(spec: ModelSpec, trained: ReadonlyMap<string, TrainedHead>, batch: Batch): void {
  const { rows, keys, labels } = batch;
  const issues: Issue[] = [];
  for (const input of spec.inputs) {
    const wrong = issuesOfInput(input, batch);
    const ids =
      wrong.length === 0 && issueOfIds(input, batch.inputs[input.name] as TypedArray, inputSize(input, batch));
    issues.push(...wrong, ...(ids ? [ids] : []));
  }
  for (const name of Object.keys(labels)) {
    const head = trained.get(name);
    if (!head) issues.push(unknownHead(name, spec.heads));
    else lookAtLabels(head, labels[name] as HeadLabels, rows, issues);
  }
  if (keys && keys.length !== rows)
    issues.push({ where: 'row keys', expected: `${rows} numbers for ${rows} rows`, found: `${keys.length}` });
  if (issues.length > 0) throw new ShapeError(issues);
}

const isColumn = (given: TypedArray | Column): given is Column => 'kind' in given;

/** Numbers of a row of an input in this batch: what is known of its shape, or as many as the batch has. */
export function inputSize({ name, shape }: ModelInput, { rows, inputs }: Pick<Batch, 'rows' | 'inputs'>): number {
  if (shape.every((size) => size >= 0)) return sizeOf(shape);
  const given = inputs[name] as TypedArray | Column;
  return isColumn(given) ? rowSize(given) : given.length / rows;
}

/** The shape of a row of an input in this batch. */
export function inputShape(input: ModelInput, batch: Pick<Batch, 'rows' | 'inputs'>): readonly number[] {
  const known = sizeOf(input.shape.filter((size) => size >= 0));
  return input.shape.map((size) => (size >= 0 ? size : inputSize(input, batch) / known));
}

function issuesOfInput(input: ModelInput, batch: Batch): readonly Issue[] {
  const { name, shape } = input;
  const given = batch.inputs[name];
  const where = `input '${name}'`;
  if (!given) return [{ where, expected: 'an array', found: 'nothing' }];
  const size = inputSize(input, batch);
  const fixed = shape.every((axis) => axis >= 0);
  if (!fixed && !inputShape(input, batch).every((axis) => Number.isInteger(axis) && axis > 0))
    return [{ where, expected: `rows of shape ${formatShape(shape).replaceAll('-1', '?')}`, found: `${size} numbers` }];
  const wrong = (expected: number | string, found: number | string): readonly Issue[] =>
    expected === found ? [] : [{ where, expected: `${expected} numbers for ${batch.rows} rows`, found: `${found}` }];
  if (!isColumn(given)) return wrong(batch.rows * size, given.length);
  if (given.kind === 'dense') return wrong(batch.rows * size, given.values.length);
  const rows = given.starts.length - 1;
  if (rows !== batch.rows) return [{ where, expected: `${batch.rows} rows`, found: `${rows}` }];
  if (given.kind === 'multiHot') return wrong(batch.rows * size, batch.rows * given.size);
  const longest = longestRow(given);
  return longest <= size ? [] : [{ where, expected: `at most ${size} numbers in a row`, found: `${longest}` }];
}

function unknownHead(name: string, heads: readonly Head[]): Issue {
  const known = heads.filter(({ objective }) => objective).map((head) => head.name);
  const untrained = heads.some((head) => head.name === name);
  return {
    where: `labels of '${name}'`,
    expected: untrained ? 'a head with a loss' : `a head of the model: ${known.join(', ')}`,
    found: untrained ? 'an output that is predicted and not trained' : `'${name}'`,
    ...didYouMean(name, known),
  };
}

/** Adds what is wrong with one head's labels. */
function lookAtLabels({ name, label }: TrainedHead, labels: HeadLabels, rows: number, issues: Issue[]): void {
  const { values, present, weight, bound } = labels;
  const size = rows * sizeOf(label.shape);
  const where = (): string => `head "${name}"`;
  const count = (what: string, array: ArrayLike<unknown> | undefined, expected: number): void => {
    if (!array || array.length === expected) return;
    issues.push({ where: where(), expected: `${expected} ${what} for ${rows} rows`, found: `${array.length}` });
  };
  count('labels', values, size);
  count('presence', present, rows);
  count('weights', weight, rows);
  count('bounds', bound, size);
  const misfit = misfitOfBounds(label, bound !== undefined);
  if (misfit) issues.push({ where: where(), ...misfit });
}
