import type { LabelledRows, MetricContext } from '../../src/metric/index.ts';
import type { Type } from './sample.ts';

/** A metric by its definition, over all rows at once. */
export type Reference = (context: MetricContext, rows: LabelledRows) => number | undefined;

/** Predicted and true numbers of one column, or of one place, with the weight of their row. */
interface Pair {
  readonly guess: number;
  readonly truth: number;
  readonly weight: number;
}

interface Vector {
  readonly guess: readonly number[];
  readonly truth: number;
  readonly weight: number;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const quotient = (a: number, b: number): number | undefined => (b === 0 ? undefined : a / b);
const isMixed = (values: readonly unknown[]): boolean => new Set(values).size > 1;

function mean(values: readonly (number | undefined)[]): number | undefined {
  const defined = values.filter((value) => value !== undefined);
  return quotient(sum(defined), defined.length);
}

/** Each column's pairs; rows of weight 0 are left out. */
function columnsOf({ width }: MetricContext, rows: LabelledRows): readonly (readonly Pair[])[] {
  return Array.from({ length: width }, (_, column) =>
    Array.from({ length: rows.rows }, (_, row) => ({
      guess: rows.prediction[row * width + column] as number,
      truth: rows.label[row * width + column] as number,
      weight: rows.weight?.[row] ?? 1,
    })).filter(({ weight }) => weight > 0),
  );
}

function vectorsOf({ width, labelWidth, classes = width }: MetricContext, rows: LabelledRows): readonly Vector[] {
  const perRow = width / classes;
  return Array.from({ length: rows.rows * perRow }, (_, at) => {
    const vector = (values: ArrayLike<number>): number[] => Array.from(values).slice(at * classes, (at + 1) * classes);
    const label = vector(rows.label);
    return {
      guess: vector(rows.prediction),
      truth: labelWidth === width ? label.indexOf(Math.max(...label)) : (rows.label[at] as number),
      weight: rows.weight?.[Math.floor(at / perRow)] ?? 1,
    };
  }).filter(({ weight }) => weight > 0);
}

/** Of yes-or-no questions, each column; of classes, each against the others. */
function questionsOf(context: MetricContext, rows: LabelledRows): readonly (readonly Pair[])[] {
  if (context.prediction === 'distribution') {
    const vectors = vectorsOf(context, rows);
    return Array.from({ length: context.classes ?? context.width }, (_, at) =>
      vectors.map(({ guess, truth, weight }) => ({ guess: guess[at] as number, truth: Number(truth === at), weight })),
    );
  }
  const isYes = (truth: number): boolean => (context.prediction === 'score' ? truth > 0 : truth >= 0.5);
  return columnsOf(context, rows).map((pairs) =>
    pairs.map(({ guess, truth, weight }) => ({ guess, truth: Number(isYes(truth)), weight })),
  );
}

/** The same with answers instead of probabilities. */
function answersOf(context: MetricContext, rows: LabelledRows): readonly (readonly Pair[])[] {
  if (context.prediction === 'distribution') {
    const answer = ({ guess }: Vector): number => guess.indexOf(Math.max(...guess));
    return [vectorsOf(context, rows).map((one) => ({ ...one, guess: answer(one) }))];
  }
  const isYes = (guess: number): boolean => (context.prediction === 'score' ? guess > 0 : guess >= 0.5);
  return questionsOf(context, rows).map((pairs) =>
    pairs.map((pair) => ({ ...pair, guess: Number(isYes(pair.guess)) })),
  );
}

const weightOf = (pairs: readonly Pair[], chosen: (pair: Pair) => boolean = () => true): number =>
  sum(pairs.filter(chosen).map(({ weight }) => weight));

/** Macro average of a score from the counts of one class. */
const perClass =
  (score: (right: number, predicted: number, actual: number) => number | undefined): Reference =>
  (context, rows) => {
    const classes = context.prediction === 'distribution' ? [...Array(context.classes ?? context.width).keys()] : [1];
    return mean(
      answersOf(context, rows).flatMap((pairs) =>
        classes.map((at) =>
          score(
            weightOf(pairs, ({ guess, truth }) => guess === at && truth === at),
            weightOf(pairs, ({ guess }) => guess === at),
            weightOf(pairs, ({ truth }) => truth === at),
          ),
        ),
      ),
    );
  };

function covariance(pairs: readonly Pair[]): number {
  const all = weightOf(pairs);
  const meanOf = (name: 'guess' | 'truth'): number => sum(pairs.map((pair) => pair.weight * pair[name])) / all;
  const [guess, truth] = [meanOf('guess'), meanOf('truth')];
  return sum(pairs.map((pair) => pair.weight * (pair.guess - guess) * (pair.truth - truth)));
}

const twice = (pairs: readonly Pair[], name: 'guess' | 'truth'): readonly Pair[] =>
  pairs.map((pair) => ({ ...pair, guess: pair[name], truth: pair[name] }));

function correlation(pairs: readonly Pair[]): number | undefined {
  if (!isMixed(pairs.map(({ guess }) => guess)) || !isMixed(pairs.map(({ truth }) => truth))) return undefined;
  return covariance(pairs) / Math.sqrt(covariance(twice(pairs, 'guess')) * covariance(twice(pairs, 'truth')));
}

/** R_K as the correlation of indicators, summed over classes (Gorodkin 2004, equations 1 to 3). */
function matthews(pairs: readonly Pair[]): number | undefined {
  if (!isMixed(pairs.map(({ guess }) => guess)) || !isMixed(pairs.map(({ truth }) => truth))) return undefined;
  const classes = [...new Set(pairs.flatMap(({ guess, truth }) => [guess, truth]))].map((at) =>
    pairs.map(({ guess, truth, weight }) => ({ guess: Number(guess === at), truth: Number(truth === at), weight })),
  );
  const of = (name?: 'guess' | 'truth'): number => sum(classes.map((one) => covariance(name ? twice(one, name) : one)));
  return of() / Math.sqrt(of('guess') * of('truth'));
}

function rocArea(pairs: readonly Pair[]): number | undefined {
  const [yes, no] = [pairs.filter(({ truth }) => truth === 1), pairs.filter(({ truth }) => truth === 0)];
  const won = (a: number, b: number): number => (a > b ? 1 : a === b ? 0.5 : 0);
  const wins = yes.flatMap((a) => no.map((b) => a.weight * b.weight * won(a.guess, b.guess)));
  return quotient(sum(wins), weightOf(yes) * weightOf(no));
}

function averagePrecision(pairs: readonly Pair[]): number | undefined {
  if (!isMixed(pairs.map(({ truth }) => truth))) return undefined;
  const thresholds = [...new Set(pairs.map(({ guess }) => guess))].sort((a, b) => b - a);
  const found = (least: number): number => weightOf(pairs, ({ guess, truth }) => guess >= least && truth === 1);
  const points = thresholds.map((least) => ({
    recall: found(least) / weightOf(pairs, ({ truth }) => truth === 1),
    precision: found(least) / weightOf(pairs, ({ guess }) => guess >= least),
  }));
  return sum(points.map(({ recall, precision }, at) => (recall - (points[at - 1]?.recall ?? 0)) * precision));
}

const rank = (value: number, values: readonly number[]): number =>
  values.filter((other) => other < value).length + (values.filter((other) => other === value).length + 1) / 2;

function ranked(pairs: readonly Pair[]): readonly Pair[] {
  const [guesses, truths] = [pairs.map(({ guess }) => guess), pairs.map(({ truth }) => truth)];
  return pairs.map(({ guess, truth }) => ({ guess: rank(guess, guesses), truth: rank(truth, truths), weight: 1 }));
}

const error =
  (of: (difference: number) => number): Reference =>
  (context, rows) => {
    const pairs = columnsOf(context, rows).flat();
    return quotient(sum(pairs.map(({ guess, truth, weight }) => weight * of(guess - truth))), weightOf(pairs));
  };

const squared = error((difference) => difference ** 2);

export const references: Readonly<Record<Type, Reference>> = {
  accuracy: (context, rows) => {
    const pairs = answersOf(context, rows).flat();
    return quotient(
      weightOf(pairs, ({ guess, truth }) => guess === truth),
      weightOf(pairs),
    );
  },
  topK: (context, rows) => {
    const vectors = vectorsOf(context, rows);
    const first = (guess: readonly number[]): readonly number[] =>
      [...guess.keys()].sort((a, b) => (guess[b] as number) - (guess[a] as number)).slice(0, 2);
    const right = vectors.filter(({ guess, truth }) => first(guess).includes(truth));
    return quotient(sum(right.map(({ weight }) => weight)), sum(vectors.map(({ weight }) => weight)));
  },
  precision: perClass((right, predicted) => quotient(right, predicted)),
  recall: perClass((right, _predicted, actual) => quotient(right, actual)),
  f1: perClass((right, predicted, actual) => quotient(2 * right, predicted + actual)),
  mcc: (context, rows) => mean(answersOf(context, rows).map(matthews)),
  rocAuc: (context, rows) => mean(questionsOf(context, rows).map(rocArea)),
  prAuc: (context, rows) => mean(questionsOf(context, rows).map(averagePrecision)),
  meanSquaredError: squared,
  rootMeanSquaredError: (context, rows) => {
    const mean = squared(context, rows);
    return mean === undefined ? undefined : Math.sqrt(mean);
  },
  meanAbsoluteError: error(Math.abs),
  r2: (context, rows) =>
    mean(
      columnsOf(context, rows).map((pairs) =>
        isMixed(pairs.map(({ truth }) => truth))
          ? 1 -
            sum(pairs.map(({ guess, truth, weight }) => weight * (guess - truth) ** 2)) /
              covariance(twice(pairs, 'truth'))
          : undefined,
      ),
    ),
  pearson: (context, rows) => mean(columnsOf(context, rows).map(correlation)),
  spearman: (context, rows) => mean(columnsOf(context, rows).map((pairs) => correlation(ranked(pairs)))),
};
