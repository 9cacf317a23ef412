import type { LabelColumn } from '../core/chunk.ts';
import type { TypedArray } from '../core/dtype.ts';
import { type Issue, ShapeError } from '../core/error.ts';
import { sizeOf } from '../core/shape.ts';
import { didYouMean } from '../core/suggest.ts';
import type { Head, ModelSpec } from '../model/spec.ts';
import type { TrainedHead } from './head-group.ts';

/** What is known of one head in a batch. */
export type HeadLabels = LabelColumn;

/** The rows of one gradient step, or of one evaluation. */
export interface Batch {
  readonly rows: number;
  /** By input: rows × size of a sample, row-major. */
  readonly inputs: Readonly<Record<string, TypedArray>>;
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
  const issues: Issue[] = [];
  const length = (where: string, array: ArrayLike<unknown> | undefined, expected: number): void => {
    if (array && array.length !== expected)
      issues.push({ where, expected: `${expected} numbers for ${batch.rows} rows`, found: `${array.length}` });
  };
  for (const { name, shape } of spec.inputs) {
    const given = batch.inputs[name];
    if (given) length(`input '${name}'`, given, batch.rows * sizeOf(shape));
    else issues.push({ where: `input '${name}'`, expected: 'an array', found: 'nothing' });
  }
  for (const [name, labels] of Object.entries(batch.labels)) {
    const head = trained.get(name);
    if (!head) issues.push(unknownHead(name, spec.heads));
    else issues.push(...issuesOfLabels(head, labels, batch.rows));
  }
  length('row keys', batch.keys, batch.rows);
  if (issues.length > 0) throw new ShapeError(issues);
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

function issuesOfLabels({ name, label }: TrainedHead, labels: HeadLabels, rows: number): readonly Issue[] {
  const size = rows * sizeOf(label.shape);
  const expected: readonly [string, ArrayLike<unknown> | undefined, number][] = [
    ['labels', labels.values, size],
    ['presence', labels.present, rows],
    ['weights', labels.weight, rows],
    ['bounds', labels.bound, size],
  ];
  const issues: Issue[] = expected
    .filter(([, array, count]) => array && array.length !== count)
    .map(([what, array, count]) => ({
      where: `head "${name}"`,
      expected: `${count} ${what} for ${rows} rows`,
      found: `${array?.length}`,
    }));
  if (label.bound && !labels.bound)
    issues.push({ where: `head "${name}"`, expected: 'a bound for each label', found: 'none' });
  return issues;
}
