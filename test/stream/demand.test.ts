import fc from 'fast-check';
import { filter, lastValueFrom, tap, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { batch } from '../../src/stream/batch.ts';
import type { Flow } from '../../src/stream/flow.ts';
import { fromSource } from '../../src/stream/from-source.ts';
import type { StreamChunk } from '../../src/stream/item.ts';
import type { FlowCounts } from '../../src/stream/ledger.ts';
import { shuffle } from '../../src/stream/shuffle.ts';
import { takeSteps } from '../../src/stream/take-steps.ts';
import { Bounds } from './bounds.ts';
import { build, chains, chunkSizes } from './chain.ts';
import { SampleSource, SlowTaker } from './sample.ts';

function expectBalanced({ received, pending, outcomes, repeats }: FlowCounts): void {
  const sum = (counts: FlowCounts['outcomes']): number => Object.values(counts).reduce((total, n) => total + n, 0);
  expect(received).toBe(pending + sum(outcomes));
  expect(repeats.received).toBe(repeats.pending + sum(repeats.outcomes));
  expect(pending).toBeGreaterThanOrEqual(0);
}

describe('credit', () => {
  it('deadlocks nowhere, leaks nothing, and keeps within its bounds: any chain', async () => {
    await fc.assert(
      fc.asyncProperty(chains, chunkSizes, async (plan, chunks) => {
        const bounds = new Bounds(plan);
        const see = (item: StreamChunk): void => bounds.check(item);
        const { batches$, sources } = build(plan, { chunks, slow: true, see });
        const taker = new SlowTaker();
        const check = (flow: Flow): void => {
          expectBalanced(flow.counts());
          const { granted, pending } = flow.credit;
          const largest = Math.max(...chunks);
          // What reading went on for although there was no credit: a consumer that had nothing to do.
          const ahead = Math.max(largest, plan.batchRows);
          const { repeats } = flow.counts();
          expect(pending.rows - repeats.pending).toBeLessThanOrEqual(granted.rows + ahead);
          bounds.checkAll();
        };
        const steps$ = batches$.pipe(
          tap(({ flow }) => check(flow)),
          takeSteps(taker),
          tap((item) => check('epochEnd' in item ? item.flow : item.batch.flow)),
        );
        await lastValueFrom(steps$.pipe(toArray()));
        for (const flow of bounds.flows) {
          expect(flow.counts()).toMatchObject({ pending: 0, repeats: { pending: 0 } });
          expect(flow.credit.pending.sizeBytes).toBeCloseTo(0, 3);
        }
        expect(taker.most).toBeLessThanOrEqual(2);
        expect(sources.map(({ open }) => open)).toEqual(sources.map(() => 0));
      }),
      { numRuns: 80 },
    );
  }, 120_000);

  it('that is lost on the way, or far too small, stops nothing', async () => {
    await fc.assert(
      fc.asyncProperty(chunkSizes, fc.integer({ min: 1, max: 9 }), async (chunks, rows) => {
        const source = new SampleSource({ rows: 120, chunks, slow: true });
        let lost = 0;
        const steps$ = fromSource(source, { rows: 1, sizeBytes: 1 }).pipe(
          filter((item) => {
            const passes = item.rows === 0 || (item.keys[0] as number) % 3 !== 0;
            if (!passes) lost += item.rows;
            return passes;
          }),
          shuffle({ rows: 30 }),
          batch({ rows }),
          takeSteps(new SlowTaker()),
          toArray(),
        );
        const flows = (await lastValueFrom(steps$)).map((item) => ('epochEnd' in item ? item.flow : item.batch.flow));
        const { pending, received } = (flows[0] as Flow).counts();
        expect({ pending, received }).toEqual({ pending: lost, received: 120 });
      }),
      { numRuns: 30 },
    );
  });
});
