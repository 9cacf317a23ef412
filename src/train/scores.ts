import type { TypedArray } from '../core/dtype.ts';
import type { HeadMean } from '../core/head-means.ts';
import type { MetricValues } from '../core/train-event.ts';
import type { Metric } from '../metric/index.ts';
import { metricsOf, widthsOf } from '../model/metrics.ts';
import type { HeadLabels } from '../step/batch.ts';
import type { TrainedHead } from '../step/head-group.ts';
import { gather } from './dataset.ts';

/** What one head's predictions are worth, over the rows with a label. */
export interface HeadScores {
  /** Sum of the labelled rows' losses, weighted, by labels, as `fit` has it; null when there were none. */
  readonly loss: number | null;
  readonly labels: number;
  readonly metrics: MetricValues;
}

/** Adds up one head's losses and metrics. */
export class HeadScorer {
  readonly #size: number;
  readonly #labelSize: number;
  readonly #metrics: readonly (readonly [string, Metric])[];
  #loss = 0;
  #labels = 0;

  /** @throws ConfigError when a metric does not go with the head */
  constructor(head: TrainedHead) {
    const { width, labelWidth } = widthsOf(head);
    this.#size = width;
    this.#labelSize = labelWidth;
    this.#metrics = metricsOf(head);
  }

  /**
   * @param points best guesses of all rows
   * @param losses weighted loss of each row, when it is known
   */
  add({ values, present, weight }: HeadLabels, points: TypedArray, losses?: TypedArray): void {
    const rows = Int32Array.from([...present.keys()].filter((row) => present[row] === 1));
    if (rows.length === 0) return;
    this.#labels += rows.length;
    for (const row of rows) this.#loss += Number(losses?.[row] ?? 0);
    const prediction = gather(points, rows, this.#size, 'float32') as Float32Array;
    const label = gather(values, rows, this.#labelSize, values instanceof Int32Array ? 'int32' : 'float32');
    for (const [, metric] of this.#metrics)
      metric.add({
        rows: rows.length,
        prediction,
        label: label as Float32Array,
        ...(weight ? { weight: Float32Array.from(rows, (row) => weight[row] as number) } : {}),
      });
  }

  /** So far; undefined without a label. */
  get loss(): HeadMean | undefined {
    return this.#labels > 0 ? { loss: this.#loss / this.#labels, labels: this.#labels } : undefined;
  }

  scores(): HeadScores {
    return {
      loss: this.loss?.loss ?? null,
      labels: this.#labels,
      metrics: Object.fromEntries(this.#metrics.map(([name, metric]) => [name, metric.value() ?? null])),
    };
  }
}
