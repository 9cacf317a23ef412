import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Turns } from '../../src/engine/turns.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Turns', () => {
  it('begins at once what nothing holds up', () => {
    const log: string[] = [];
    const turns = new Turns();
    for (const name of ['a', 'b'])
      turns.take(async () => {
        log.push(name);
      });
    expect(log).toEqual(['a', 'b']);
  });

  it('begins everything in order, and nothing while one that holds is open, whatever fails', async () => {
    const work = fc.record({ holds: fc.boolean(), fails: fc.boolean(), pauses: fc.nat(3), before: fc.nat(3) });
    await fc.assert(
      fc.asyncProperty(fc.array(work, { maxLength: 12 }), async (works) => {
        const turns = new Turns();
        const begun: number[] = [];
        let open: number | undefined;
        const taken: Promise<unknown>[] = [];
        for (const [at, { holds, fails, pauses, before }] of works.entries()) {
          for (let tick = 0; tick < before; tick++) await undefined;
          const result = turns.take(async () => {
            expect(open).toBeUndefined();
            begun.push(at);
            if (holds) open = at;
            for (let tick = 0; tick < pauses; tick++) await undefined;
            if (open === at) open = undefined;
            if (fails) throw new Error(`${at}`);
            return at;
          }, holds);
          taken.push(result.catch(({ message }: Error) => `failed ${message}`));
        }
        const results = await Promise.all(taken);
        expect(begun).toEqual(works.map((_, at) => at));
        expect(results).toEqual(works.map(({ fails }, at) => (fails ? `failed ${at}` : at)));
        await settle();
        let isFree = false;
        void turns.take(async () => {
          isFree = true;
        });
        expect(isFree).toBe(true);
      }),
    );
  });
});
