import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type BuildOptions, build, type ChainPlan, chains, chunkSizes } from './chain.ts';
import { newFolder } from './folder.ts';
import { trained } from './sample.ts';
import { run, stopAfter } from './stop.ts';

const untrained = (plan: ChainPlan, options: BuildOptions) => build(plan, options).batches$;
const batchesOf = (plan: ChainPlan, options: BuildOptions) => untrained(plan, options).pipe(trained());

it('goes on from any state with exactly the batches that would have come, however rows are read', async () => {
  await fc.assert(
    fc.asyncProperty(
      chains,
      chunkSizes,
      chunkSizes,
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 0, max: 5 }),
      async (plan, one, other, count, ahead) => {
        const whole = await run(batchesOf(plan, { chunks: one }));
        const directory = newFolder();
        const state = await stopAfter(untrained(plan, { chunks: one, directory }), count, ahead);
        if (!state) {
          expect(whole.batches.length).toBeLessThan(count);
          return;
        }
        const rest = await run(batchesOf(plan, { chunks: other, restore: state, directory }));
        expect(rest.batches).toEqual(whole.batches.slice(count));
        if (rest.counts) expect(rest.counts).toEqual(whole.counts);
      },
    ),
    { numRuns: 120 },
  );
}, 120_000);

it('does not depend on how rows are read', async () => {
  await fc.assert(
    fc.asyncProperty(chains, chunkSizes, chunkSizes, async (plan, one, other) => {
      expect(await run(batchesOf(plan, { chunks: other, slow: true }))).toEqual(
        await run(batchesOf(plan, { chunks: one })),
      );
    }),
    { numRuns: 60 },
  );
}, 120_000);
