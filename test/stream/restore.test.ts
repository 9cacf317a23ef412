import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeState, encodeState } from '../../src/stream/encode.ts';
import type { StreamBatch } from '../../src/stream/item.ts';
import type { FlowCounts } from '../../src/stream/ledger.ts';
import type { StreamState } from '../../src/stream/state.ts';
import { type BuildOptions, build, type ChainPlan, chains, chunkSizes } from './chain.ts';
import { all, plain, trained } from './sample.ts';

/** All batches from a state on, and what became of the rows. */
async function run(
  plan: ChainPlan,
  options: BuildOptions,
): Promise<{ batches: unknown[]; counts: FlowCounts | undefined }> {
  const batches = await all(build(plan, options).batches$.pipe(trained()));
  return { batches: batches.map(plain), counts: batches.at(-1)?.flow.counts() };
}

/** Stops after a batch, with the state that follows it, as it would be read from a file. */
function stopAfter(plan: ChainPlan, options: BuildOptions, count: number): Promise<StreamState | undefined> {
  return new Promise((resolve, reject) => {
    let seen = 0;
    const captureBefore = (batch: StreamBatch): void => {
      if (seen === count - 1) batch.flow.capture();
    };
    const subscription = build(plan, options)
      .batches$.pipe(trained())
      .subscribe({
        next(batch) {
          if (batch.rows > 0 || batch.epochEnd !== undefined) seen++;
          captureBefore(batch);
          if (!batch.state) return;
          const { json, arrays } = encodeState(batch.flow.completed(batch.state));
          resolve(decodeState({ json: JSON.parse(JSON.stringify(json)), arrays }));
          subscription?.unsubscribe();
        },
        error: reject,
        complete: () => resolve(undefined),
      });
  });
}

it('goes on from any state with exactly the batches that would have come, however rows are read', async () => {
  await fc.assert(
    fc.asyncProperty(
      chains,
      chunkSizes,
      chunkSizes,
      fc.integer({ min: 1, max: 30 }),
      async (plan, one, other, count) => {
        const whole = await run(plan, { chunks: one });
        const state = await stopAfter(plan, { chunks: one }, count);
        if (!state) {
          expect(whole.batches.length).toBeLessThan(count);
          return;
        }
        const rest = await run(plan, { chunks: other, restore: state });
        expect(rest.batches).toEqual(whole.batches.slice(count));
        if (rest.counts) expect(rest.counts).toEqual(whole.counts);
      },
    ),
    { numRuns: 120 },
  );
});

it('does not depend on how rows are read', async () => {
  await fc.assert(
    fc.asyncProperty(chains, chunkSizes, chunkSizes, async (plan, one, other) => {
      expect(await run(plan, { chunks: other, slow: true })).toEqual(await run(plan, { chunks: one }));
    }),
    { numRuns: 60 },
  );
});
