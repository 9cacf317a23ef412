import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as pathOf } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { Rejected } from '../../../src/core/chunk.ts';
import type { Flow } from '../../../src/stream/flow.ts';
import { fromSource } from '../../../src/stream/from-source.ts';
import type { StreamChunk } from '../../../src/stream/item.ts';
import type { JoinCounts } from '../../../src/stream/join/counts.ts';
import type { StoreTally } from '../../../src/stream/join/store-tally.ts';
import { type JoinOptions, join } from '../../../src/stream/join.ts';
import { all } from '../sample.ts';
import { type Row, RowSource } from './rows.ts';

const folder = mkdtempSync(pathOf(tmpdir(), 'join-knobs-'));
afterAll(() => rmSync(folder, { recursive: true }));
let folders = 0;

type Counts = JoinCounts & StoreTally;

/** Joins rows by their event times, to their end. */
async function joined(samples: readonly Row[], labels: readonly Row[], options: Partial<JoinOptions> = {}) {
  const dead: Rejected[] = [];
  const chunks = await all(
    join(fromSource(new RowSource('samples', samples)), fromSource(new RowSource('labels', labels)), {
      directory: pathOf(folder, String(folders++)),
      ttlMs: 100,
      deadLetter: (rejected) => void dead.push(rejected),
      ...options,
    }),
  );
  const flow = chunks[0]?.flow as Flow;
  // What goes on, as `id: head = value`, with * where it does so once more.
  const trained = chunks.flatMap((chunk) =>
    (chunk.ids ?? []).map((id, row) => {
      const own = Object.entries(chunk.labels).filter(([, { present }]) => present[row]);
      const texts = own.map(([head, { values }]) => `${head} = ${values[row]}`);
      return `${id}${chunk.repeats?.[row] ? '*' : ''}: ${texts.join(', ')}`;
    }),
  );
  const { received, outcomes } = flow.counts();
  const counts = flow.operators[0]?.counts?.() as unknown as Counts;
  return { trained, received, outcomes, counts, dead };
}

const sample = (id: string, timeMs: number, labels: Row['labels'] = {}): Row => ({ id, timeMs, labels });
const label = (id: string, timeMs: number, a: number): Row => ({ id, timeMs, labels: { a } });
/** Lets time go on, so that what is due ends. */
const later = (timeMs: number): Row => ({ id: `at ${timeMs}`, timeMs });

describe('ttl', () => {
  test('a label in time trains its sample, one that is later does not', async () => {
    const { trained, outcomes, counts } = await joined(
      [sample('one', 0), sample('two', 0)],
      [label('one', 99, 1), label('two', 100, 2)],
    );
    expect(trained).toEqual(['one: a = 1']);
    expect(outcomes).toMatchObject({ expired: 1 });
    expect(counts).toMatchObject({ labelsUsed: 1, labelsLate: 1, samplesExpired: 1 });
  });

  test('a label waits as long for its sample', async () => {
    const { trained, counts } = await joined(
      [sample('one', 99), sample('two', 100)],
      [label('one', 0, 1), label('two', 0, 2)],
    );
    expect(trained).toEqual(['one: a = 1']);
    expect(counts).toMatchObject({ labelsUsed: 1, labelsExpired: 1, samplesExpired: 1 });
  });

  test('an id is remembered for as long again', async () => {
    const labels = [label('one', 199, 1), label('two', 200, 2)];
    const { counts } = await joined([sample('one', 0), sample('two', 0)], labels);
    // After that the label is one whose sample has not come.
    expect(counts).toMatchObject({ labelsLate: 1, labelsExpired: 1, samplesExpired: 2 });
  });
});

describe('onLate', () => {
  const late = (onLate: NonNullable<JoinOptions['onLate']>) =>
    joined([sample('one', 0), later(120)], [label('one', 150, 1), label('one', 160, 2)], { onLate });

  test('train: it trains, the first one, once more than the sample was counted', async () => {
    const { trained, received, outcomes, counts, dead } = await late('train');
    expect(trained).toEqual(['one*: a = 1']);
    expect([received, outcomes.expired]).toEqual([2, 2]);
    expect(counts).toMatchObject({ labelsLate: 1, labelsDuplicate: 1, labelsUsed: 0 });
    expect(dead).toEqual([]);
  });

  test('deadLetter: it goes there with its value', async () => {
    const { trained, counts, dead } = await late('deadLetter');
    expect(trained).toEqual([]);
    expect(counts).toMatchObject({ labelsLate: 2 });
    expect(dead).toMatchObject([
      { reason: 'late', head: 'a', id: 'one', record: { id: 'one', a: 1 } },
      { reason: 'late', head: 'a', id: 'one', record: { id: 'one', a: 2 } },
    ]);
  });

  test('drop: it is counted', async () => {
    const { trained, counts, dead } = await late('drop');
    expect(trained).toEqual([]);
    expect(counts).toMatchObject({ labelsLate: 2 });
    expect(dead).toEqual([]);
  });
});

