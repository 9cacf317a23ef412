import { ConfigError } from '../core/error.ts';
import type { Prediction } from '../core/prediction.ts';
import { type Head, placeOf } from './head.ts';
import { checkRows } from './row.ts';

/** Rows of one head that have a label: what was predicted, and the truth. */
export interface LabelledRows {
  readonly rows: number;
  /** rows × width, row-major: the loss's best guesses. */
  readonly prediction: Float32Array;
  /** rows × label width. */
  readonly label: Float32Array | Int32Array;
  /** rows: how much each counts; 1 where left out. A row of weight 0 is as good as absent. */
  readonly weight?: Float32Array;
}

/** The head a metric is for. */
export interface MetricContext {
  readonly prediction: Prediction;
  /** Numbers of one row's prediction, and of its label. */
  readonly width: number;
  readonly labelWidth: number;
  /** Of a distribution: classes on the last axis. A row holds width / classes distributions: one, where left out. */
  readonly classes?: number;
  /** For errors: `head "digit"`. */
  readonly where: string;
}

/** What a metric has counted: plain data for checkpoints, exact also as JSON. */
export type MetricState = Readonly<Record<string, number | string | readonly number[]>>;

/** A number that says how good predictions are, over labelled rows only, in bounded memory. */
export interface Metric {
  readonly type: string;
  /**
   * Rows count one after the other: batches don't matter.
   * @throws ShapeError when the arrays are not as long as the rows ask for
   * @throws ConfigError when a label or weight is out of bounds; nothing has been counted then
   */
  add(rows: LabelledRows): void;
  /**
   * undefined where it has no meaning: no label yet, one class only, or a prediction that was not finite since the last
   * reset, because any number would be about other predictions.
   */
  value(): number | undefined;
  /** What was counted so far. */
  state(): MetricState;
  /**
   * Goes on as the metric whose state it was would have, to the bit.
   * @throws ConfigError when it was the state of another metric, of one with other options, or of another head
   */
  restore(state: MetricState): void;
  /** Forgets everything. */
  reset(): void;
}

/** What counts the predictions of one metric. */
export interface Counter {
  /**
   * @param rows checked; the prediction is finite
   * @param at number of the prediction in `rows`: of the row, unless a row holds several distributions
   * @param weight above 0
   */
  add(rows: LabelledRows, at: number, weight: number): void;
  value(): number | undefined;
  state(): MetricState;
  restore(state: MetricState): void;
}

type Options = Readonly<Record<string, string | number | undefined>>;

/**
 * A metric from what counts its predictions.
 * @param options that decide what is counted: a state goes on only under the same
 * @param make a counter that has counted nothing
 */
export function metric(head: Head, options: Options, make: () => Counter): Metric {
  const { type, width, perRow } = head;
  let counter = make();
  let notFinite = 0;
  const allFinite = (prediction: Float32Array, at: number): boolean => {
    for (let index = at * width; index < (at + 1) * width; index++)
      if (!Number.isFinite(prediction[index])) return false;
    return true;
  };
  const chosen = Object.entries(options).map(([name, value = 'left out']) => `${name} ${value}`);
  const state = (): MetricState => ({ ...counter.state(), width, notFinite, options: chosen.join(', ') });
  return {
    type,
    add(rows) {
      checkRows(head, rows);
      for (let at = 0; at < rows.rows * perRow; at++) {
        const weight = rows.weight?.[Math.floor(at / perRow)] ?? 1;
        if (weight === 0) continue;
        if (allFinite(rows.prediction, at)) counter.add(rows, at, weight);
        else notFinite++;
      }
    },
    value: () => (notFinite > 0 ? undefined : counter.value()),
    state,
    restore(saved) {
      checkState(head, state(), saved);
      counter = make();
      counter.restore(saved);
      notFinite = saved.notFinite as number;
    },
    reset() {
      counter = make();
      notFinite = 0;
    },
  };
}

function checkState(head: Head, own: MetricState, saved: MetricState): void {
  const names = (state: MetricState): string => Object.keys(state).sort().join(', ');
  const refuse = (expected: string, found: string, hint: string): never => {
    throw new ConfigError({ where: placeOf(head), expected, found, hint });
  };
  if (names(own) !== names(saved) || own.width !== saved.width)
    refuse(
      `the state of this metric, with a width of ${own.width} and ${names(own)}`,
      `one with a width of ${saved.width ?? 'nothing'} and ${names(saved)}`,
      'metrics of another type, or of a head of another width, start anew',
    );
  if (own.options !== saved.options)
    refuse(
      `a state with the options ${own.options || 'that there are: none'}`,
      `one with ${saved.options || 'none'}`,
      'give the options that it was saved with, or start anew',
    );
}
