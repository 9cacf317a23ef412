import fc from 'fast-check';
import { lastValueFrom, type MonoTypeOperatorFunction, map, Subject, tap, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Chunk } from '../../src/core/chunk.ts';
import { ManualClock } from '../../src/core/clock.ts';
import { ConfigError } from '../../src/core/error.ts';
import { batch } from '../../src/stream/batch.ts';
import { Draws } from '../../src/stream/draw.ts';
import { fromSource } from '../../src/stream/from-source.ts';
import { interleave } from '../../src/stream/interleave.ts';
import type { StreamBatch, StreamChunk } from '../../src/stream/item.ts';
import { keep } from '../../src/stream/keep.ts';
import { Quota } from '../../src/stream/quota.ts';
import { reservoir } from '../../src/stream/reservoir.ts';
import { route } from '../../src/stream/route.ts';
import { RowList } from '../../src/stream/row-list.ts';
import { shuffle } from '../../src/stream/shuffle.ts';
import {
  all,
  chunkSizes,
  consume,
  heads,
  itemOf,
  openFlow,
  SampleSource,
  sampleRows,
  trained,
  turn,
} from './sample.ts';

const source = (rows: number, more: object = {}): SampleSource => new SampleSource({ rows, chunks: [16], ...more });
const keysOf = (items: readonly (StreamChunk | StreamBatch)[]): number[] => items.flatMap(({ keys }) => [...keys]);
const isBatch = ({ rows }: { readonly rows: number }): boolean => rows > 0;
const labelsIn = (labels: Chunk['labels'], head: string): number =>
  labels[head]?.present.reduce((sum, mark) => sum + mark, 0) ?? 0;

/** What a stream fails with. */
const failure = (stream$: { subscribe(observer: object): unknown }): Promise<unknown> =>
  new Promise((resolve) => stream$.subscribe({ error: resolve, complete: () => resolve('completed') }));

describe('shuffle', () => {
  it('gives each row once an epoch, in an order of its own for each epoch and seed', async () => {
    const orders = [];
    for (const seed of [1, 1, 2]) {
      const items = await all(fromSource(source(300), { epochs: 2 }).pipe(shuffle({ rows: 100, seed })));
      const keys = keysOf(items);
      expect(keys.slice(0, 300).sort((one, other) => one - other)).toEqual(Array.from({ length: 300 }, (_, at) => at));
      expect(keys.slice(0, 300)).not.toEqual(keys.slice(300));
      orders.push(keys);
    }
    expect(orders[0]).toEqual(orders[1]);
    expect(orders[0]).not.toEqual(orders[2]);
  });

  it('draws each row of a window that holds all equally often at each place', async () => {
    const counts = new Float64Array(16);
    for (let seed = 0; seed < 800; seed++) {
      const items = await all(fromSource(source(4)).pipe(shuffle({ rows: 4, seed })));
      keysOf(items).forEach((key, place) => {
        counts[4 * key + place] = (counts[4 * key + place] as number) + 1;
      });
    }
    // Chi-squared of 9 degrees of freedom: above 27.9 once in a thousand.
    const squared = counts.reduce((sum, count) => sum + (count - 200) ** 2 / 200, 0);
    expect(squared).toBeLessThan(27.9);
  });

  it.each([
    // 8 bytes of numbers, 24 and more of places and text, 15 for three labels, 4 of a key, 6 and more of an id.
    { size: 'of many numbers', sizeBytes: 600, leastBytes: 57, idOf: undefined },
    { size: 'with long ids', sizeBytes: 4000, leastBytes: 457, idOf: (id: string) => id.padEnd(203, '-') },
  ])('holds fewer rows when they are large: $size', async ({ sizeBytes, leastBytes, idOf }) => {
    const rows$ = fromSource(source(60), { rows: 1 }).pipe(
      map((item) => (idOf && item.ids ? { ...item, ids: item.ids.map(idOf) } : item)),
    );
    let [sent, most] = [0, 0];
    const samples$ = rows$.pipe(
      shuffle({ rows: 50, sizeBytes }),
      tap(({ rows, flow, epochEnd }) => {
        sent += rows;
        if (epochEnd === undefined && rows > 0) most = Math.max(most, flow.counts().received - sent);
      }),
    );
    expect(keysOf(await all(samples$))).toHaveLength(60);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(sizeBytes / leastBytes);
  });
});

