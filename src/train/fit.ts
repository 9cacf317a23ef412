import { z } from 'zod';
import { parseConfig } from '../core/config.ts';
import type { Batch } from '../step/batch.ts';
import { countLabels } from '../step/batch.ts';
import type { SkippedStep, StepReport } from '../step/report.ts';
import type { StepRunner } from '../step/runner.ts';
import { hashText, mix } from '../trace/hash.ts';
import { type Dataset, type DatasetOptions, datasetFields } from './dataset.ts';

export interface FitOptions extends DatasetOptions {
  /** Rows of a step; the last one of an epoch may have fewer. */
  readonly batchRows?: number;
  readonly epochs?: number;
  /** Whether the rows are put in another order for each epoch. */
  readonly shuffle?: boolean;
  /** Seed of the order. */
  readonly seed?: number;
  /** Whether each step trains one head only, the heads taking turns. */
  readonly alternate?: boolean;
  /** Told after every step and epoch. What it throws ends the training. */
  readonly onStep?: (report: StepReport | SkippedStep) => void;
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
  /** Of each head that was trained: the mean loss by labels, and how many there were. */
  readonly heads: Readonly<Record<string, { readonly loss: number; readonly labels: number }>>;
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

/** The same batch with the labels of one of its heads only: the `turn`-th, counting round. */
function oneHead(batch: Batch, turn: number): Batch {
  const present = [...countLabels(batch.labels).keys()];
  const head = present[turn % present.length];
  return head === undefined ? batch : { ...batch, labels: { [head]: batch.labels[head] as Batch['labels'][string] } };
}

const schema = z.strictObject({
  ...datasetFields,
  batchRows: z.number().int().positive().default(32),
  epochs: z.number().int().positive().default(1),
  shuffle: z.boolean().default(true),
  seed: z.number().default(0),
  alternate: z.boolean().default(false),
  onStep: z.unknown().optional(),
  onEpoch: z.unknown().optional(),
});

/**
 * Options of `fit`, defaults filled in.
 * @throws ConfigError with everything that is wrong with them
 */
export const checkFit = (options: FitOptions) => parseConfig(schema, options, 'fit');

/** Trains for some epochs. While a step is computed, the next batch is written. */
export async function epochs(runner: StepRunner, data: Dataset, options: FitOptions): Promise<readonly Epoch[]> {
  const { batchRows, epochs: count, shuffle, seed, alternate } = checkFit(options);
  const columns = Object.values(data.labels);
  const labelled = Array.from({ length: data.rows }, (_, row) => row).filter((row) =>
    columns.some(({ present }) => present[row] === 1),
  );
  const history: Epoch[] = [];
  for (let epoch = 1; epoch <= count; epoch++) {
    const order = ordered(labelled, shuffle, seed, epoch);
    const sums = new Map<string, { loss: number; labels: number }>();
    let [steps, skipped] = [0, 0];
    const settle = (report: StepReport | SkippedStep): void => {
      options.onStep?.(report);
      if ('skipped' in report) {
        skipped++;
        return;
      }
      steps++;
      for (const [head, { loss, labels }] of Object.entries(report.heads)) {
        const sum = sums.get(head) ?? { loss: 0, labels: 0 };
        sums.set(head, { loss: sum.loss + loss * labels, labels: sum.labels + labels });
      }
    };
    let last: Promise<StepReport | SkippedStep> | undefined;
    for (let start = 0; start < order.length; start += batchRows) {
      const batch = data.batch(order.subarray(start, start + batchRows));
      const next = runner.take(alternate ? oneHead(batch, start / batchRows) : batch);
      // Whoever awaits it next sees a failure; until then it must not count as unhandled.
      next.catch(() => {});
      if (last) settle(await last);
      last = next;
    }
    if (last) settle(await last);
    const heads = Object.fromEntries(
      [...sums].map(([head, { loss, labels }]) => [head, { loss: loss / labels, labels }]),
    );
    const done = { epoch, steps, skipped, dropped: data.rows - labelled.length, heads };
    history.push(done);
    options.onEpoch?.(done);
  }
  return history;
}
