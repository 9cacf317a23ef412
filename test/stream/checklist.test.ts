import { concat, EMPTY, lastValueFrom, map, NEVER, type Observable, of, Subject, take, tap, toArray } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import { emptyChunk } from '../../src/core/rows.ts';
import { batch } from '../../src/stream/batch.ts';
import type { Flow } from '../../src/stream/flow.ts';
import { fromSource } from '../../src/stream/from-source.ts';
import { interleave } from '../../src/stream/interleave.ts';
import type { StepItem, StreamBatch, StreamChunk } from '../../src/stream/item.ts';
import { keep } from '../../src/stream/keep.ts';
import { reservoir } from '../../src/stream/reservoir.ts';
import { route } from '../../src/stream/route.ts';
import { shuffle } from '../../src/stream/shuffle.ts';
import { type StepTaker, takeSteps } from '../../src/stream/take-steps.ts';
import { itemOf, openFlow, SampleSource, turn } from './sample.ts';

type Out = StreamChunk | StreamBatch | StepItem;

interface Case {
  readonly name: string;
  readonly apply: (items$: Observable<StreamChunk>, flow?: Flow, taker?: StepTaker) => Observable<Out>;
  /**
   * What becomes of `h-a-b-e----|`: the first item, four rows, four rows, an epoch's end. Left out where that takes turns
   * of the event loop.
   */
  readonly marbles?: string;
  /** Rows that it holds at most, beside one chunk. */
  readonly holds: number;
}

const first = (flow: Flow): StreamChunk => ({ ...emptyChunk, flow, epoch: 1 });

const quick: StepTaker = {
  async take({ rows }) {
    await turn();
    return { skipped: 'unlabelled', rows, rejected: {} };
  },
};
const standing: StepTaker = { take: () => new Promise(() => {}) };

const cases: readonly Case[] = [
  { name: 'keep', apply: (items$) => items$.pipe(keep(() => true)), marbles: 'h-4-4-e----|', holds: 0 },
  {
    name: 'route',
    apply: (items$) => items$.pipe(route([{ heads: '*' }], { keepUnlabelled: true })),
    marbles: 'h-4-4-e----|',
    holds: 0,
  },
  { name: 'shuffle', apply: (items$) => items$.pipe(shuffle({ rows: 6 })), marbles: 'h---2-6----|', holds: 6 },
  {
    name: 'reservoir',
    apply: (items$) => items$.pipe(reservoir({ rowsPerHead: 2, share: 0 })),
    marbles: 'h-4-4-e----|',
    holds: 0,
  },
  {
    name: 'batch',
    apply: (items$) => items$.pipe(batch({ rows: 3, keepUnlabelled: true })),
    marbles: 'h-3-3-(2e)-|',
    holds: 3,
  },
  {
    name: 'interleave',
    apply: (items$, flow) => interleave([{ samples$: flow ? concat(of(first(flow)), items$) : items$ }]),
    holds: 1024,
  },
  {
    name: 'takeSteps',
    apply: (items$, _, taker = quick) => items$.pipe(batch({ rows: 3, keepUnlabelled: true }), takeSteps(taker)),
    holds: 3 + 2 * 3,
  },
];

const rowsOf = (item: Out): number => ('batch' in item ? item.batch.rows : 'rows' in item ? item.rows : 0);

/** `h` for the first item, else its rows; `e` where an epoch ends without any. */
const summary = (item: Out): string => ('epochEnd' in item && rowsOf(item) === 0 ? 'e' : `${rowsOf(item) || 'h'}`);

/** Everything that was seen of a stream. */
function watch(stream$: Observable<Out>): { rows: number; errors: unknown[]; completed: number; end(): void } {
  const seen = { rows: 0, errors: [] as unknown[], completed: 0, end: (): void => subscription.unsubscribe() };
  const subscription = stream$.subscribe({
    next: (item) => {
      seen.rows += rowsOf(item);
    },
    error: (error) => seen.errors.push(error),
    complete: () => {
      seen.completed++;
    },
  });
  return seen;
}

async function settled(): Promise<void> {
  for (let count = 0; count < 12; count++) await turn();
}

