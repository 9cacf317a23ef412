import { lastValueFrom, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Rejected } from '../../src/core/chunk.ts';
import { ConfigError, TrunklineError } from '../../src/core/error.ts';
import type { Reading, ReadOptions } from '../../src/source/source.ts';
import { batch } from '../../src/stream/batch.ts';
import { fromSource } from '../../src/stream/from-source.ts';
import type { StreamChunk } from '../../src/stream/item.ts';
import { shuffle } from '../../src/stream/shuffle.ts';
import type { StreamState } from '../../src/stream/state.ts';
import { all, rejectedRow, SampleSource, trained, turn } from './sample.ts';

/** Why a stream ended; undefined when it completed. */
function failureOf(stream$: ReturnType<typeof fromSource>): Promise<unknown> {
  return new Promise((resolve) => {
    stream$.subscribe({ error: resolve, complete: () => resolve(undefined) });
  });
}

/** A source that never gives anything, and says how it was left. */
class Silent extends SampleSource {
  aborted = false;

  constructor() {
    super({ rows: 1, chunks: [1] });
  }

  override async *read({ signal }: ReadOptions): AsyncGenerator<Reading> {
    yield* [];
    await new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        this.aborted = true;
        reject(signal.reason);
      });
    });
  }
}

describe('fromSource', () => {
  it('begins with an item without rows, and says when each epoch ends', async () => {
    const source = new SampleSource({ rows: 5, chunks: [3] });
    const items = await lastValueFrom(fromSource(source, { epochs: 2, from: 1 }).pipe(toArray()));
    expect(items.map(({ epoch, epochEnd, keys }) => [epoch, epochEnd, ...keys])).toEqual([
      [1, undefined],
      [1, undefined, 1, 2, 3],
      [1, undefined, 4],
      [1, 1],
      [2, undefined, 0, 1, 2],
      [2, undefined, 3, 4],
      [2, 2],
    ]);
    expect(items[0]?.flow.counts()).toMatchObject({ received: 9, pending: 9 });
  });

  it('reads for each subscription anew, and nothing before there is one', async () => {
    const source = new SampleSource({ rows: 5, chunks: [3] });
    const samples$ = fromSource(source);
    expect(source.read$).toBe(0);
    const [one, other] = await Promise.all([all(samples$), all(samples$)]);
    expect(one[0]?.flow).not.toBe(other[0]?.flow);
    expect(source.read$).toBe(10);
  });

  it('hands on what is rejected, counts it, and goes on', async () => {
    const letters: Rejected[] = [];
    const source = new SampleSource({ rows: 6, chunks: [2], bad: (row) => row % 3 === 1 });
    const samples$ = fromSource(source, { deadLetter: async (rejected) => void letters.push(rejected) });
    const items = await all(samples$);
    expect(items.flatMap(({ keys }) => [...keys])).toEqual([0, 2, 3, 5]);
    expect(letters).toEqual([1, 4].map(rejectedRow));
    const { received, outcomes, rejected } = (items[0] as StreamChunk).flow.counts();
    expect({ received, rejected, bad: outcomes.rejected }).toEqual({ received: 6, rejected: { badType: 2 }, bad: 2 });
  });

  it('ends with a summary when too much is rejected', async () => {
    const source = new SampleSource({ rows: 100, chunks: [4], bad: (row) => row % 2 === 1 });
    const error = await failureOf(fromSource(source, { rejectLimit: { share: 0.4, after: 10 } }));
    expect(error).toEqual(
      new TrunklineError([
        {
          where: "source 'sample'",
          expected: 'at most 40 % of the records rejected',
          found: '6 of 12: 6 × badType',
          hint: 'the latest of them follow',
        },
        rejectedRow(9).issue,
        rejectedRow(11).issue,
      ]),
    );
    await turn();
    expect(source.open).toBe(0);
  });

  it('passes on an error of the medium once, after what was read before', async () => {
    const source = new SampleSource({ rows: 100, chunks: [4], failAt: 10 });
    const [keys, errors]: [number[], unknown[]] = [[], []];
    fromSource(source).subscribe({ next: (item) => keys.push(...item.keys), error: (error) => errors.push(error) });
    for (let count = 0; count < 20; count++) await turn();
    expect(keys).toHaveLength(8);
    expect(errors).toEqual([new Error('the medium failed')]);
    expect(source.open).toBe(0);
  });

  it('passes on what the dead letters throw', async () => {
    const source = new SampleSource({ rows: 4, chunks: [4], bad: () => true });
    const deadLetter = async (): Promise<void> => {
      throw new Error('disk full');
    };
    expect(await failureOf(fromSource(source, { deadLetter }))).toEqual(new Error('disk full'));
  });

  it('aborts the reading when it is left, also one that waits', async () => {
    const source = new Silent();
    const subscription = fromSource(source).subscribe();
    await turn();
    expect(source.aborted).toBe(false);
    subscription.unsubscribe();
    expect(source.aborted).toBe(true);
  });

  it('ends with the reason of a signal', async () => {
    const controller = new AbortController();
    const source = new Silent();
    const ended = failureOf(fromSource(source, { signal: controller.signal }));
    await turn();
    controller.abort('enough');
    expect(await ended).toBe('enough');
    expect(source.aborted).toBe(true);
    expect(await failureOf(fromSource(source, { signal: controller.signal }))).toBe('enough');
  });

  it('refuses epochs without end of nothing', async () => {
    const source = new SampleSource({ rows: 0, chunks: [1] });
    expect(await failureOf(fromSource(source, { epochs: Number.POSITIVE_INFINITY }))).toEqual(
      new ConfigError({
        where: "source 'sample'",
        expected: 'something to read in every epoch, as there is no end of them',
        found: 'an empty one',
      }),
    );
  });

  it('refuses options that are none', () => {
    expect(() => fromSource(new SampleSource({ rows: 1, chunks: [1] }), { epochs: 0, rows: -1 })).toThrow(
      new ConfigError([
        { where: 'fromSource.epochs', expected: 'a number, more than 0', found: '0' },
        { where: 'fromSource.rows', expected: 'a number, more than 0', found: '-1' },
      ]),
    );
  });

  it('goes on from a state only with the operators it was taken from', async () => {
    const source = new SampleSource({ rows: 20, chunks: [4] });
    const taken = await new Promise<StreamState>((resolve) => {
      fromSource(source)
        .pipe(shuffle({ rows: 3 }), batch({ rows: 2, keepUnlabelled: true }), trained())
        .subscribe(({ flow, rows }) => rows > 0 && resolve(flow.state()));
    });
    const restored = (state: StreamState) => fromSource(source, { restore: state });
    const other = {
      where: "state of 'sample'",
      hint: 'go on with the operators that the state was taken from, in their order',
    };
    expect(await failureOf(restored(taken).pipe(batch({ rows: 2 })) as never)).toEqual(
      new ConfigError({ ...other, expected: 'that of its operators: batch', found: 'one of shuffle, batch' }),
    );
    expect(await failureOf(restored(taken).pipe(shuffle({ rows: 3 })))).toEqual(
      new ConfigError({ ...other, expected: 'that of its operators: shuffle', found: 'one of shuffle, batch' }),
    );
    expect(await failureOf(restored({ else: taken.sample as never }))).toEqual(
      new ConfigError({ where: 'restore', expected: "a state of 'sample'", found: "'else'" }),
    );
  });
});
