import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type LabelledRows,
  type Metric,
  type MetricConfig,
  type MetricContext,
  metrics,
} from '../../src/metric/index.ts';

const wave = (count: number, seed: number): number[] =>
  Array.from({ length: count }, (_, at) => {
    const value = Math.sin(at * 12.9898 + seed * 78.233 + 1) * 43758.5453;
    return value - Math.floor(value);
  });

const contexts: Readonly<Record<'binary' | 'classes' | 'numbers' | 'scores', MetricContext>> = {
  binary: { prediction: 'probability', width: 1, labelWidth: 1, where: 'head "a"' },
  classes: { prediction: 'distribution', width: 3, labelWidth: 1, where: 'head "a"' },
  numbers: { prediction: 'value', width: 1, labelWidth: 1, where: 'head "a"' },
  scores: { prediction: 'score', width: 1, labelWidth: 1, where: 'head "a"' },
};
type Kind = keyof typeof contexts;

const build = (config: MetricConfig, kind: Kind, more: Partial<MetricContext> = {}): Metric =>
  metrics.build(config, { ...contexts[kind], ...more }, 'head "a", metric');

/** What each metric is for. */
const kinds: Readonly<Record<MetricConfig['type'], readonly Kind[]>> = {
  accuracy: ['binary', 'classes', 'scores'],
  topK: ['classes'],
  precision: ['binary', 'classes', 'scores'],
  recall: ['binary', 'classes', 'scores'],
  f1: ['binary', 'classes', 'scores'],
  mcc: ['binary', 'classes', 'scores'],
  rocAuc: ['binary', 'classes', 'scores'],
  prAuc: ['binary', 'classes', 'scores'],
  meanSquaredError: ['numbers', 'binary'],
  rootMeanSquaredError: ['numbers'],
  meanAbsoluteError: ['numbers'],
  r2: ['numbers'],
  pearson: ['numbers'],
  spearman: ['numbers'],
};
const configOf = (type: MetricConfig['type']): MetricConfig =>
  (type === 'topK' ? { type, k: 2 } : { type }) as MetricConfig;

/** Random rows of a kind, with ties. */
function rowsOf(kind: Kind): fc.Arbitrary<LabelledRows> {
  const { width, labelWidth } = contexts[kind];
  const tenth = fc.integer({ min: 0, max: 10 }).map((value) => value / 10);
  const label = {
    binary: fc.integer({ min: 0, max: 1 }),
    classes: fc.integer({ min: 0, max: 2 }),
    numbers: tenth,
    scores: fc.constantFrom(-1, 1),
  };
  return fc.integer({ min: 0, max: 30 }).chain((rows) =>
    fc.record({
      rows: fc.constant(rows),
      prediction: fc
        .array(tenth, { minLength: rows * width, maxLength: rows * width })
        .map((values) => Float32Array.from(values)),
      label: fc
        .array(label[kind], { minLength: rows * labelWidth, maxLength: rows * labelWidth })
        .map((values) => Float32Array.from(values)),
      weight: fc
        .array(fc.constantFrom(0.5, 1, 2), { minLength: rows, maxLength: rows })
        .map((values) => Float32Array.from(values)),
    }),
  );
}

function part(rows: LabelledRows, start: number, end: number, { width, labelWidth }: MetricContext): LabelledRows {
  return {
    rows: end - start,
    prediction: rows.prediction.slice(start * width, end * width),
    label: rows.label.slice(start * labelWidth, end * labelWidth),
    ...(rows.weight ? { weight: rows.weight.slice(start, end) } : {}),
  };
}

function near(found: number | undefined, expected: number | undefined, tolerance = 1e-9): void {
  if (expected === undefined || found === undefined) expect(found).toBe(expected);
  else expect(Math.abs(found - expected)).toBeLessThan(tolerance * (1 + Math.abs(expected)));
}

