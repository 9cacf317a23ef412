import { EMPTY, lastValueFrom, map, NEVER, type Observable, Subject, take, tap, toArray } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { emptyChunk } from '../../../src/core/rows.ts';
import type { Flow } from '../../../src/stream/flow.ts';
import { fromSource } from '../../../src/stream/from-source.ts';
import type { StreamChunk } from '../../../src/stream/item.ts';
import { play, settled, until } from '../marble.ts';
import { itemOf, openFlow, SampleSource } from '../sample.ts';
import { firstAside, openAside } from './aside.ts';
import { cases, first, type Out, scores } from './cases.ts';

const keysOf = (item: Out): Iterable<number> => ('batch' in item ? item.batch.keys : 'keys' in item ? item.keys : []);
const ownOf = (item: Out): readonly number[] => [...keysOf(item)].filter((key) => key < firstAside);
const rowsOf = (item: Out): number => ('batch' in item ? item.batch.rows : 'rows' in item ? item.rows : 0);

/** `h` for the first item, else its rows; `e` where an epoch ends without any. */
const summary = (item: Out): string => ('epochEnd' in item && rowsOf(item) === 0 ? 'e' : `${rowsOf(item) || 'h'}`);

/** Everything that was seen of a stream: rows of its own source, by their keys, and how it ended. */
function watch(stream$: Observable<Out>): {
  readonly keys: number[];
  readonly errors: unknown[];
  completed: number;
  end(): void;
} {
  const seen = {
    keys: [] as number[],
    errors: [] as unknown[],
    completed: 0,
    end: (): void => subscription.unsubscribe(),
  };
  const subscription = stream$.subscribe({
    next: (item) => seen.keys.push(...ownOf(item)),
    error: (error) => seen.errors.push(error),
    complete: () => {
      seen.completed++;
    },
  });
  return seen;
}

/** The items of the scores. */
function valuesOf(flow: Flow): Readonly<Record<string, StreamChunk>> {
  const e = { ...emptyChunk, flow, epoch: 1, epochEnd: 1 };
  return { h: first(flow), a: itemOf(flow, 0, 4), b: itemOf(flow, 4, 8), e };
}

afterEach(async () => {
  await until(() => openAside() === 0);
});

describe.each(cases)('$name', ({ apply, output, holds, isImmediate, epochs = 2 }) => {
  if (isImmediate)
    it(`emits at once what it can: ${output.whole}`, () => {
      new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted)).run(
        ({ hot, expectObservable, expectSubscriptions }) => {
          const flow = openFlow();
          const source = hot(scores.whole.items, valuesOf(flow));
          expectObservable(apply(source, flow).pipe(map(summary))).toBe(output.whole);
          expectSubscriptions(source.subscriptions).toBe(scores.whole.subscriptions);
        },
      );
    });

  it.each(Object.entries(scores))('plays what comes, what ends, and what is left: %s', async (name, score) => {
    const flow = openFlow();
    const { items, leave, subscriptions } = score;
    const wanted = {
      sources: { items },
      leave,
      output: output[name as keyof typeof scores],
      subscriptions: { items: subscriptions },
    };
    const played = await play(wanted, valuesOf(flow), ({ items: items$ }) => apply(items$, flow), summary);
    expect(played).toEqual(wanted);
  });

  it('empty: completes', async () => {
    const seen = watch(apply(EMPTY, openFlow()));
    await until(() => seen.completed > 0);
    expect(seen).toMatchObject({ keys: [], errors: [], completed: 1 });
  });

  it('never: says nothing', async () => {
    const seen = watch(apply(NEVER, openFlow()));
    await settled();
    expect(seen).toMatchObject({ keys: [], errors: [], completed: 0 });
    seen.end();
  });

  it('error: passes it on once, and holds on to nothing', async () => {
    const [flow, items$] = [openFlow(), new Subject<StreamChunk>()];
    const seen = watch(apply(items$, flow));
    items$.next(first(flow));
    items$.next(itemOf(flow, 0, 4));
    items$.error('broken');
    await until(() => seen.errors.length > 0);
    expect(seen).toMatchObject({ errors: ['broken'], completed: 0 });
    expect(items$.observed).toBe(false);
  });

  it('early unsubscribe: nothing stays subscribed, nothing more comes', async () => {
    const [flow, items$] = [openFlow(), new Subject<StreamChunk>()];
    const seen = watch(apply(items$, flow));
    items$.next(first(flow));
    items$.next(itemOf(flow, 0, 8));
    seen.end();
    const keys = [...seen.keys];
    expect(items$.observed).toBe(false);
    await settled();
    expect(seen).toMatchObject({ keys, errors: [], completed: 0 });
  });

  it('early unsubscribe, by the first item', async () => {
    const [flow, items$] = [openFlow(), new Subject<StreamChunk>()];
    const seen = watch(apply(items$, flow).pipe(take(1)));
    items$.next(first(flow));
    items$.next(itemOf(flow, 0, 8));
    await until(() => seen.completed > 0);
    expect(seen).toMatchObject({ errors: [], completed: 1 });
    expect(items$.observed).toBe(false);
  });

  it('re-entrancy: every row comes out once when items are sent while one is received', async () => {
    const [flow, items$] = [openFlow(), new Subject<StreamChunk>()];
    let sent = 1;
    const seen = watch(
      apply(items$, flow).pipe(
        tap((item) => {
          if (ownOf(item).length > 0 && sent < 5) items$.next(itemOf(flow, 4 * sent, 4 * ++sent));
        }),
      ),
    );
    await until(() => items$.observed);
    items$.next(first(flow));
    items$.next(itemOf(flow, 0, 4));
    await settled();
    while (sent < 5) items$.next(itemOf(flow, 4 * sent, 4 * ++sent));
    items$.complete();
    await until(() => seen.completed > 0);
    expect(seen).toMatchObject({ errors: [], completed: 1 });
    expect(seen.keys.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, key) => key));
  });

  it('back-pressure: who stands still holds the source up', async () => {
    const source = new SampleSource({ rows: 5000, chunks: [4] });
    const standStill = ({ flow }: { readonly flow: Flow }): void => flow.consumer(() => false);
    const samples$ = fromSource(source, { rows: 16 }).pipe(tap<StreamChunk>(standStill));
    const stream$ = apply(samples$, undefined, true);
    const seen = watch(stream$.pipe(tap((item) => standStill('batch' in item ? item.batch : item))));
    await until(() => source.read$ >= 16);
    expect(source.read$).toBeLessThanOrEqual(16 + holds + 4);
    seen.end();
    await until(() => source.open === 0);
  });

  it('gives every row of a source, and leaves nothing open', async () => {
    const source = new SampleSource({ rows: 50, chunks: [4, 7] });
    const stream$ = apply(fromSource(source, { epochs }));
    const items = await lastValueFrom(stream$.pipe(toArray()));
    const once = Array.from({ length: 50 * epochs }, (_, at) => Math.floor(at / epochs));
    expect(items.flatMap(ownOf).toSorted((a, b) => a - b)).toEqual(once);
    expect(source.open).toBe(0);
  });
});
