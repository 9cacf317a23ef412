import type { TypedArray } from '../core/dtype.ts';
import type { MetricValues } from '../core/train-event.ts';
import type { Metric } from '../metric/index.ts';
import { metricsOf, widthsOf } from '../model/metrics.ts';
import type { HeadLabels } from './batch.ts';
import type { TrainedHead } from './head-group.ts';

/** What a head's predictions were worth, each made before the head was trained on that row. */
export interface PrequentialScores {
  /** Labels that are scored: the last ones, as many as the window holds. */
  readonly labels: number;
  readonly metrics: MetricValues;
}

/** Best guesses of a group's heads for all rows of a batch, and where one head's stand: see `ModelProgram.guessesIn`. */
export interface Guesses {
  readonly values: TypedArray;
  readonly column: number;
  readonly columns: number;
}

/**
 * The last labelled rows of one head, with what was predicted for each. Rows are only copied while training; metrics are
 * computed over all that are held when somebody asks. Memory is bounded: a window of rows, made with the first label.
 */
export class ScoredWindow {
  readonly #size: number;
  readonly #width: number;
  readonly #labelWidth: number;
  readonly #metrics: readonly (readonly [string, Metric])[];
  /** Of each row its prediction, its label and its weight. */
  #rows = new Float32Array(0);
  /** Rows that ever came, those that were forgotten included. */
  #count = 0;

  /** @throws ConfigError when a metric does not go with the head */
  constructor(head: TrainedHead) {
    const { width, labelWidth } = widthsOf(head);
    this.#size = head.objective.prequential;
    this.#width = width;
    this.#labelWidth = labelWidth;
    this.#metrics = metricsOf(head);
  }

  add({ values: labels, present, weight }: HeadLabels, { values: guesses, column, columns }: Guesses): void {
    const [width, labelWidth] = [this.#width, this.#labelWidth];
    for (let row = 0; row < present.length; row++) {
      if (present[row] !== 1) continue;
      let place = this.#nextPlace();
      const guess = (row * columns + column) * width;
      for (let at = 0; at < width; at++) this.#rows[place++] = guesses[guess + at] as number;
      for (let at = 0; at < labelWidth; at++) this.#rows[place++] = labels[row * labelWidth + at] as number;
      this.#rows[place] = weight?.[row] ?? 1;
    }
  }

  scores(): PrequentialScores {
    const [stride, rows] = [this.#stride, Math.min(this.#count, this.#size)];
    const held = this.read();
    const part = (first: number, width: number): Float32Array => {
      const values = new Float32Array(rows * width);
      for (let row = 0; row < rows; row++)
        for (let at = 0; at < width; at++) values[row * width + at] = held[row * stride + first + at] as number;
      return values;
    };
    const labelled = {
      rows,
      prediction: part(0, this.#width),
      label: part(this.#width, this.#labelWidth),
      weight: part(stride - 1, 1),
    };
    const metrics = this.#metrics.map(([name, metric]) => {
      metric.reset();
      metric.add(labelled);
      return [name, metric.value() ?? null] as const;
    });
    return { labels: rows, metrics: Object.fromEntries(metrics) };
  }

  /** A copy of the rows that are held, the oldest first: `[rows · (prediction + label + 1)]`. */
  read(): Float32Array {
    const stride = this.#stride;
    if (this.#count <= this.#size) return this.#rows.slice(0, this.#count * stride);
    const oldest = (this.#count % this.#size) * stride;
    const rows = new Float32Array(this.#rows.length);
    rows.set(this.#rows.subarray(oldest));
    rows.set(this.#rows.subarray(0, oldest), rows.length - oldest);
    return rows;
  }

  /** Goes on from rows that were read, with the newest that fit; with none, when they are of a head of another width. */
  restore(rows: TypedArray): void {
    const stride = this.#stride;
    this.clear();
    if (rows.length % stride !== 0) return;
    for (let at = Math.max(0, rows.length - this.#size * stride); at < rows.length; at += stride) {
      const place = this.#nextPlace();
      this.#rows.set((rows as Float32Array).subarray(at, at + stride), place);
    }
  }

  clear(): void {
    this.#count = 0;
  }

  get #stride(): number {
    return this.#width + this.#labelWidth + 1;
  }

  /** Where the next row goes: in place of the oldest, when there is no room. */
  #nextPlace(): number {
    const stride = this.#stride;
    if (this.#rows.length === 0) this.#rows = new Float32Array(this.#size * stride);
    return (this.#count++ % this.#size) * stride;
  }
}