describe.each(cases)('$name', ({ apply, marbles, holds }) => {
  if (marbles !== undefined)
    it(`emits at once what it can: ${marbles}`, () => {
      new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted)).run(
        ({ hot, expectObservable, expectSubscriptions }) => {
          const flow = openFlow();
          const end = { ...emptyChunk, flow, epoch: 1, epochEnd: 1 };
          const items = { h: first(flow), a: itemOf(flow, 0, 4), b: itemOf(flow, 4, 8), e: end };
          const source = hot('h-a-b-e----|', items);
          expectObservable(apply(source, flow).pipe(map(summary))).toBe(marbles);
          expectSubscriptions(source.subscriptions).toBe('^----------!');
        },
      );
    });

  it('empty: completes', async () => {
    const seen = watch(apply(EMPTY, openFlow()));
    await settled();
    expect(seen).toMatchObject({ rows: 0, errors: [], completed: 1 });
  });

  it('never: says nothing', async () => {
    const seen = watch(apply(NEVER, openFlow()));
    await settled();
    expect(seen).toMatchObject({ rows: 0, errors: [], completed: 0 });
    seen.end();
  });

  it('error: passes it on once, and holds on to nothing', async () => {
    const [flow, items$] = [openFlow(), new Subject<StreamChunk>()];
    const seen = watch(apply(items$, flow));
    items$.next(first(flow));
    items$.next(itemOf(flow, 0, 4));
    items$.error('broken');
    await settled();
    expect(seen).toMatchObject({ errors: ['broken'], completed: 0 });
    expect(items$.observed).toBe(false);
  });

  it('early unsubscribe: nothing stays subscribed, nothing more comes', async () => {
    const [flow, items$] = [openFlow(), new Subject<StreamChunk>()];
    const seen = watch(apply(items$, flow));
    items$.next(first(flow));
    items$.next(itemOf(flow, 0, 8));
    seen.end();
    const { rows } = seen;
    expect(items$.observed).toBe(false);
    await settled();
    expect(seen).toMatchObject({ rows, errors: [], completed: 0 });
  });

  it('early unsubscribe, by the first item', async () => {
    const [flow, items$] = [openFlow(), new Subject<StreamChunk>()];
    const seen = watch(apply(items$, flow).pipe(take(1)));
    items$.next(first(flow));
    items$.next(itemOf(flow, 0, 8));
    await settled();
    expect(seen).toMatchObject({ errors: [], completed: 1 });
    expect(items$.observed).toBe(false);
  });

  it('re-entrancy: every row comes out once when items are sent while one is received', async () => {
    const [flow, items$] = [openFlow(), new Subject<StreamChunk>()];
    let sent = 1;
    const seen = watch(
      apply(items$, flow).pipe(
        tap((item) => {
          if (rowsOf(item) > 0 && sent < 5) items$.next(itemOf(flow, 4 * sent, 4 * ++sent));
        }),
      ),
    );
    items$.next(first(flow));
    items$.next(itemOf(flow, 0, 4));
    await settled();
    while (sent < 5) items$.next(itemOf(flow, 4 * sent, 4 * ++sent));
    items$.complete();
    await settled();
    expect(seen).toMatchObject({ rows: 20, errors: [], completed: 1 });
  });

  it('back-pressure: who stands still holds the source up', async () => {
    const source = new SampleSource({ rows: 5000, chunks: [4] });
    const standStill = ({ flow }: { readonly flow: Flow }): void => flow.consumer(() => false);
    const samples$ = fromSource(source, { rows: 16 }).pipe(tap<StreamChunk>(standStill));
    const stream$ = apply(samples$, undefined, standing);
    const seen = watch(stream$.pipe(tap((item) => standStill('batch' in item ? item.batch : item))));
    await settled();
    expect(source.read$).toBeGreaterThanOrEqual(16);
    expect(source.read$).toBeLessThanOrEqual(16 + holds + 4);
    seen.end();
    await settled();
    expect(source.open).toBe(0);
  });

  it('gives every row of a source, and leaves nothing open', async () => {
    const source = new SampleSource({ rows: 50, chunks: [4, 7] });
    const stream$ = apply(fromSource(source, { epochs: 2 }));
    const items = await lastValueFrom(stream$.pipe(toArray()));
    expect(items.reduce((sum, item) => sum + rowsOf(item), 0)).toBe(100);
    expect(source.open).toBe(0);
  });
});
