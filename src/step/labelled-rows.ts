import { type Column, gatherColumn, gatherValues, type Runs } from '../core/column.ts';
import type { TypedArray } from '../core/dtype.ts';
import { markLabelled } from '../core/labelled.ts';
import type { Batch, HeadLabels } from './batch.ts';

/** The rows of a batch with a label, and their numbers where some have none. */
export interface LabelledRows {
  readonly batch: Batch;
  readonly took?: Int32Array;
}

/**
 * The rows of a batch that have a label of any head: the others teach nothing, and would still count in denominators by
 * the batch and in the statistics of batch normalisation. Random masks follow the rows that stay.
 * @param given fits the model, and has a label
 */
export function labelledRows(given: Batch): LabelledRows {
  const { rows, inputs, labels, keys } = given;
  const marks = new Uint8Array(rows);
  if (markLabelled(marks, labels, Object.keys(labels)) === 0) return { batch: given };
  const took = Int32Array.from([...marks.keys()].filter((row) => marks[row] === 1));
  const runs: Runs = { rows: took.length, of: new Int32Array(took.length), first: took, count: took.map(() => 1) };
  const pick = <Values extends TypedArray>(values: Values): Values =>
    gatherValues([values], values.length / rows, runs);
  const pickInput = (input: TypedArray | Column): TypedArray | Column =>
    'kind' in input ? gatherColumn([input], runs) : pick(input);
  const pickLabels = ({ values, present, weight, bound }: HeadLabels): HeadLabels => ({
    values: pick(values),
    present: pick(present),
    ...(weight ? { weight: pick(weight) } : {}),
    ...(bound ? { bound: pick(bound) } : {}),
  });
  const batch: Batch = {
    rows: took.length,
    inputs: mapValues(inputs, pickInput),
    labels: mapValues(labels, pickLabels),
    keys: keys ? pick(keys) : took,
  };
  return { batch, took };
}

function mapValues<In, Out>(record: Readonly<Record<string, In>>, map: (value: In) => Out): Record<string, Out> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