describe('what an operator holds', () => {
  it('keeps at most twice as much from being freed, and the newest chunk', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 5, maxLength: 60 }),
        fc.nat(),
        (sizes, seed) => {
          const [list, draws] = [new RowList(), new Draws(seed, 'test')];
          let [start, count] = [0, 0];
          for (const size of sizes) {
            const chunk = sampleRows(start, start + size);
            start += size;
            const number = list.enter(chunk);
            for (let row = 0; row < size; row++)
              if (list.size < 30) list.push(number, row);
              else list.set(draws.below(list.size, count++), number, row);
            list.compact();
            // A chunk of 20 rows has at most 20 · (8 + 32 + 15 + 4 + 12 + …) bytes.
            expect(list.pinnedBytes).toBeLessThanOrEqual(2 * list.sizeBytes + 20 * 110);
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('batch', () => {
  it('has the rows it was asked for, the rest at an epoch’s end, and leaves out what has no label', async () => {
    const batches = (await all(fromSource(source(100)).pipe(batch({ rows: 16 })))).filter(isBatch);
    const rows = sampleRows(0, 100);
    const labelled = [...rows.keys].filter((key) => heads.some((head) => rows.labels[head]?.present[key]));
    expect(keysOf(batches)).toEqual(labelled);
    expect(batches.map((one) => one.rows)).toEqual([16, 16, 16, 16, labelled.length - 64]);
    expect(batches[0]?.flow.counts().outcomes.unlabelled).toBe(100 - labelled.length);
  });

  it('gives rare heads as many labels as their quota says, or none, until an epoch ends', async () => {
    const least = 4;
    const options = { rows: 16, quota: { rare: least }, keepUnlabelled: true };
    const batches = (await all(fromSource(source(600)).pipe(batch(options)))).filter(isBatch);
    const counts = batches.slice(0, -1).map(({ labels }) => labelsIn(labels, 'rare'));
    expect(counts.filter((count) => count > 0 && count < least)).toEqual([]);
    expect(counts.filter((count) => count >= least).length).toBeGreaterThan(5);
    expect(keysOf(batches).sort((one, other) => one - other)).toEqual(Array.from({ length: 600 }, (_, at) => at));
  });

  it('holds back one row less than the quotas say, for each head', () => {
    expect(new Quota({ rare: 4, '*': 2 }, heads, 16).heldRows).toBe(3 + 1 + 1);
  });

  it('refuses quotas that mean nothing or do not fit', async () => {
    const batches$ = fromSource(source(4)).pipe(batch({ rows: 4, quota: { rar: 2, b: 5 } }));
    expect(await failure(batches$)).toEqual(
      new ConfigError([
        {
          where: "batch.quota['rar']",
          expected: "a head 'rar'",
          found: "'a', 'b', 'rare'",
          hint: "did you mean 'rare'?",
        },
        { where: "batch.quota['b']", expected: 'at most the 4 rows of a batch', found: '5' },
      ]),
    );
  });

  it('is kept until it has ended where somebody says so, and nowhere else', async () => {
    const emitted = async (...taken: MonoTypeOperatorFunction<StreamBatch>[]): Promise<number | undefined> => {
      const batches$ = fromSource(source(100)).pipe(batch({ rows: 16 }));
      const [one] = (await all(taken.reduce((from$, operator) => from$.pipe(operator), batches$))).filter(isBatch);
      const { flow } = one as StreamBatch;
      const operator = flow.state()[flow.name]?.operators.at(-1);
      return (operator?.state.json as { readonly emitted: readonly unknown[] } | undefined)?.emitted.length;
    };
    expect(await emitted()).toBe(0);
    expect(await emitted(tap(({ flow }) => consume(flow)))).toBeGreaterThan(4);
    expect(await emitted(trained())).toBe(0);
  });

  it('with a time limit lets no row wait longer, and says that runs can’t be repeated', async () => {
    const [clock, flow, items$] = [new ManualClock(), openFlow(), new Subject<StreamChunk>()];
    const seen: number[][] = [];
    items$
      .pipe(batch({ rows: 4, timeLimitMs: 100, keepUnlabelled: true, clock }))
      .subscribe(({ keys }) => seen.push([clock.nowMs(), ...keys]));
    items$.next(itemOf(flow, 0, 3));
    await clock.advance(60);
    items$.next(itemOf(flow, 3, 6));
    await clock.advance(99);
    expect(seen).toEqual([[60, 0, 1, 2, 3]]);
    await clock.advance(1);
    expect(seen).toEqual([
      [60, 0, 1, 2, 3],
      [160, 4, 5],
    ]);
    expect(flow.notReplayable).toEqual(['batch has a time limit: what is in a batch depends on the clock']);
    items$.complete();
    await turn();
    expect(clock.sleeping).toBe(0);
  });
});

describe('keep and route', () => {
  it('keep gives credit back for what it leaves out', async () => {
    const items = await all(fromSource(source(20)).pipe(keep(({ keys }, row) => (keys[row] as number) % 4 === 0)));
    expect(keysOf(items)).toEqual([0, 4, 8, 12, 16]);
    expect(items[0]?.flow.counts()).toMatchObject({ pending: 5, outcomes: { filtered: 15 } });
  });

  it('the first rule that fits a row decides; what no rule fits keeps its labels', async () => {
    const rules = [
      { where: ({ keys }: Chunk, row: number) => (keys[row] as number) < 10, heads: 'a' },
      {
        source: 'sam*',
        tag: 'new',
        where: ({ keys }: Chunk, row: number) => (keys[row] as number) < 20,
        heads: 'b|rare',
      },
      { tag: 'old|new', where: ({ keys }: Chunk, row: number) => (keys[row] as number) >= 30, heads: '!*' },
    ];
    const samples$ = fromSource(source(40, { chunks: [7] }), { tags: ['new'] });
    const items = (await all(samples$.pipe(route(rules, { keepUnlabelled: true })))).filter(isBatch);
    const original = sampleRows(0, 40);
    const may: Record<string, (key: number) => boolean> = {
      a: (key) => key < 10 || (key >= 20 && key < 30),
      b: (key) => key >= 10 && key < 30,
      rare: (key) => key >= 10 && key < 30,
    };
    for (const { keys, labels } of items)
      keys.forEach((key, row) => {
        for (const head of heads) {
          const expected = may[head]?.(key) ? (original.labels[head]?.present[key] ?? 0) : 0;
          expect(labels[head]?.present[row] ?? 0).toBe(expected);
        }
      });
    expect(keysOf(items)).toHaveLength(40);
    const dropped = await all(fromSource(source(40), { tags: ['new'] }).pipe(route(rules)));
    expect(dropped[0]?.flow.counts().outcomes.unlabelled).toBe(40 - keysOf(dropped).length);
  });

  it('rules tell rows apart by their source and its tags', async () => {
    const parts = [
      { samples$: fromSource(source(60, { name: 'one' })), weight: 1 },
      { samples$: fromSource(source(60, { name: 'two' }), { tags: ['old'] }), weight: 1 },
      { samples$: fromSource(source(60, { name: 'three' })), weight: 1 },
    ];
    const rules = [
      { source: 'one', heads: 'a' },
      { tag: 'old', heads: 'b' },
    ];
    const items = await all(interleave(parts, { seed: 1 }).pipe(route(rules, { keepUnlabelled: true })));
    const original = sampleRows(0, 60);
    const may = [['a'], ['b'], heads];
    let seen = 0;
    for (const { keys, labels, origins } of items.filter(isBatch))
      keys.forEach((key, row) => {
        for (const head of heads) {
          const expected = may[origins?.[row] ?? 0]?.includes(head) ? (original.labels[head]?.present[key] ?? 0) : 0;
          expect(labels[head]?.present[row] ?? 0).toBe(expected);
        }
        seen++;
      });
    expect(seen).toBe(180);
  });

  it('rules that name what is not there are refused', async () => {
    const rules = [{ source: 'simple', tag: 'x', heads: 'c' }];
    expect(await failure(fromSource(source(4)).pipe(route(rules)))).toEqual(
      new ConfigError([
        { where: 'route[0].source', expected: "a source 'simple'", found: "'sample'", hint: "did you mean 'sample'?" },
        { where: 'route[0].tag', expected: "a tag 'x'", found: 'none' },
        { where: 'route[0].heads', expected: "a head 'c'", found: "'a', 'b', 'rare'" },
      ]),
    );
  });

  it('rows of two flows in one operator are refused', async () => {
    const items$ = new Subject<StreamChunk>();
    const failed = failure(items$.pipe(keep(() => true)));
    items$.next(itemOf(openFlow(), 0, 1));
    items$.next(itemOf(openFlow({ name: 'other' }), 0, 1));
    expect(await failed).toEqual(
      new ConfigError({
        where: 'keep',
        expected: "rows of one flow: 'sample'",
        found: "rows of 'other' among them",
        hint: 'join streams with interleave',
      }),
    );
  });
});

describe('reservoir', () => {
  it('mixes in its share, each head as often as the others and with its label alone, counted apart', async () => {
    const samples$ = fromSource(source(2000)).pipe(reservoir({ rowsPerHead: 20, share: 0.5, seed: 1 }));
    const items = (await all(samples$)).filter(isBatch);
    const [counts, again]: [Record<string, number>, number[]] = [{}, []];
    for (const { rows, repeats, labels, keys } of items)
      for (let row = 0; row < rows; row++) {
        if (!repeats?.[row]) continue;
        again.push(keys[row] as number);
        const own = heads.filter((head) => labels[head]?.present[row]);
        expect(own).toHaveLength(1);
        counts[own[0] as string] = (counts[own[0] as string] ?? 0) + 1;
      }
    expect(again.length).toBeGreaterThan(1990);
    for (const head of heads) expect(counts[head] as number).toBeGreaterThan(again.length / 3 - 90);
    expect(items[0]?.flow.counts()).toMatchObject({ received: 2000, repeats: { received: again.length } });
    const once = items.flatMap(({ keys, repeats }) => [...keys].filter((_, row) => !repeats?.[row]));
    expect(once).toEqual(Array.from({ length: 2000 }, (_, at) => at));
    // What is kept is from all of the stream, not from its beginning or end alone.
    expect(again.slice(-400).filter((key) => key < 1000).length).toBeGreaterThan(80);
    expect(again.slice(-400).filter((key) => key >= 1000).length).toBeGreaterThan(80);
  });
});

describe('interleave', () => {
  const two = (rows: number) => [source(rows, { name: 'one' }), source(rows, { name: 'two', salt: 40 })] as const;

  it('draws by weight, waits for who is drawn, and counts what was forwarded', async () => {
    const [one, other] = two(400);
    const parts = [
      { samples$: fromSource(one, { tags: ['x'] }), weight: 3 },
      { samples$: fromSource(other), weight: 1 },
    ];
    const items = await all(interleave(parts, { seed: 2 }));
    const origins = items.flatMap(({ rows, origins: own }) =>
      Array.from({ length: rows }, (_, row) => own?.[row] ?? 0),
    );
    expect(origins.slice(0, 400).filter((origin) => origin === 0).length).toBeGreaterThan(270);
    expect(origins.slice(0, 400).filter((origin) => origin === 0).length).toBeLessThan(330);
    expect(origins).toHaveLength(800);
    const { flow } = items[0] as StreamChunk;
    expect(flow.origins).toEqual([
      { source: 'one', tags: ['x'] },
      { source: 'two', tags: [] },
    ]);
    expect(flow.counts().received).toBe(800);
    expect(items.at(-1)).toMatchObject({ rows: 0, epochEnd: 1 });
  });

  it('draws as a plain model does, from weights or a temperature, whatever rows come together', async () => {
    /** The origins of all rows, with an array for each stream. */
    const drawn = (lengths: readonly number[], weights: readonly number[], seed: number): number[] => {
      const draws = new Draws(seed, 'interleave');
      const left = [...lengths];
      let open = lengths.map((_, at) => at);
      const origins: number[] = [];
      for (let count = 0; open.length > 0; count++) {
        const ends = open.map((_, place) =>
          open.slice(0, place + 1).reduce((sum, at) => sum + (weights[at] as number), 0),
        );
        const point = draws.uniform(count) * (ends.at(-1) as number);
        const at = open[ends.findIndex((end) => point < end)] as number;
        // A stream that has ended is known to when it is drawn: then another number is drawn.
        if (left[at] === 0) open = open.filter((other) => other !== at);
        else {
          left[at] = (left[at] as number) - 1;
          origins.push(at);
        }
      }
      return origins;
    };
    const part = fc.record({
      length: fc.integer({ min: 0, max: 120 }),
      weight: fc.constantFrom(0.5, 1, 3, 10),
      rows: fc.integer({ min: 1, max: 5000 }),
      chunks: chunkSizes,
      slow: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { minLength: 1, maxLength: 4 }),
        fc.option(fc.constantFrom(1, 2, 5), { nil: undefined }),
        fc.nat(99),
        async (parts, temperature, seed) => {
          const streams = parts.map(({ length, weight, rows, chunks, slow }, at) => ({
            samples$: fromSource(new SampleSource({ name: `source${at}`, rows: length, chunks, slow }), { rows: 20 }),
            ...(temperature === undefined ? { weight } : { rows }),
          }));
          const items = await all(interleave(streams, { seed, ...(temperature === undefined ? {} : { temperature }) }));
          const weights = parts.map(({ weight, rows }) =>
            temperature === undefined ? weight : rows ** (1 / temperature),
          );
          const origins = items.flatMap(({ rows, origins: own }) => [...(own ?? new Int32Array(rows))]);
          expect(origins).toEqual(
            drawn(
              parts.map(({ length }) => length),
              weights,
              seed,
            ),
          );
          // Each stream's own rows stay in their order.
          parts.forEach(({ length }, at) => {
            const keys = keysOf(items).filter((_, row) => origins[row] === at);
            expect(keys).toEqual(Array.from({ length }, (_, key) => key));
          });
        },
      ),
      { numRuns: 40 },
    );
  });

  it('with a temperature makes small sources more frequent', async () => {
    const shares: number[] = [];
    for (const temperature of [1, 4]) {
      const parts = [
        { samples$: fromSource(source(4000, { name: 'large' })), rows: 1600 },
        { samples$: fromSource(source(4000, { name: 'small' })), rows: 100 },
      ];
      const items = await all(interleave(parts, { temperature }));
      const origins = items.flatMap(({ origins: own }) => [...(own ?? [])]).slice(0, 2000);
      shares.push(origins.reduce((sum, origin) => sum + origin, 0) / 2000);
    }
    expect(shares[0]).toBeCloseTo(1 / 17, 1);
    expect(shares[1]).toBeCloseTo(1 / 3, 1);
  });

  it('refuses one name twice, weights beside a temperature, and what does not begin at a source', async () => {
    const parts = [{ samples$: fromSource(source(4)) }, { samples$: fromSource(source(4)) }];
    expect(await failure(interleave(parts))).toEqual(
      new ConfigError({ where: 'interleave', expected: 'flows of different names', found: "'sample' twice" }),
    );
    expect(() => interleave([{ samples$: fromSource(source(4)), weight: 2 }], { temperature: 2 })).toThrow(
      new ConfigError({ where: 'interleave[0]', expected: 'no weight, as there is a temperature', found: '2' }),
    );
    expect(await failure(interleave([{ samples$: new Subject<StreamChunk>() }]))).toEqual(
      new ConfigError({
        where: 'interleave[0]',
        expected: 'a stream of fromSource, which begins at once',
        found: 'one that emitted nothing when it was subscribed to',
      }),
    );
  });

  it('passes on an error of a part, and leaves nothing open', async () => {
    const [one, other] = [source(400, { name: 'one' }), source(400, { name: 'two', failAt: 100 })];
    expect(await failure(interleave([one, other].map((own) => ({ samples$: fromSource(own) }))))).toEqual(
      new Error('the medium failed'),
    );
    await turn();
    expect([one.open, other.open]).toEqual([0, 0]);
    const rest = await lastValueFrom(fromSource(one).pipe(toArray()));
    expect(keysOf(rest)).toHaveLength(400);
  });
});