describe('duplicates', () => {
  test('of two labels of one head the first trains, before its sample came or after', async () => {
    const labels = [label('early', 0, 1), label('early', 1, 2), label('one', 20, 3), label('one', 21, 4)];
    const { trained, counts } = await joined([sample('early', 10), sample('one', 11)], labels);
    expect(trained).toEqual(['early: a = 1', 'one: a = 3']);
    expect(counts).toMatchObject({ labelsReceived: 4, labelsUsed: 2, labelsDuplicate: 2 });
  });

  test('a sample that comes twice is one; labels that only the second brings train', async () => {
    const { trained, received, outcomes, counts } = await joined(
      [sample('one', 0, { a: 1 }), sample('one', 1, { a: 2, b: 3 })],
      [],
    );
    expect(trained).toEqual(['one: a = 1', 'one*: b = 3']);
    expect([received, outcomes.duplicate]).toEqual([2, 1]);
    expect(counts).toMatchObject({ samplesDuplicate: 1, labelsUsed: 2, labelsDuplicate: 1 });
  });
});

describe('bounds', () => {
  const samples = [sample('one', 0), sample('two', 1), sample('three', 2)];
  const labels = samples.map(({ id }, at) => label(id, 10 + at, at));

  test('maxItems: what would end first goes', async () => {
    const { trained, outcomes, counts } = await joined(samples, labels.slice(1), { maxItems: 2 });
    expect(trained).toEqual(['two: a = 1', 'three: a = 2']);
    expect(outcomes).toMatchObject({ expired: 1 });
    expect(counts).toMatchObject({ samplesEvicted: 1, samplesExpired: 0 });
  });

  test('maxItems: labels without their sample count too', async () => {
    const { trained, counts } = await joined([sample('three', 20)], labels, { maxItems: 2 });
    expect(trained).toEqual(['three: a = 2']);
    expect(counts).toMatchObject({ labelsUsed: 1, labelsEvicted: 1, labelsExpired: 1 });
  });

  test('maxBytes: as many as there is room for', async () => {
    const waiting = idle('bytes', samples, []);
    await vi.waitFor(() => expect(waiting.counts().samplesWaiting).toBe(3));
    const { sizeBytes } = waiting.counts();
    waiting.end();
    expect((await joined(samples, labels, { maxBytes: sizeBytes })).trained).toHaveLength(3);
    const { trained, counts } = await joined(samples, labels.slice(1), { maxBytes: sizeBytes - 1 });
    expect(trained).toEqual(['two: a = 1', 'three: a = 2']);
    expect(counts).toMatchObject({ samplesEvicted: 1 });
  });
});

/** Streams without an end, of which one may have nothing. */
function idle(directory: string, samples: readonly Row[], labels: readonly Row[]) {
  const sources = {
    samples: new RowSource('samples', samples, { isEndless: true }),
    labels: new RowSource('labels', labels, { isEndless: true }),
  };
  const items: StreamChunk[] = [];
  const subscription = join(fromSource(sources.samples), fromSource(sources.labels), {
    directory: pathOf(folder, directory),
    ttlMs: 100,
  }).subscribe((item) => items.push(item));
  const ids = (): readonly string[] => items.flatMap((item) => item.ids ?? []);
  const counts = (): Counts => items[0]?.flow.operators[0]?.counts?.() as unknown as Counts;
  return { ...sources, ids, counts, end: () => subscription.unsubscribe() };
}

describe('one side idle', () => {
  test('labels wait while no sample comes, and end by the times of labels', async () => {
    const { samples, ids, counts, end } = idle('labels', [], [label('one', 0, 1), label('two', 50, 2)]);
    await vi.waitFor(() => expect(counts()).toMatchObject({ labelsWaiting: 2 }));
    samples.push(sample('two', 60));
    await vi.waitFor(() => expect(ids()).toEqual(['two']));
    samples.push(later(100));
    await vi.waitFor(() => expect(counts()).toMatchObject({ labelsWaiting: 0, labelsExpired: 1, labelsUsed: 1 }));
    end();
  });

  test('samples that bring their labels go on while no label comes', async () => {
    const { ids, counts, end } = idle('samples', [sample('one', 0, { a: 1 }), sample('two', 1)], []);
    await vi.waitFor(() => expect(ids()).toEqual(['one']));
    await vi.waitFor(() => expect(counts()).toMatchObject({ samplesWaiting: 1 }));
    end();
  });
});
