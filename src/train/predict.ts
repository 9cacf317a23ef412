import { allocateArray, type TypedArray } from '../core/dtype.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import type { StepRunner } from '../step/runner.ts';
import type { Dataset, Inputs } from './dataset.ts';
import { gather } from './dataset.ts';
import { HeadScorer, type HeadScores } from './scores.ts';

/** By the names of outputs. */
export type Named<T> = Readonly<Record<string, T>>;

/** What an output predicts for some rows. */
export interface Prediction {
  /** Row after row. */
  readonly values: TypedArray;
  /** `[rows, …]` */
  readonly shape: Shape;
}

/** Rows that are computed at once when nothing is trained. */
const inferenceRows = 256;

/** Numbers of the rows, in pieces that are computed at once. */
function* pieces(rows: number): Generator<Int32Array> {
  for (let start = 0; start < rows; start += inferenceRows)
    yield Int32Array.from({ length: Math.min(inferenceRows, rows - start) }, (_, at) => start + at);
}

/** What every output predicts, by name. */
export async function predictions(
  runner: StepRunner,
  { rows, inputs }: Inputs,
): Promise<Readonly<Record<string, Prediction>>> {
  const found = new Map<string, TypedArray>();
  for (const piece of pieces(rows)) {
    const part = runner.spec.inputs.map(({ name, dtype }) => {
      const values = inputs[name] as TypedArray;
      return [name, gather(values, piece, values.length / rows, dtype)] as const;
    });
    for (const [name, values] of Object.entries(await runner.predict(piece.length, Object.fromEntries(part)))) {
      const size = values.length / piece.length;
      const all = found.get(name) ?? allocateArray('float32', rows * size);
      (all as Float32Array).set(values as Float32Array, (piece[0] as number) * size);
      found.set(name, all);
    }
  }
  return Object.fromEntries(
    [...found].map(([name, values]) => [
      name,
      { values, shape: [rows, ...shapeOf(runner, name, values.length / rows)] },
    ]),
  );
}

/** Of one sample's prediction: the output's, unless the loss predicts another number of values. */
function shapeOf({ spec }: StepRunner, name: string, size: number): Shape {
  const shape = spec.heads.find((head) => head.name === name)?.shape ?? [];
  return sizeOf(shape) === size ? shape : [size];
}

/** Losses and metrics of every head that is not there for training only. */
export async function evaluation(runner: StepRunner, data: Dataset): Promise<Readonly<Record<string, HeadScores>>> {
  const heads = runner.program.heads.filter(({ trainingOnly }) => !trainingOnly);
  const scorers = heads.map((head) => [head.name, new HeadScorer(head)] as const);
  for (const piece of pieces(data.rows)) {
    const batch = data.batch(piece);
    const found = await runner.evaluate(batch);
    for (const [name, scorer] of scorers) {
      const labels = batch.labels[name];
      if (labels) scorer.add(labels, found[`point/${name}`] as TypedArray, found[`loss/${name}`]);
    }
  }
  return Object.fromEntries(scorers.map(([name, scorer]) => [name, scorer.scores()]));
}
