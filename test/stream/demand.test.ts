import fc from 'fast-check';
import { filter, lastValueFrom, tap, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Reading, Source } from '../../src/source/source.ts';
import { batch } from '../../src/stream/batch.ts';
import type { Flow } from '../../src/stream/flow.ts';
import { fromSource } from '../../src/stream/from-source.ts';
import type { FlowCounts } from '../../src/stream/ledger.ts';
import { shuffle } from '../../src/stream/shuffle.ts';
import { type StepTaker, takeSteps } from '../../src/stream/take-steps.ts';
import { build, chains, chunkSizes } from './chain.ts';
import { SampleSource, sampleRows, turn } from './sample.ts';

/** Takes steps that last a turn of the event loop each, and counts those under way. */
class SlowTaker implements StepTaker {
  running = 0;
  most = 0;

  async take({ rows, labels }: Parameters<StepTaker['take']>[0]) {
    this.most = Math.max(this.most, ++this.running);
    await turn();
    this.running--;
    const heads = Object.fromEntries(
      Object.keys(labels).map((head) => [head, { loss: 0, labels: 1, denominator: 1, weight: 1 }]),
    );
    if (Object.keys(heads).length === 0) return { skipped: 'unlabelled' as const, rows, rejected: {} };
    const times = { assembleMs: 0, computeMs: 0, mergeMs: 0, updateMs: 0 };
    return { step: 1, rows, loss: 0, heads, rejected: {}, gradientNorms: {}, learningRates: {}, ...times };
  }
}

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
        const { batches$, sources } = build(plan, { chunks, slow: true });
        const taker = new SlowTaker();
        const flows = new Set<Flow>();
        const check = (flow: Flow): void => {
          flows.add(flow);
          expectBalanced(flow.counts());
          const { granted, pending } = flow.credit;
          const largest = Math.max(...chunks);
          // What reading went on for although there was no credit: a consumer that had nothing to do.
          const ahead = Math.max(largest, plan.batchRows);
          const { repeats } = flow.counts();
          expect(pending.rows - repeats.pending).toBeLessThanOrEqual(granted.rows + ahead);
        };
        const steps$ = batches$.pipe(
          tap(({ flow }) => check(flow)),
          takeSteps(taker),
          tap((item) => check('epochEnd' in item ? item.flow : item.batch.flow)),
        );
        await lastValueFrom(steps$.pipe(toArray()));
        for (const flow of flows) {
          expect(flow.counts()).toMatchObject({ pending: 0, repeats: { pending: 0 } });
          expect(flow.credit.pending.sizeBytes).toBeCloseTo(0, 3);
        }
        expect(taker.most).toBeLessThanOrEqual(2);
        expect(sources.map(({ open }) => open)).toEqual(sources.map(() => 0));
      }),
      { numRuns: 80 },
    );
  });

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

  it('holds few chunks however many there are and however slow steps are', async () => {
    const chunks = 1_000_000;
    const one = { ...sampleRows(0, 1), labels: { a: { values: new Float32Array(1), present: Uint8Array.of(1) } } };
    let read = 0;
    const source: Source = {
      name: 'many',
      replayable: true,
      inputs: {},
      heads: ['a'],
      async *read(): AsyncGenerator<Reading> {
        for (; read < chunks; ) yield { chunk: one, rejected: [], position: ++read };
      },
    };
    let [most, steps] = [0, 0];
    const steps$ = fromSource(source, { rows: 64 }).pipe(
      batch({ rows: 64 }),
      takeSteps(new SlowTaker()),
      tap((item) => {
        if ('epochEnd' in item) return;
        steps++;
        most = Math.max(most, item.batch.flow.counts().pending);
      }),
    );
    await lastValueFrom(steps$);
    expect(steps).toBe(chunks / 64);
    // Read ahead, a batch being put together, two under way; and one for which reading went on.
    expect(most).toBeLessThanOrEqual(64 + 64 + 2 * 64 + 64);
  }, 120_000);
});
