import { describe, expect, test } from 'vitest';
import { type LabelledRows, type MetricState, metrics } from '../../src/metric/index.ts';
import { mix } from '../../src/trace/hash.ts';
import { build, type HeadKind, heads, headsOf, plain, rowsFrom, scoreOf, throughJson } from './sample.ts';

/** Random numbers in [0, 1). */
function random(seed: number): () => number {
  let count = 0;
  return () => mix(mix(seed) ^ ++count) / 2 ** 32;
}

/** Rows of a yes or no whose scores overlap; `scale` says what becomes of scores around 0, some units wide. */
function scored(rows: number, rate: number, scale: (score: number) => number, seed = 1): LabelledRows {
  const next = random(seed);
  const label = Float32Array.from({ length: rows }, () => Number(next() < rate));
  const spread = (): number => next() + next() + next() + next() - 2;
  return { rows, label, prediction: label.map((yes) => scale(3 * spread() + 1.5 * yes)) };
}

/** Both areas from all scores, in order. */
function areasOf({ prediction, label }: LabelledRows): { readonly rocAuc: number; readonly prAuc: number } {
  const order = [...prediction.keys()].sort((a, b) => (prediction[b] as number) - (prediction[a] as number));
  let [yes, won, precisions] = [0, 0, 0];
  for (let start = 0, end = 0; start < order.length; start = end) {
    let tied = 0;
    const score = prediction[order[start] as number];
    for (; end < order.length && prediction[order[end] as number] === score; end++)
      tied += label[order[end] as number] as number;
    won += (end - start - tied) * (yes + tied / 2);
    yes += tied;
    precisions += tied * (yes / end);
  }
  return { rocAuc: won / yes / (order.length - yes), prAuc: precisions / yes };
}

const sizeOf = (state: MetricState): number =>
  Object.values(state).reduce<number>(
    (size, value) => size + (typeof value === 'object' ? value.length : Number(typeof value === 'number')),
    0,
  );

test.each(metrics.types)(
  '%s of a million rows stays within its memory',
  (type) => {
    const [kind] = headsOf[type] as [HeadKind];
    const { width, prediction } = heads[kind];
    const metric = build(plain(type), heads[kind]);
    const next = random(5);
    const rows = 50_000;
    for (let batch = 0; batch < 20; batch++)
      metric.add({
        rows,
        prediction: Float32Array.from({ length: rows * width }, next),
        label: Float32Array.from({ length: rows }, () => (prediction === 'value' ? next() : Math.floor(2 * next()))),
      });
    expect(metric.value()).toEqual(expect.any(Number));
    const largest = { rocAuc: 6 * 4096 + 2, prAuc: 6 * 4096 + 2, spearman: 2 * 10_000 + 3 };
    expect(sizeOf(metric.state())).toBeLessThanOrEqual(largest[type as keyof typeof largest] ?? 16);
  },
  60_000,
);

