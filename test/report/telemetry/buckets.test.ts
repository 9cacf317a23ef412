import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Buckets } from '../../../src/report/telemetry/buckets.ts';

const bounds = [0.1, 1, 10];
const readings = (buckets: Buckets): unknown[] =>
  [...buckets.readings('t')].map(([name, labels, value]) => [name, JSON.stringify(labels), value]);

test('a histogram without labels begins at 0, one with labels with its first value', () => {
  expect(readings(new Buckets(bounds, []))).toEqual([
    ['t_bucket', '{"le":"0.1"}', 0],
    ['t_bucket', '{"le":"1"}', 0],
    ['t_bucket', '{"le":"10"}', 0],
    ['t_bucket', '{"le":"+Inf"}', 0],
    ['t_sum', '{}', 0],
    ['t_count', '{}', 0],
  ]);
  expect(readings(new Buckets(bounds, ['stage']))).toEqual([]);
});

test('each bucket has the values up to its bound, of its series alone', () => {
  const value = fc.oneof(fc.double({ min: 0, max: 20, noNaN: true }), fc.constantFrom(...bounds));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b'), value)), (all) => {
      const buckets = new Buckets(bounds, ['stage']);
      for (const [stage, own] of all) buckets.add([{ stage }, own]);
      const stages = [...new Set(all.map(([stage]) => stage))];
      const expected = stages.flatMap((stage) => {
        const values = all.filter(([name]) => name === stage).map(([, own]) => own);
        const upTo = [...bounds, Number.POSITIVE_INFINITY].map((bound) => [
          't_bucket',
          JSON.stringify({ le: bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound), stage }),
          values.filter((own) => own <= bound).length,
        ]);
        const sum = values.reduce((so, own) => so + own, 0);
        return [
          ...upTo,
          ['t_sum', JSON.stringify({ stage }), sum],
          ['t_count', JSON.stringify({ stage }), values.length],
        ];
      });
      expect(readings(buckets)).toEqual(expected);
    }),
  );
});
