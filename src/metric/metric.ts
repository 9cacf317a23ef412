import { ConfigError } from '../core/error.ts';
import type { Prediction } from '../core/prediction.ts';

/** Rows of one head that have a label: what was predicted, and the truth. */
export interface LabelledRows {
  readonly rows: number;
  /** rows × width, row-major: the loss's best guesses. */
  readonly prediction: Float32Array;
  /** rows × label width. */
  readonly label: Float32Array | Int32Array;
  /** rows: how much each counts; 1 where left out. */
  readonly weight?: Float32Array;
}

/** The head a metric is for. */
export interface MetricContext {
  readonly prediction: Prediction;
  /** Numbers of one prediction, and of one label. */
  readonly width: number;
  readonly labelWidth: number;
  /** For errors: `head "digit"`. */
  readonly where: string;
}

/** What a metric has counted: plain data, for checkpoints. */
export type MetricState = Readonly<Record<string, number | readonly number[]>>;

/** A number that says how good predictions are, over labelled rows only, in bounded memory. */
export interface Metric {
  readonly type: string;
  readonly better: 'higher' | 'lower';
  add(rows: LabelledRows): void;
  /** undefined where it has no meaning: no label yet, one class only, a prediction that is not finite. */
  value(): number | undefined;
  state(): MetricState;
  restore(state: MetricState): void;
}

/** What counts the rows of one metric. */
export interface Counter {
  /** @param at number of the row in `rows` */
  add(rows: LabelledRows, at: number, weight: number): void;
  value(): number | undefined;
  state(): MetricState;
  restore(state: MetricState): void;
}

/**
 * A metric from what counts its rows. Rows whose prediction is not finite are not given to the counter: they make the
 * metric undefined, which is what it is with them.
 */
export function metric(type: string, better: Metric['better'], { width }: MetricContext, counter: Counter): Metric {
  let notFinite = 0;
  const allFinite = (prediction: Float32Array, at: number): boolean => {
    for (let index = at * width; index < (at + 1) * width; index++)
      if (!Number.isFinite(prediction[index])) return false;
    return true;
  };
  return {
    type,
    better,
    add(rows) {
      for (let at = 0; at < rows.rows; at++) {
        if (allFinite(rows.prediction, at)) counter.add(rows, at, rows.weight?.[at] ?? 1);
        else notFinite++;
      }
    },
    value: () => (notFinite > 0 ? undefined : counter.value()),
    state: () => ({ ...counter.state(), notFinite }),
    restore(state) {
      notFinite = state.notFinite as number;
      counter.restore(state);
    },
  };
}

/** @throws ConfigError when the head's predictions are of another kind */
export function checkPrediction(
  type: string,
  { prediction, where }: MetricContext,
  kinds: readonly Prediction[],
): void {
  if (kinds.includes(prediction)) return;
  const words: Readonly<Record<Prediction, string>> = {
    value: 'a number',
    probability: 'a probability',
    distribution: 'probabilities of classes',
    score: 'a score',
  };
  throw new ConfigError({
    where: `${where}, ${type}`,
    expected: `a head that predicts ${kinds.map((kind) => words[kind]).join(' or ')}`,
    found: `one that predicts ${words[prediction]}`,
  });
}

/** Sums by name. */
export function sums<Name extends string>(...names: readonly Name[]) {
  const total = Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
  return {
    total,
    state: (): MetricState => ({ ...total }),
    restore: (state: MetricState): void => {
      for (const name of names) total[name] = state[name] as number;
    },
  };
}
