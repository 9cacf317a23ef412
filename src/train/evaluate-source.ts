import type { TypedArray } from '../core/dtype.ts';
import type { HeadMean } from '../core/head-means.ts';
import type { Source } from '../source/source.ts';
import type { StepRunner } from '../step/runner.ts';
import { HeadScorer, type HeadScores } from './scores.ts';
import { batchesOf } from './source-batches.ts';

export interface SourceEvaluation {
  readonly rows: number;
  /** Records that could not be samples, and labels that could not be ones. */
  readonly rejected: number;
  readonly heads: Readonly<Record<string, HeadScores>>;
}

/** Rows that are computed at once when nothing is trained. */
export const inferenceRows = 256;

export interface EvaluateSourceOptions {
  readonly signal: AbortSignal;
  /** Rows that are computed at once. */
  readonly batchRows?: number;
  /** Told after every batch how many rows that were so far, and of whom to ask what heads' losses are. */
  readonly onRows?: (rows: number, losses: () => Readonly<Record<string, HeadMean>>) => void;
}

/** Losses and metrics of every head that is not there for training only, over all of a source. */
export async function evaluateSource(
  runner: StepRunner,
  source: Source,
  { signal, batchRows = inferenceRows, onRows }: EvaluateSourceOptions,
): Promise<SourceEvaluation> {
  const heads = runner.program.heads.filter(({ trainingOnly }) => !trainingOnly);
  const scorers = heads.map((head) => [head.name, new HeadScorer(head)] as const);
  const losses = (): Readonly<Record<string, HeadMean>> =>
    Object.fromEntries(scorers.flatMap(([name, { loss }]) => (loss ? [[name, loss]] : [])));
  let [rows, rejected] = [0, 0];
  const onRejected = (list: readonly unknown[]): void => {
    rejected += list.length;
  };
  for await (const chunk of batchesOf(source, { rows: batchRows, signal, onRejected })) {
    rows += chunk.rows;
    const found = await runner.evaluate(chunk);
    for (const [name, scorer] of scorers) {
      const labels = chunk.labels[name];
      if (labels) scorer.add(labels, found[`point/${name}`] as TypedArray, found[`loss/${name}`]);
    }
    onRows?.(rows, losses);
  }
  return { rows, rejected, heads: Object.fromEntries(scorers.map(([name, scorer]) => [name, scorer.scores()])) };
}
