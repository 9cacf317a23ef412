import { z } from 'zod';
import { parseConfig } from '../core/config.ts';
import { ShapeError } from '../core/error.ts';
import { type HeadMean, HeadMeans } from '../core/head-means.ts';
import type { SkippedStep, StepReport } from '../step/report.ts';
import type { StepRunner } from '../step/runner.ts';
import type { PrequentialScores } from '../step/scored-window.ts';
import { hashText, mix } from '../trace/hash.ts';
import { Dataset, type DatasetOptions, datasetFields, type Features, type Labels } from './dataset.ts';
import { evaluation } from './predict.ts';
import type { HeadScores } from './scores.ts';

/** Samples that are not trained on, with what is known of them. */
export interface Validation extends DatasetOptions {
  readonly x: Features;
  readonly y: Labels;
}

/** How long and in which order a graph is trained. */
export interface FitOptions extends DatasetOptions {
  /** Rows of a step; the last one of an epoch may have fewer. */
  readonly batchRows?: number;
  /** How often all rows are trained on. 1 when left out. */
  readonly epochs?: number;
  /** Whether the rows are put in another order for each epoch. */
  readonly shuffle?: boolean;
  /** Seed of the order. */
  readonly seed?: number;
  /**
   * Whether each step trains one head only: of those with a label in the batch, the one that was trained least recently,
   * whichever epoch or call that was in.
   */
  readonly alternate?: boolean;
  /** Samples whose losses and metrics are taken after every epoch. */
  readonly validation?: Validation;
  /** Told after every step. What it throws ends the training. */
  readonly onStep?: (report: StepReport | SkippedStep) => void;
  /** Told after every epoch. What it throws ends the training. */
  readonly onEpoch?: (epoch: Epoch) => void;
}

/** What an epoch came to. */
export interface Epoch {
  /** From 1 on. */
  readonly epoch: number;
  readonly steps: number;
  /** Rows without any label: they are left out. */
  readonly dropped: number;
  /** Steps that moved nothing. */
  readonly skipped: number;
  /**
   * Of each head that was trained: the sum of its labelled rows' losses, weighted, by how many there were. Whatever the
   * denominator, this is what `evaluate` says of rows on which the model is the same.
   */
  readonly heads: Readonly<Record<string, HeadMean>>;
  /**
   * Of each head with `prequential`, at the end of the epoch: the metrics of its last labels, each scored before it was
   * trained on. The window goes on from epoch to epoch, and from call to call.
   */
  readonly prequential?: Readonly<Record<string, PrequentialScores>>;
  /** Of each head that is not there for training only: scores over the labelled rows of the validation samples. */
  readonly validation?: Readonly<Record<string, HeadScores>>;
}

/** Numbers of the rows with a label, in an order that follows from seed and epoch. */
function ordered(rows: readonly number[], shuffle: boolean, seed: number, epoch: number): Int32Array {
  const order = Int32Array.from(rows);
  const base = hashText(`order/${seed}/${epoch}`);
  for (let at = order.length - 1; shuffle && at > 0; at--) {
    const other = mix(base ^ mix(at)) % (at + 1);
    [order[at], order[other]] = [order[other] as number, order[at] as number];
  }
  return order;
}

const schema = z.strictObject({
  ...datasetFields,
  batchRows: z.number().int().positive().default(32),
  epochs: z.number().int().positive().default(1),
  shuffle: z.boolean().default(true),
  seed: z.number().default(0),
  alternate: z.boolean().default(false),
  validation: z.strictObject({ x: z.unknown(), y: z.unknown(), ...datasetFields }).optional(),
  onStep: z.unknown().optional(),
  onEpoch: z.unknown().optional(),
});

/**
 * Options of `fit`, defaults filled in.
 * @throws ConfigError with everything that is wrong with them
 */
export const checkFit = (options: FitOptions) => parseConfig(schema, options, 'fit');

/** @throws ShapeError with everything that does not fit the model, said of the validation samples */
function validationData({ spec, program }: StepRunner, { x, y, ...options }: Validation): Dataset {
  try {
    return new Dataset(spec, program.heads, x, y, options);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new ShapeError(error.issues.map((issue) => ({ ...issue, where: `validation, ${issue.where}` })));
  }
}

/** Numbers of the rows with a label. @throws ShapeError when there are none: nothing could be trained */
function labelledRows({ rows, labels }: Dataset): readonly number[] {
  const columns = Object.values(labels);
  const labelled = Array.from({ length: rows }, (_, row) => row).filter((row) =>
    columns.some(({ present }) => present[row] === 1),
  );
  if (labelled.length > 0) return labelled;
  throw new ShapeError({
    where: 'fit',
    expected: 'at least one row with a label of a head that is trained',
    found: rows === 0 ? 'no rows' : `none in ${rows} rows`,
  });
}

/**
 * Trains for some epochs. While a step is computed, the next batch is written.
 * @throws ShapeError when no row has a label, or the validation samples do not fit the model
 */
export async function epochs(runner: StepRunner, data: Dataset, options: FitOptions): Promise<readonly Epoch[]> {
  const { batchRows, epochs: count, shuffle, seed, alternate } = checkFit(options);
  const labelled = labelledRows(data);
  const validation = options.validation && validationData(runner, options.validation);
  const history: Epoch[] = [];
  for (let epoch = 1; epoch <= count; epoch++) {
    const order = ordered(labelled, shuffle, seed, epoch);
    const means = new HeadMeans();
    let [steps, skipped] = [0, 0];
    const settle = (report: StepReport | SkippedStep): void => {
      options.onStep?.(report);
      if ('skipped' in report) {
        skipped++;
        return;
      }
      steps++;
      means.add(report.heads);
    };
    let last: Promise<StepReport | SkippedStep> | undefined;
    for (let start = 0; start < order.length; start += batchRows) {
      const batch = data.batch(order.subarray(start, start + batchRows));
      const next = runner.take(batch, { oneHead: alternate });
      // Whoever awaits it next sees a failure; until then it must not count as unhandled.
      next.catch(() => {});
      if (last) settle(await last);
      last = next;
    }
    if (last) settle(await last);
    const scores = {
      ...(runner.scoresHeads ? { prequential: runner.prequential() } : {}),
      ...(validation ? { validation: await evaluation(runner, validation) } : {}),
    };
    const done = { epoch, steps, skipped, dropped: data.rows - labelled.length, heads: means.all(), ...scores };
    history.push(done);
    options.onEpoch?.(done);
  }
  return history;
}
