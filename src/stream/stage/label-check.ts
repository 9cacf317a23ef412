import { type Issue, ShapeError } from '../../core/error.ts';
import { sizeOf } from '../../core/shape.ts';
import { faultOfLabel, type LabelSpec } from '../../loss/index.ts';
import type { ModelSpec } from '../../model/index.ts';
import { type TrainedHead, trainedHeads } from '../../step/head-group.ts';
import type { StreamBatch } from '../item.ts';

/**
 * What labels of each head are: `source.withLabels(labelsOf(spec))` rejects samples whose labels are something else, one
 * by one.
 */
export function labelsOf(spec: ModelSpec): ReadonlyMap<string, LabelSpec> {
  return new Map(trainedHeads(spec).map(({ name, label }) => [name, label]));
}

/**
 * Looks at all labels of a batch, so that what is none is not trained on.
 * @throws ShapeError with the first of each head that is none
 */
export function checkLabels(heads: ReadonlyMap<string, TrainedHead>, batch: StreamBatch): void {
  const issues = Object.keys(batch.labels).flatMap((name) => {
    const head = heads.get(name);
    return head ? issuesOf(head, batch) : [];
  });
  if (issues.length > 0) throw new ShapeError(issues);
}

function issuesOf({ name, label }: TrainedHead, { labels, rows, ids }: StreamBatch): readonly Issue[] {
  const { values, present, bound } = labels[name] as StreamBatch['labels'][string];
  const size = sizeOf(label.shape);
  // What does not have the length of its rows is refused with the batch.
  if (values.length !== rows * size || present.length !== rows) return [];
  for (let row = 0; row < rows; row++) {
    if (!present[row] || (size === 1 && !label.bound && isPlain(values[row] as number, label))) continue;
    const [start, end] = [row * size, (row + 1) * size];
    const fault = faultOfLabel(label, (values as Float32Array).subarray(start, end), bound?.subarray(start, end));
    if (!fault) continue;
    const id = ids?.[row];
    const where = `head "${name}", ${id === undefined ? `row ${row} of a batch` : `sample '${id}'`}`;
    return [{ where, ...fault, hint: 'source.withLabels(labelsOf(spec)) rejects such samples, and goes on' }];
  }
  return [];
}

/** Whether a number is surely a label, without looking closer. */
function isPlain(value: number, { values }: LabelSpec): boolean {
  if (values.kind === 'class') return value >= 0 && value < values.count && Number.isInteger(value);
  if (values.kind === 'distribution') return false;
  return value >= (values.least ?? -Number.MAX_VALUE) && value <= (values.most ?? Number.MAX_VALUE);
}
