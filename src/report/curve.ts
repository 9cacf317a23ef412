import { HeadMeans } from '../core/head-means.ts';
import type { HeadEvaluation, HeadScore } from '../core/train-event.ts';
import { meanOf } from './format.ts';
import type { MetricLine, TrainLine } from './metrics-file.ts';

/** One line of a chart: values over steps; null where there is none. */
export interface Curve {
  readonly name: string;
  /** Which colour: the same for the same source in every chart. */
  readonly color: number;
  readonly values: readonly (number | null)[];
}

/** A chart: curves over the same steps. */
export interface Chart {
  readonly title: string;
  readonly steps: readonly number[];
  readonly curves: readonly Curve[];
}

/** Points that a curve of training losses has at most: more can't be told apart, and would make the page heavy. */
const mostPoints = 400;

/** What scores of rows that are trained on are called, where scores of evaluated sources stand beside them. */
export const prequentialName = 'prequential, while training';

/** Charts of a run: the mean over heads, then each head's losses and metrics. */
export interface RunCharts {
  readonly overall: readonly Chart[];
  readonly heads: readonly { readonly name: string; readonly charts: readonly Chart[] }[];
}

/** What is to be drawn of the lines of `metrics.ndjson`. */
export function chartsOf(lines: readonly MetricLine[], heads: readonly string[]): RunCharts {
  const train = withoutRests(lines.filter((line) => line.type === 'train'));
  const evaluations = lines.filter((line) => line.type === 'evaluation');
  const prequential = lines.filter((line) => line.type === 'prequential');
  const sources = [...new Set(evaluations.map(({ source }) => source))];
  const colors = ['training', ...sources, prequentialName];
  const metrics = [
    ...new Set(
      [...evaluations, ...prequential].flatMap((line) =>
        Object.values(line.heads).flatMap((head) => Object.keys(head.metrics)),
      ),
    ),
  ];
  const of = (read: HeadReader): readonly Chart[] => {
    const trained = thinned(train.map((line) => [line.step, read.trained(line.heads)] as const));
    const scored = sources.map((source) => {
      const own = evaluations.filter((line) => line.source === source);
      return [source, own.map((line) => [line.step, line.heads] as const)] as const;
    });
    const losses = chart(
      'loss',
      [
        ['training', trained],
        ...scored.map(
          ([source, points]) => [source, points.map(([step, all]) => [step, read.loss(all)] as const)] as const,
        ),
      ],
      colors,
    );
    const others = metrics.map((metric) =>
      chart(
        metric,
        [
          [prequentialName, thinned(prequential.map((line) => [line.step, read.metric(line.heads, metric)] as const))],
          ...scored.map(
            ([source, points]) =>
              [source, points.map(([step, all]) => [step, read.metric(all, metric)] as const)] as const,
          ),
        ],
        colors,
      ),
    );
    return [losses, ...others].filter(({ steps }) => steps.length > 0);
  };
  return { overall: of(meanReader), heads: heads.map((name) => ({ name, charts: of(readerOf(name)) })) };
}

/** A line about few rows, as the end of an epoch leaves one, is drawn with the one before: alone it is mostly noise. */
function withoutRests(lines: readonly TrainLine[]): readonly Pick<TrainLine, 'step' | 'rows' | 'heads'>[] {
  const drawn: Pick<TrainLine, 'step' | 'rows' | 'heads'>[] = [];
  for (const line of lines) {
    const before = drawn.at(-1);
    if (before && 2 * line.rows < before.rows) {
      const means = new HeadMeans();
      for (const { heads } of [before, line])
        for (const [name, head] of Object.entries(heads)) means.add({ [name]: { ...head, denominator: head.labels } });
      drawn[drawn.length - 1] = { step: line.step, rows: before.rows, heads: means.all() };
    } else drawn.push(line);
  }
  return drawn;
}

type Trained = Readonly<Record<string, { readonly loss: number }>>;
type Scored = Readonly<Record<string, HeadEvaluation>>;
type Measured = Readonly<Record<string, HeadScore>>;

/** A value of a line, where it has one. */
type Value = number | null | undefined;

/** What a chart shows of a line. */
interface HeadReader {
  trained(heads: Trained): Value;
  loss(heads: Scored): Value;
  metric(heads: Measured, metric: string): Value;
}

const readerOf = (name: string): HeadReader => ({
  trained: (heads) => heads[name]?.loss,
  loss: (heads) => heads[name]?.loss,
  metric: (heads, metric) => heads[name]?.metrics[metric],
});

const meanReader: HeadReader = {
  trained: (heads) => meanOf(Object.values(heads).map(({ loss }) => loss)),
  loss: (heads) => meanOf(Object.values(heads).map(({ loss }) => loss)),
  metric: (heads, metric) => meanOf(Object.values(heads).map(({ metrics }) => metrics[metric])),
};

type Points = readonly (readonly [step: number, value: Value])[];

/** Curves of different steps over all of their steps together. */
function chart(title: string, named: readonly (readonly [string, Points])[], colors: readonly string[]): Chart {
  const known = named.map(([name, points]) => [name, points.filter(([, value]) => Number.isFinite(value))] as const);
  const steps = [...new Set(known.flatMap(([, points]) => points.map(([step]) => step)))].sort((a, b) => a - b);
  const curves = known.flatMap(([name, points]): Curve[] => {
    const byStep = new Map(points);
    return points.length === 0
      ? []
      : [{ name, color: colors.indexOf(name), values: steps.map((step) => rounded(byStep.get(step))) }];
  });
  return { title, steps, curves };
}

const rounded = (value: Value): number | null => (value == null ? null : Number(value.toPrecision(5)));

/** Means of neighbours, where there are more points than are drawn. */
function thinned(points: Points): Points {
  const known = points.filter(([, value]) => value != null);
  const size = Math.ceil(known.length / mostPoints);
  if (size <= 1) return known;
  return Array.from({ length: Math.ceil(known.length / size) }, (_, at) => {
    const group = known.slice(at * size, (at + 1) * size);
    return [group.at(-1)?.[0] as number, meanOf(group.map(([, value]) => value))] as const;
  });
}
