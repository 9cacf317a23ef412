import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LabelledRows, type MetricConfig, metrics } from '../../src/metric/index.ts';
import {
  build,
  forgetful,
  type HeadKind,
  heads,
  headsOf,
  part,
  plain,
  rowsOf,
  scoreOf,
  type Type,
  throughJson,
} from './sample.ts';

const kinds = Object.keys(heads) as HeadKind[];

describe.each(metrics.plugins.map((plugin) => [plugin.type, plugin] as const))('%s', (type, plugin) => {
  const [kind] = headsOf[type] as [HeadKind];
  const { example, fields, summary } = plugin;

  test('builds its example and its defaults under its own name', () => {
    expect(build({ type, ...example } as MetricConfig, heads[kind]).type).toBe(type);
    if (type !== 'topK') expect(build({ type } as MetricConfig, heads[kind]).type).toBe(type);
  });

  test('says what it is, and what each option is', () => {
    expect(summary).toMatch(/\.$/);
    for (const [option, field] of Object.entries(fields.shape))
      expect((field as { description?: string }).description, option).toMatch(/\.$/);
  });

  test('names an unknown option', () => {
    expect(() => build({ type, ...example, avarage: 'micro' } as never, heads[kind])).toThrow(
      /^head "a", metric\.avarage: expected an option out of .*'type'; found 'avarage'/,
    );
  });

  test('goes with the heads it is for, and refuses all others', () => {
    const accepted = kinds.filter((one) => {
      try {
        return build(plain(type), heads[one]).type === type;
      } catch {
        return false;
      }
    });
    expect(accepted.sort()).toEqual([...headsOf[type]].sort());
  });
});

const every = [...metrics.types.map(plain), ...forgetful].flatMap((config) =>
  headsOf[config.type].map((kind) => [JSON.stringify(config), kind, config] as const),
);

describe.each(every)('%s of %s', (_name, kind, config) => {
  const context = heads[kind];

  test('has no value before there is a label', () => {
    const metric = build(config, context);
    expect(metric.value()).toBeUndefined();
    metric.add({ rows: 0, prediction: new Float32Array(0), label: new Float32Array(0) });
    expect(metric.value()).toBeUndefined();
  });

  test('is the same however rows are divided, and with checkpoints in between', () => {
    fc.assert(
      fc.property(rowsOf(kind, 60), fc.array(fc.nat(60), { maxLength: 4 }), (rows, cuts) => {
        const whole = build(config, context);
        whole.add(rows);
        const ends = [...cuts.map((cut) => Math.min(cut, rows.rows)), rows.rows].sort((a, b) => a - b);
        let [divided, start] = [build(config, context), 0];
        for (const end of ends) {
          divided.add(part(rows, start, end, context));
          divided.value();
          const restored = build(config, context);
          restored.restore(throughJson(divided.state()));
          expect(restored.value()).toBe(divided.value());
          [divided, start] = [restored, end];
        }
        expect(divided.value()).toBe(whole.value());
        expect(divided.state()).toEqual(whole.state());
        expect(Number.isNaN(whole.value())).toBe(false);
      }),
      { numRuns: 40 },
    );
  });

  test('forgets everything when it is reset, and what it held when it is restored', () => {
    fc.assert(
      fc.property(rowsOf(kind), rowsOf(kind), (before, rows) => {
        const fresh = build(config, context);
        const empty = throughJson(fresh.state());
        fresh.add(rows);
        const used = build(config, context);
        used.add(before);
        used.reset();
        expect(used.state()).toEqual(empty);
        used.add(rows);
        expect(used.state()).toEqual(fresh.state());
        used.add(before);
        used.restore(throughJson(fresh.state()));
        expect(used.state()).toEqual(fresh.state());
      }),
      { numRuns: 10 },
    );
  });

  test('takes a row of weight 0 for absent, and no weights for weights of 1', () => {
    fc.assert(
      fc.property(rowsOf(kind), (rows) => {
        const { weight, ...unweighted } = rows;
        const ones = { ...rows, weight: new Float32Array(rows.rows).fill(1) };
        expect(scoreOf(config, context, unweighted)).toBe(scoreOf(config, context, ones));
        const kept = [...(weight as Float32Array).keys()].filter((row) => weight?.[row] !== 0);
        const counting = build(config, context);
        for (const row of kept) counting.add(part(rows, row, row + 1, context));
        expect(counting.value()).toBe(scoreOf(config, context, rows));
      }),
      { numRuns: 20 },
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'has no value after a prediction of %s, until it is reset',
    (bad) => {
      const rows = fc.sample(
        rowsOf(kind).filter((one) => one.rows > 4),
        { numRuns: 1, seed: 3 },
      )[0] as LabelledRows;
      const spoilt = { ...rows, prediction: rows.prediction.with(1, bad), weight: new Float32Array(rows.rows).fill(1) };
      const metric = build(config, context);
      metric.add(spoilt);
      expect(metric.value()).toBeUndefined();
      const restored = build(config, context);
      restored.restore(throughJson(metric.state()));
      expect(restored.value()).toBeUndefined();
      metric.reset();
      metric.add(rows);
      expect(metric.value()).toBe(scoreOf(config, context, rows));
    },
  );
});

test('a prediction that is not finite does not count in a row of weight 0', () => {
  const metric = build({ type: 'accuracy' }, heads.yesOrNo);
  metric.add({
    rows: 2,
    prediction: Float32Array.of(Number.NaN, 0.9),
    label: Float32Array.of(1, 1),
    weight: Float32Array.of(0, 1),
  });
  expect(metric.value()).toBe(1);
});

test('every metric has its heads', () => {
  expect(Object.keys(headsOf) as Type[]).toEqual(metrics.types);
});