describe.each(metrics.plugins.map((plugin) => [plugin.type, plugin] as const))('%s', (type, plugin) => {
  const [kind] = kinds[type] as [Kind];

  it('says what it is, and what each option is', () => {
    expect(plugin.summary).toMatch(/\.$/);
    for (const [option, field] of Object.entries(plugin.fields.shape))
      expect((field as { description?: string }).description, option).toMatch(/\.$/);
    expect(build({ type, ...plugin.example } as MetricConfig, kind, { width: 4 }).type).toBe(type);
    expect(() => build({ type, avarage: 1 } as never, kind)).toThrow(
      'head "a", metric.avarage: expected an option out of',
    );
  });

  it('has no value before there is a label, and none after a prediction that is not finite', () => {
    const metric = build(configOf(type), kind);
    expect(metric.value()).toBeUndefined();
    const { width } = contexts[kind];
    metric.add({ rows: 1, prediction: new Float32Array(width).fill(Number.NaN), label: Float32Array.of(1) });
    expect(metric.value()).toBeUndefined();
  });

  it.each(kinds[type])('is the same however rows come, and after a checkpoint: %s', (of) => {
    const context = contexts[of];
    fc.assert(
      fc.property(rowsOf(of), fc.nat(30), (rows, cut) => {
        const at = Math.min(cut, rows.rows);
        const whole = build(configOf(type), of);
        whole.add(rows);
        const first = build(configOf(type), of);
        first.add(part(rows, 0, at, context));
        const second = build(configOf(type), of);
        second.restore(JSON.parse(JSON.stringify(first.state())));
        second.add(part(rows, at, rows.rows, context));
        expect(second.value()).toBe(whole.value());
        expect(second.state()).toEqual(whole.state());
      }),
      { numRuns: 40 },
    );
  });

  it('keeps its memory within bounds', () => {
    const metric = build(configOf(type), kind);
    const { width } = contexts[kind];
    const size = (): number => JSON.stringify(metric.state()).length;
    const add = (seed: number): void =>
      metric.add({
        rows: 5000,
        prediction: Float32Array.from(wave(5000 * width, seed)),
        label: Float32Array.from(wave(5000, seed + 1), Math.round),
      });
    for (let seed = 0; seed < 4; seed++) add(seed);
    const before = size();
    for (let seed = 4; seed < 12; seed++) add(seed);
    expect(size()).toBeLessThan(1.3 * before);
  });
});

describe('agrees with scikit-learn 1.9.1 and scipy 1.17.1', () => {
  const weight = Float32Array.from(wave(40, 3), (value) => roundEven(value * 4) / 2 + 0.5);

  /** NumPy rounds halves to even. */
  function roundEven(value: number): number {
    const down = Math.floor(value);
    return value - down === 0.5 ? down + (down % 2) : Math.round(value);
  }

  it('on a yes or no', () => {
    const prediction = Float32Array.from(wave(40, 1), (value) => (roundEven(value * 20) / 20) * 0.9 + 0.05);
    const label = Float32Array.from(wave(40, 2), (value, at) => Number(value + 0.3 * (prediction[at] as number) > 0.7));
    const expected: Partial<Record<MetricConfig['type'], number>> = {
      accuracy: 0.36363636363636365,
      precision: 0.453125,
      recall: 0.4084507042253521,
      f1: 0.42962962962962964,
      mcc: -0.28760654067440006,
      rocAuc: 0.3288732394366197,
      prAuc: 0.5237602540518361,
    };
    for (const [type, value] of Object.entries(expected)) {
      const metric = build({ type } as MetricConfig, 'binary');
      metric.add({ rows: 40, prediction, label, weight });
      near(metric.value(), value);
    }
  });

  it('on classes, by number and one-hot', () => {
    const raw = wave(120, 4);
    const prediction = Float32Array.from(raw, (value, at) => {
      const row = Math.floor(at / 3) * 3;
      return value / (raw.slice(row, row + 3).reduce((sum, one) => sum + one, 0) as number);
    });
    const label = Int32Array.from(wave(40, 5), (value) => Math.floor(value * 3));
    const oneHot = Float32Array.from({ length: 120 }, (_, at) => Number(label[Math.floor(at / 3)] === at % 3));
    const expected: readonly [MetricConfig, number][] = [
      [{ type: 'accuracy' }, 0.3],
      [{ type: 'precision' }, 0.30224867724867727],
      [{ type: 'recall' }, 0.2995642701525055],
      [{ type: 'f1' }, 0.28380434782608693],
      [{ type: 'precision', average: 'micro' }, 0.3],
      [{ type: 'recall', average: 'micro' }, 0.3],
      [{ type: 'f1', average: 'micro' }, 0.3],
      [{ type: 'precision', average: 'weighted' }, 0.32762896825396826],
      [{ type: 'recall', average: 'weighted' }, 0.3],
      [{ type: 'f1', average: 'weighted' }, 0.2942554347826087],
      [{ type: 'mcc' }, -0.033172010462647505],
      [{ type: 'topK', k: 2 }, 0.725],
      [{ type: 'rocAuc' }, 0.5010840696427694],
      [{ type: 'prAuc' }, 0.37770918437353124],
    ];
    for (const [config, value] of expected)
      for (const [labelWidth, labels] of [
        [1, label],
        [3, oneHot],
      ] as const) {
        const metric = build(config, 'classes', { labelWidth });
        metric.add({ rows: 40, prediction, label: labels });
        near(metric.value(), value);
      }
  });

  it('on numbers', () => {
    const exact = Float32Array.from(wave(40, 6));
    const label = Float32Array.from(wave(40, 7), (value, at) => 0.5 * (exact[at] as number) + value);
    const prediction = Float32Array.from(exact, (value) => roundEven(value * 10) / 10);
    const expected: Partial<Record<MetricConfig['type'], number>> = {
      meanSquaredError: 0.1592985820809545,
      rootMeanSquaredError: 0.3991222645768518,
      meanAbsoluteError: 0.30829146098006854,
      r2: -0.5810624346390914,
    };
    for (const [type, value] of Object.entries(expected)) {
      const metric = build({ type } as MetricConfig, 'numbers');
      metric.add({ rows: 40, prediction, label, weight });
      near(metric.value(), value, 1e-6);
    }
    for (const [type, value] of [
      ['pearson', 0.5189853709721847],
      ['spearman', 0.5014819208307237],
    ] as const) {
      const metric = build({ type }, 'numbers');
      metric.add({ rows: 40, prediction, label });
      near(metric.value(), value, 1e-6);
    }
  });
});

