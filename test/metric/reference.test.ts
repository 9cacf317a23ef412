import fc from 'fast-check';
import { expect, test } from 'vitest';
import { metrics } from '../../src/metric/index.ts';
import { references } from './reference.ts';
import { heads, headsOf, plain, rowsOf, scoreOf } from './sample.ts';

const every = metrics.types.flatMap((type) => headsOf[type].map((kind) => [type, kind] as const));

test.each(every)('%s of %s is what its definition says', (type, kind) => {
  fc.assert(
    fc.property(rowsOf(kind), fc.boolean(), (given, isWeighted) => {
      const { weight, ...unweighted } = given;
      const rows = isWeighted ? given : unweighted;
      const [found, expected] = [scoreOf(plain(type), heads[kind], rows), references[type](heads[kind], rows)];
      if (found === undefined || expected === undefined) expect(found).toBe(expected);
      else expect(Math.abs(found - expected)).toBeLessThan(1e-12 * (1 + Math.abs(expected)));
    }),
    { numRuns: 150 },
  );
});
