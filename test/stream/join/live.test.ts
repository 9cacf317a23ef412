import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as pathOf, resolve } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { afterAll, expect, test, vi } from 'vitest';
import { SmallDisk } from '../../../scripts/chaos/small-disk.ts';
import { ManualClock } from '../../../src/core/clock.ts';
import { fromSource } from '../../../src/stream/from-source.ts';
import type { StreamChunk } from '../../../src/stream/item.ts';
import { type JoinOptions, join } from '../../../src/stream/join.ts';
import { type Row, RowSource } from './rows.ts';

const folder = mkdtempSync(pathOf(tmpdir(), 'join-'));
afterAll(() => rmSync(folder, { recursive: true }));

function open(directory: string, options: Partial<JoinOptions> = {}, rows: readonly Row[] = []) {
  const samples = new RowSource('samples', rows, { isEndless: true });
  const labels = new RowSource('labels', [], { isEndless: true });
  const items: StreamChunk[] = [];
  const errors: unknown[] = [];
  const subscription = join(fromSource(samples, { rows: 4 }), fromSource(labels), {
    directory: resolve(folder, directory),
    ttlMs: 100,
    ...options,
  }).subscribe({ next: (item) => items.push(item), error: (error) => errors.push(error) });
  const ids = (): readonly string[] => items.flatMap((item) => item.ids ?? []);
  return { samples, labels, items, errors, ids, end: () => subscription.unsubscribe() };
}

test('neither side waits for the other, and samples that wait leave credit for more', async () => {
  const many = Array.from({ length: 5_000 }, (_, row): Row => ({ id: `s${row}`, timeMs: row }));
  const { labels, items, ids, end } = open('idle', { ttlMs: 1e6 }, many);
  const flow = (items[0] as StreamChunk).flow;
  await vi.waitFor(() => expect(flow.counts()).toMatchObject({ received: 5_000, pending: 5_000 }), { timeout: 20_000 });
  labels.push({ id: 's4999', timeMs: 4_999, labels: { a: 1 } }, { id: 's0', timeMs: 4_999, labels: { b: 2 } });
  await vi.waitFor(() => expect(ids()).toEqual(['s4999', 's0']));
  expect(flow.notReplayable).toEqual(['join takes samples and labels as they come: which is first depends on that']);
  end();
});

test('by the clock samples expire although nothing comes', async () => {
  const clock = new ManualClock(1_000);
  const { items, end } = open('clock', { time: 'processing', clock }, [{ id: 'one' }]);
  const flow = (items[0] as StreamChunk).flow;
  await vi.waitFor(() => expect(flow.counts().pending).toBe(1));
  await vi.waitFor(() => expect(clock.sleeping).toBe(1));
  await clock.advance(99);
  expect(flow.counts().pending).toBe(1);
  await clock.advance(1);
  await vi.waitFor(() => expect(flow.counts()).toMatchObject({ pending: 0, outcomes: { expired: 1 } }));
  end();
});

test('while the disk takes nothing, rows wait, nothing is counted, and it is told; then they go on', async (context) => {
  const disk = new SmallDisk(mkdtempSync(pathOf(folder, 'disk-')), 2);
  context.skip(disk.missing !== undefined, `needs a small disk: ${disk.missing}`);
  try {
    const clock = new ManualClock();
    const told: string[] = [];
    const many = Array.from({ length: 300 }, (_, row): Row => ({ id: `s${row}`, timeMs: row }));
    const { samples, labels, items, ids, end } = open(
      pathOf(disk.path, 'join'),
      { ttlMs: 1e6, clock, events: ({ type }) => told.push(type) },
      many.slice(0, 10),
    );
    const flow = (items[0] as StreamChunk).flow;
    await vi.waitFor(() => expect(flow.counts()).toMatchObject({ received: 10, pending: 10 }));
    const giveBack = disk.fill();
    samples.push(...many.slice(10));
    await vi.waitFor(() => expect(told.at(-1)).toBe('sourceAway'));
    // A little may fit into pages that are free again.
    await vi.waitFor(() => expect(clock.sleeping).toBe(1));
    await clock.advance(1000);
    const { received, pending } = flow.counts();
    expect(received).toBeLessThan(300);
    expect(pending).toBe(received);
    await flow.durable();
    giveBack();
    await vi.waitFor(async () => {
      await clock.advance(1000);
      expect(flow.counts()).toMatchObject({ received: 300, pending: 300 });
    });
    expect(told.at(-1)).toBe('sourceBack');
    labels.push(...many.map(({ id }): Row => ({ id, timeMs: 300, labels: { a: 1 } })));
    await vi.waitFor(() => expect(new Set(ids()).size).toBe(300));
    expect(flow.operators[0]?.counts?.()).toMatchObject({ labelsReceived: 300, labelsUsed: 300, samplesWaiting: 0 });
    end();
    await flow.durable();
  } finally {
    disk.remove();
  }
});

test('a folder that is in use, and one of another run, are refused', async () => {
  const first = open('used');
  await vi.waitFor(() => expect(first.items.length).toBe(1));
  const second = open('used');
  await vi.waitFor(() =>
    expect(second.errors.map(String)).toEqual([
      `ConfigError: ${pathOf(folder, 'used')}: expected a folder of one join alone, for what waits in it; found one that is in use`,
    ]),
  );
  first.end();
});

test('samples without ids are refused', async () => {
  const source = new RowSource('samples', [{ id: 'one', labels: { a: 1 } }]);
  const read = source.read.bind(source);
  source.read = async function* (options) {
    for await (const {
      chunk: { ids: _, ...chunk },
      ...rest
    } of read(options))
      yield { ...rest, chunk };
  };
  const joined$ = join(fromSource(source), fromSource(new RowSource('labels', [])), {
    directory: pathOf(folder, 'ids'),
    ttlMs: 1,
  });
  await expect(lastValueFrom(joined$)).rejects.toThrow(
    'join.samples: expected ids, by which labels find their sample; found rows without',
  );
});