describe('areas beyond what is exact', () => {
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  const scales: readonly (readonly [string, HeadKind, (score: number) => number])[] = [
    ['probabilities', 'yesOrNo', sigmoid],
    ['probabilities close to each other', 'yesOrNo', (score) => 0.9 + score / 1000],
    ['small probabilities', 'yesOrNo', (score) => sigmoid(score) / 1000],
    ['large scores', 'score', (score) => 1e6 * score],
  ];
  const cases = scales.flatMap(([name, kind, scale]) =>
    [0.5, 0.05, 0.005].flatMap((rate) => [128, 1024].map((bins) => [name, rate, bins, kind, scale] as const)),
  );

  test.each(cases)('%s, %s of them yes, in %s bins', (_name, rate, bins, kind, scale) => {
    const rows = scored(40_000, rate, scale);
    for (const [type, exact] of Object.entries(areasOf(rows))) {
      const metric = build({ type: type as 'rocAuc' | 'prAuc', bins }, heads[kind]);
      metric.add(rows);
      const off = Math.abs((metric.value() as number) - exact);
      expect(off, type).toBeLessThan(4 / (bins - 1));
      expect(off / exact, type).toBeLessThan(6 / bins);
      expect((metric.state()['low/0'] as number[]).length).toBeLessThanOrEqual(bins);
    }
  });

  test('are the same through a restart in the middle', () => {
    const [before, after] = [scored(3000, 0.3, sigmoid, 1), scored(3000, 0.3, sigmoid, 2)];
    const [whole, first, second] = [1, 2, 3].map(() => build({ type: 'prAuc', bins: 64 }, heads.yesOrNo));
    whole?.add(before);
    whole?.add(after);
    first?.add(before);
    second?.restore(throughJson(first?.state() as MetricState));
    second?.add(after);
    expect(second?.state()).toEqual(whole?.state());
  });

  test('are exact for any number of rows with few different scores', () => {
    const rows = scored(20_000, 0.3, (score) => Math.round(8 * sigmoid(score)) / 8);
    const { rocAuc, prAuc } = areasOf(rows);
    expect(scoreOf({ type: 'rocAuc', bins: 16 }, heads.yesOrNo, rows)).toBeCloseTo(rocAuc, 12);
    expect(scoreOf({ type: 'prAuc', bins: 16 }, heads.yesOrNo, rows)).toBeCloseTo(prAuc, 12);
  });

  test('survive scores that arrive in order, and scores that move', () => {
    const next = random(9);
    const count = 40_000;
    const label = Float32Array.from({ length: count }, () => Number(next() < 0.3));
    const ways: readonly ((row: number) => number)[] = [
      (row) => row / count,
      (row) => -row / count,
      (row) => next() * (row < count / 2 ? 1 : 0.01),
      (row) => next() * (row < count / 2 ? 0.01 : 1),
    ];
    for (const [at, way] of ways.entries()) {
      const rows = { rows: count, label, prediction: label.map((yes, row) => way(row) * (1 + yes / 3)) };
      for (const [type, exact] of Object.entries(areasOf(rows)))
        expect(
          Math.abs((scoreOf({ type: type as 'rocAuc' | 'prAuc' }, heads.score, rows) as number) - exact),
          `${type} ${at}`,
        ).toBeLessThan(0.005);
    }
  });
});

describe('a sample of the rows', () => {
  const next = random(4);
  const label = Array.from({ length: 50_000 }, next);
  const rows = rowsFrom(
    label.map((value) => value + next()),
    label,
  );

  test('has nearly the rank correlation of all', () => {
    const all = scoreOf({ type: 'spearman', samples: 50_000 }, heads.number, rows) as number;
    const sampled = [0, 1, 2].map(
      (seed) => scoreOf({ type: 'spearman', samples: 2000, seed }, heads.number, rows) as number,
    );
    const standardError = (1 - all ** 2) / Math.sqrt(2000);
    for (const value of sampled) expect(Math.abs(value - all)).toBeLessThan(4 * standardError);
    expect(new Set(sampled).size).toBe(3);
  });

  test('is as likely to hold a late row as an early one', () => {
    const ordered = rowsFrom([...label.keys()], label);
    const metric = build({ type: 'spearman', samples: 5000 }, heads.number);
    metric.add(ordered);
    const kept = metric.state().predictions as readonly number[];
    expect(new Set(kept).size).toBe(5000);
    const perTenth = Array.from({ length: 10 }, (_, at) => kept.filter((row) => Math.floor(row / 5000) === at).length);
    for (const count of perTenth) expect(Math.abs(count - 500)).toBeLessThan(5 * Math.sqrt(450));
  });

  test('goes on being drawn beyond 2³² rows', () => {
    const metric = build({ type: 'spearman', samples: 10 }, heads.number);
    metric.add(rowsFrom([...label.keys()].slice(0, 10), label.slice(0, 10)));
    const replaced = [2 ** 32, 2 ** 45].map((seen) => {
      metric.restore({ ...metric.state(), seen });
      metric.add(rows);
      return (metric.state().predictions as readonly number[]).length;
    });
    expect(replaced).toEqual([10, 10]);
  });
});
