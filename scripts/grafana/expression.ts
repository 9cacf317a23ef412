import { type Metric, metricOf } from './metric.ts';
import { shown, shownPerSecond } from './unit.ts';

/** What is asked of Prometheus, with what a panel has to know of the answer. */
export interface Expression {
  readonly text: string;
  /** As Grafana calls it. */
  readonly unit: string;
  /** What its series have to be told apart by. */
  readonly labels: readonly string[];
  /** Of the metric it begins with. */
  readonly help: string;
}

/** Values of labels; `~` or `!~` before a regular expression, of those that they are or are not. */
export type Matchers = Readonly<Record<string, string>>;

/** Expressions over the metrics of the table: one that names a metric or label which is not there can't be made. */
export class Scope {
  readonly #matchers: Matchers;
  readonly #range: string;

  /** @param range time over which rates are taken */
  constructor(matchers: Matchers, range: string) {
    this.#matchers = matchers;
    this.#range = range;
  }

  /** A gauge as it is, or what a counter has come to. */
  value(name: string, matchers: Matchers = {}): Expression {
    const metric = known(name);
    return { ...described(metric), text: this.#series(name, metric, matchers), unit: shown[metric.unit] };
  }

  /** How fast a counter rises. */
  rate(name: string, matchers: Matchers = {}): Expression {
    const metric = known(name, 'counter');
    const text = `rate(${this.#series(name, metric, matchers)}[${this.#range}])`;
    return { ...described(metric), text, unit: shownPerSecond[metric.unit] };
  }

  /** How much a counter rose. */
  increase(name: string, matchers: Matchers = {}): Expression {
    const metric = known(name, 'counter');
    const text = `increase(${this.#series(name, metric, matchers)}[${this.#range}])`;
    return { ...described(metric), text, unit: shown[metric.unit] };
  }

  /** Below what that share of a histogram's values were. */
  quantile(share: number, name: string, by: readonly string[], matchers: Matchers = {}): Expression {
    const buckets = this.#rateOf('bucket', name, matchers);
    const each = sum(buckets, 'le', ...by);
    return { ...each, labels: by, text: `histogram_quantile(${share}, ${each.text})` };
  }

  /** How much of each second went into what a histogram measures. */
  secondsPerSecond(name: string, matchers: Matchers = {}): Expression {
    return { ...this.#rateOf('sum', name, matchers), unit: shownPerSecond.seconds };
  }

  #rateOf(part: 'bucket' | 'sum', name: string, matchers: Matchers): Expression {
    const metric = known(name, 'histogram');
    const labels = part === 'bucket' ? [...metric.labels, 'le'] : metric.labels;
    const text = `rate(${this.#series(`${name}_${part}`, metric, matchers)}[${this.#range}])`;
    return { ...described(metric), labels, text, unit: shown[metric.unit] };
  }

  #series(series: string, metric: Metric, matchers: Matchers): string {
    const all = Object.entries({ ...this.#matchers, ...matchers }).map(([label, value]) => {
      mustHave(metric.labels, label, series);
      const [, operator, text] = /^(~|!~|)(.*)$/.exec(value) ?? [];
      return `${label}${operator === '~' ? '=~' : operator || '='}"${text}"`;
    });
    return all.length === 0 ? series : `${series}{${all.join(', ')}}`;
  }
}

type Aggregate = (of: Expression, ...by: readonly string[]) => Expression;

const aggregate =
  (name: string): Aggregate =>
  (of, ...by) => {
    for (const label of by) mustHave(of.labels, label, of.text);
    return { ...of, labels: by, text: `${name}${by.length === 0 ? ' ' : ` by (${by.join(', ')}) `}(${of.text})` };
  };

export const sum = aggregate('sum');
export const max = aggregate('max');
export const mean = aggregate('avg');

/** The series with the highest values. */
export const highest = (count: number, of: Expression): Expression => ({ ...of, text: `topk(${count}, ${of.text})` });

/** The series with the lowest values. */
export const lowest = (count: number, of: Expression): Expression => ({ ...of, text: `bottomk(${count}, ${of.text})` });

/** Highest first. */
export const descending = (of: Expression): Expression => ({ ...of, text: `sort_desc(${of.text})` });

/** What one is of the other, both told apart by the same labels. */
export function ratio(of: Expression, to: Expression): Expression {
  sameLabels(of, to);
  return { ...of, unit: shown.share, text: `${of.text} / ${to.text}` };
}

/** What is left of one when others are taken from it, all told apart by the same labels. */
export function minus(of: Expression, ...others: readonly Expression[]): Expression {
  for (const other of others) sameLabels(of, other);
  return { ...of, text: [of, ...others].map(({ text }) => text).join(' - ') };
}

/** Both together, told apart by the same labels. */
export function plus(of: Expression, other: Expression): Expression {
  sameLabels(of, other);
  return { ...of, text: `${of.text} + ${other.text}` };
}

/** Those of one, and of the other where the one has none, told apart by the same labels. */
export function either(of: Expression, other: Expression): Expression {
  sameLabels(of, other);
  return { ...of, text: `${of.text} or ${other.text}` };
}

/** Only the series for which that is so. */
export const only = (of: Expression, comparison: '>' | '<' | '==' | '!=', than: number | Expression): Expression => ({
  ...of,
  text: `${of.text} ${comparison} ${typeof than === 'number' ? than : than.text}`,
});

/** Only while there are such series too, of the same labels. */
export function whilst(of: Expression, condition: Expression, ...on: readonly string[]): Expression {
  for (const label of on) for (const { labels, text } of [of, condition]) mustHave(labels, label, text);
  return { ...of, text: `${of.text} and on (${on.join(', ')}) ${condition.text}` };
}

function known(name: string, type?: Metric['type']): Metric {
  const metric = metricOf(name);
  if (!metric) throw new Error(`there is no metric ${name}`);
  if (type && metric.type !== type) throw new Error(`${name} is a ${metric.type}, no ${type}`);
  return metric;
}

const described = ({ labels, help }: Metric): Pick<Expression, 'labels' | 'help'> => ({ labels, help });

function mustHave(labels: readonly string[], label: string, of: string): void {
  if (!labels.includes(label)) throw new Error(`${of} has no label ${label}: there are ${labels.join(', ')}`);
}

function sameLabels(one: Expression, other: Expression): void {
  if (one.labels.join() !== other.labels.join()) throw new Error(`${one.text} and ${other.text} have other labels`);
}
