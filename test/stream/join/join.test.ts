import fc from 'fast-check';
import { type Observable, Subject, takeUntil, tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Rejected } from '../../../src/core/chunk.ts';
import { batch } from '../../../src/stream/batch.ts';
import { decodeState, encodeState } from '../../../src/stream/encode.ts';
import type { Flow } from '../../../src/stream/flow.ts';
import { fromSource } from '../../../src/stream/from-source.ts';
import type { StreamBatch } from '../../../src/stream/item.ts';
import { type JoinOptions, join } from '../../../src/stream/join.ts';
import type { FlowCounts } from '../../../src/stream/ledger.ts';
import { shuffle } from '../../../src/stream/shuffle.ts';
import type { StreamState } from '../../../src/stream/state.ts';
import { placesOf } from '../../../src/train/run/covered.ts';
import { newFolder } from '../folder.ts';
import { all, chunkSizes, plain, trained } from '../sample.ts';
import { type Emission, type ModelOptions, model } from './model.ts';
import { type Row, RowSource, type RowSourceOptions, rowsOf } from './rows.ts';

interface Plan extends ModelOptions {
  readonly samples: readonly Row[];
  readonly labels: readonly Row[];
}

const plans = (least: number): fc.Arbitrary<Plan> =>
  fc.record({
    samples: rowsOf(false, least),
    labels: rowsOf(true, least),
    ttlMs: fc.constantFrom(20, 100, 1_000),
    maxItems: fc.constantFrom(4, 12, 1_000),
    onLate: fc.constantFrom('train', 'deadLetter', 'drop'),
  });

interface StreamOptions extends RowSourceOptions, Partial<JoinOptions> {
  readonly directory: string;
}

/** Batches of a plan. */
function batchesOf(plan: Plan, options: StreamOptions): Observable<StreamBatch> {
  const { samples, labels, ttlMs, maxItems, onLate } = plan;
  const { chunks, slow, restore, deadLetter, directory } = options;
  const restored = restore ? { restore } : {};
  const reading = { ...(chunks ? { chunks } : {}), ...(slow ? { slow } : {}) };
  const stream = (name: string, rows: readonly Row[]) =>
    fromSource(new RowSource(name, rows, reading), { rows: 2, ...restored });
  const more = { ...restored, ...(deadLetter ? { deadLetter } : {}) };
  return join(stream('samples', samples), stream('labels', labels), {
    directory,
    ttlMs,
    maxItems,
    onLate,
    ...more,
  }).pipe(
    tap(({ flow }) => expectBalanced(flow)),
    shuffle({ rows: 3 }),
    batch({ rows: 2 }),
    trained(),
    tap(({ flow }) => expectBalanced(flow)),
  );
}