describe('what has no meaning is undefined, never 0 or NaN', () => {
  const add = (config: MetricConfig, kind: Kind, prediction: number[], label: number[]): number | undefined => {
    const metric = build(config, kind);
    metric.add({ rows: label.length, prediction: Float32Array.from(prediction), label: Float32Array.from(label) });
    return metric.value();
  };

  it.each([
    ['rocAuc of one kind', { type: 'rocAuc' }, 'binary', [0.1, 0.9], [1, 1]],
    ['prAuc without a yes', { type: 'prAuc' }, 'binary', [0.1, 0.9], [0, 0]],
    ['precision when nothing is said to be', { type: 'precision' }, 'binary', [0.1, 0.2], [1, 0]],
    ['recall without a yes', { type: 'recall' }, 'binary', [0.1, 0.9], [0, 0]],
    ['mcc of one kind', { type: 'mcc' }, 'binary', [0.1, 0.9], [1, 1]],
    ['r2 of equal labels', { type: 'r2' }, 'numbers', [0.1, 0.9], [2, 2]],
    ['pearson of equal predictions', { type: 'pearson' }, 'numbers', [1, 1], [2, 3]],
    ['spearman of one row', { type: 'spearman' }, 'numbers', [1], [2]],
  ] as const)('%s', (_, config, kind, prediction, label) => {
    expect(add(config as MetricConfig, kind, [...prediction], [...label])).toBeUndefined();
  });

  it('knows certain predictions: probabilities of 0 and 1', () => {
    expect(add({ type: 'rocAuc' }, 'binary', [0, 1, 1, 0], [0, 1, 0, 0])).toBeCloseTo(5 / 6, 12);
  });
});

describe('beyond what is kept exactly', () => {
  it('areas are close to those of all pairs', () => {
    const count = 20_000;
    const label = Float32Array.from(wave(count, 8), (value) => Number(value > 0.8));
    const score = Float32Array.from(wave(count, 9), (value, at) => 4 * value - 2 + (label[at] as number));
    const prediction = score.map((value) => 1 / (1 + Math.exp(-value)));
    const order = [...score.keys()].sort((a, b) => (score[a] as number) - (score[b] as number));
    let [ranks, yes] = [0, 0];
    order.forEach((row, rank) => {
      if (label[row]) ranks += rank + 1;
      yes += label[row] as number;
    });
    const exact = (ranks - (yes * (yes + 1)) / 2) / (yes * (count - yes));
    const metric = build({ type: 'rocAuc' }, 'binary');
    metric.add({ rows: count, prediction, label });
    expect(Math.abs((metric.value() as number) - exact)).toBeLessThan(2e-3);
  });

  it('ranks are close to those of all rows', () => {
    const count = 50_000;
    const label = Float32Array.from(wave(count, 10));
    const prediction = Float32Array.from(wave(count, 11), (value, at) => value + (label[at] as number));
    const [all, few] = [
      build({ type: 'spearman', samples: 60_000 }, 'numbers'),
      build({ type: 'spearman', samples: 4000 }, 'numbers'),
    ];
    for (const metric of [all, few]) metric.add({ rows: count, prediction, label });
    expect(Math.abs((all.value() as number) - (few.value() as number))).toBeLessThan(0.05);
  });
});

describe('refusals', () => {
  it.each([
    [
      { type: 'rocAuc' },
      'numbers',
      'head "a", rocAuc: expected a head that predicts a probability or probabilities of classes or a score; found one that predicts a number',
    ],
    [
      { type: 'r2' },
      'classes',
      'head "a", r2: expected a head that predicts a number; found one that predicts probabilities of classes',
    ],
    [{ type: 'topK' }, 'classes', 'head "a", topK.k: expected fewer than the 3 classes; found 5'],
  ] as const)('%o for %s', (config, kind, message) => {
    expect(() => build(config as MetricConfig, kind)).toThrow(message);
  });
});