function expectBalanced(flow: Flow): void {
  const { received, pending, outcomes, repeats } = flow.counts();
  expect(pending).toBe(received - sum(outcomes));
  expect(repeats.pending).toBe(repeats.received - sum(repeats.outcomes));
  expect(flow.operators[0]?.counts).toBeDefined();
  const counts = flow.operators[0]?.counts?.() as Readonly<Record<string, number>>;
  const { labelsReceived, labelsUsed, labelsDuplicate, labelsLate, labelsExpired, labelsEvicted, labelsWaiting } =
    counts;
  const settled = [labelsUsed, labelsDuplicate, labelsLate, labelsExpired, labelsEvicted, labelsWaiting] as number[];
  expect(labelsReceived).toBe(settled.reduce((one, other) => one + other, 0));
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((one, other) => one + other, 0);

/** What went on, in an order that shuffling does not decide. */
function emissionsOf(batches: readonly StreamBatch[]): readonly string[] {
  return batches
    .flatMap((one) =>
      Array.from({ length: one.rows }, (_, row): Emission => {
        const labels = Object.entries(one.labels).flatMap(([head, { values, present, weight }]) => {
          if (present[row] && head === 'b') expect(weight?.[row]).toBe((values[row] as number) / 2);
          return present[row] ? [[head, values[row] as number] as const] : [];
        });
        const number = one.keys[row] as number;
        expect((plain(one) as { inputs: { x: number[] } }).inputs.x.slice(2 * row, 2 * row + 2)).toEqual([
          number,
          number / 2,
        ]);
        return {
          id: one.ids?.[row] as string,
          number,
          labels: Object.fromEntries(labels),
          isRepeat: one.repeats?.[row] === 1,
        };
      }),
    )
    .map(textOf)
    .sort();
}

const textOf = ({ id, number, labels, isRepeat }: Emission): string =>
  JSON.stringify([id, number, Object.entries(labels).sort(), isRepeat]);

describe('join', () => {
  it('does what the plain model does, and keeps its books at every moment', async () => {
    await fc.assert(
      fc.asyncProperty(plans(0), chunkSizes, async (plan, chunks) => {
        const dead: Rejected[] = [];
        const deadLetter = (rejected: Rejected): void => void dead.push(rejected);
        const batches = await all(batchesOf(plan, { directory: newFolder(), chunks, deadLetter }));
        const { emissions, counts, deadLetters } = model(plan.samples, plan.labels, plan);
        expect(emissionsOf(batches)).toEqual(emissions.map(textOf).sort());
        expect(dead.map(({ id, head }) => `${id} ${head}`)).toEqual(deadLetters);
        const flow = batches.at(-1)?.flow as Flow;
        expect(flow.counts()).toMatchObject({
          received: plan.samples.length,
          pending: 0,
          outcomes: { expired: counts.samplesExpired, duplicate: counts.samplesDuplicate },
        });
        expect(flow.operators[0]?.counts?.()).toMatchObject({
          labelsUsed: counts.used,
          labelsLate: counts.late,
          labelsDuplicate: counts.duplicate,
          labelsExpired: counts.expired,
          labelsEvicted: counts.evicted,
          samplesWaiting: 0,
          labelsWaiting: 0,
        });
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });

  it('goes on from any of several states with exactly what would have come, again and again, and forgets what is covered', async () => {
    await fc.assert(
      fc.asyncProperty(
        plans(120),
        chunkSizes,
        fc.array(
          fc.record({
            batches: fc.integer({ min: 1, max: 4 }),
            back: fc.integer({ min: 0, max: 1 }),
            chunks: chunkSizes,
            covers: fc.constantFrom(true, true, false),
          }),
          { minLength: 4, maxLength: 9 },
        ),
        async (plan, chunks, stops) => {
          const whole = await run(plan, { directory: newFolder(), chunks });
          const directory = newFolder();
          // Checkpoints, oldest first: how many batches came before, and the state.
          let kept: { readonly count: number; readonly state: StreamState | undefined }[] = [
            { count: 0, state: undefined },
          ];
          for (const { batches, back, chunks: own, covers } of stops) {
            kept = kept.slice(0, kept.length - Math.min(back, kept.length - 1));
            const { count, state } = kept.at(-1) as (typeof kept)[number];
            // The one that was gone on from is then the oldest that is kept.
            const oldest = covers ? state : undefined;
            const options = { directory, chunks: own, ...(state ? { restore: state } : {}) };
            const stopped = await stopAfter(plan, options, batches, oldest);
            expect(stopped.batches).toEqual(whole.batches.slice(count, count + stopped.batches.length));
            if (stopped.state) kept = [...kept, { count: count + batches, state: stopped.state }];
            if (kept.length > 2) kept = kept.slice(-2);
          }
          const { count, state } = kept.at(-1) as (typeof kept)[number];
          const rest = await run(plan, { directory, chunks, ...(state ? { restore: state } : {}) });
          expect(rest.batches).toEqual(whole.batches.slice(count));
          if (rest.batches.length > 0) expect(rest.counts).toEqual(whole.counts);
        },
      ),
      { numRuns: 8, endOnFailure: true },
    );
  }, 120_000);
});

async function run(
  plan: Plan,
  options: StreamOptions,
): Promise<{ batches: unknown[]; counts: FlowCounts | undefined }> {
  const batches = await all(batchesOf(plan, options));
  return { batches: batches.map(plain), counts: batches.at(-1)?.flow.counts() };
}

/** Stops some batches later, with a state that was taken on the way, as it would be read from a file; rows after it are lost. */
function stopAfter(
  plan: Plan,
  options: StreamOptions,
  count: number,
  covered: StreamState | undefined,
): Promise<{ batches: unknown[]; state: StreamState | undefined }> {
  return new Promise((resolve, reject) => {
    const batches: unknown[] = [];
    let state: StreamState | undefined;
    let extra = 1;
    let isCovered = covered === undefined;
    // The first batches may come while it is being subscribed to.
    const stopped$ = new Subject<void>();
    const batches$ = batchesOf(plan, options).pipe(takeUntil(stopped$));
    batches$.subscribe({
      next(one) {
        if (one.rows > 0 || one.epochEnd !== undefined) batches.push(plain(one));
        if (batches.length === count && !state) {
          const { json, arrays } = encodeState(one.flow.state());
          state = decodeState({ json: JSON.parse(JSON.stringify(json)), arrays });
          if (covered)
            one.flow.covered(placesOf(covered)).then(() => {
              isCovered = true;
            }, reject);
        }
        if (batches.length >= count && isCovered && extra-- === 0) {
          stopped$.next();
          resolve({ batches, state });
        }
      },
      error: reject,
      complete: () => resolve({ batches, state }),
    });
  });
}
