import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as pathOf } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { SmallDisk } from '../../../scripts/chaos/small-disk.ts';
import { ManualClock } from '../../../src/core/clock.ts';
import { fromSource } from '../../../src/stream/from-source.ts';
import type { StreamChunk } from '../../../src/stream/item.ts';
import { waiting } from '../../../src/stream/join/entry.ts';
import { JoinStore, type StorePosition } from '../../../src/stream/join/store.ts';
import { UnwritableStore } from '../../../src/stream/join/unwritable.ts';
import { join } from '../../../src/stream/join.ts';
import type { StreamState } from '../../../src/stream/state.ts';
import { type Row, RowSource } from './rows.ts';

const pageBytes = 4096;
const folder = mkdtempSync(pathOf(tmpdir(), 'full-'));
let disk: SmallDisk;

beforeAll(() => {
  disk = new SmallDisk(pathOf(folder, 'disk'), 2);
});
afterAll(() => {
  disk.remove();
  rmSync(folder, { recursive: true });
});

/** Fills the disk but for some pages. @returns what gives the room back */
function fillBut(pages: number): () => void {
  const rest = pathOf(disk.path, 'rest');
  writeFileSync(rest, Buffer.alloc(pages * pageBytes));
  const giveBack = disk.fill();
  rmSync(rest);
  return giveBack;
}

/** Lets ids wait, each with some bytes, in one change. */
function wait(store: JoinStore, ids: readonly string[]): void {
  store.change(() => {
    for (const id of ids) {
      const rows = [store.add(Buffer.alloc(900, id))];
      store.replace(id, undefined, { kind: waiting, order: store.number(), dueMs: 5, sizeBytes: 900, heads: [], rows });
    }
  });
}

const ids = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${prefix}${at}`);

test('however little room there is, a store begins and goes back as a whole, or says that the disk takes no more', async (context) => {
  context.skip(disk.missing !== undefined, `needs a small disk: ${disk.missing}`);
  const opened: string[] = [];
  for (const [kind, pages] of [0, 1, 2, 3, 8, 31, 40].flatMap((pages) => [
    ['new', pages] as const,
    ['old', pages] as const,
  ])) {
    const path = pathOf(disk.path, `${kind}${pages}`);
    let position: StorePosition | undefined;
    if (kind === 'old') {
      const store = await JoinStore.open(path, undefined);
      wait(store, ids('kept', 3));
      position = store.position();
      wait(store, ids('undone', 40));
      store.close();
      await store.durable();
    }
    const giveBack = fillBut(pages);
    const tried = await JoinStore.open(path, position).catch((error: unknown) => error);
    if (tried instanceof JoinStore) {
      opened.push(`${kind} ${pages}`);
      tried.close();
      await tried.durable();
    } else expect(tried).toBeInstanceOf(UnwritableStore);
    giveBack();
    const store = await JoinStore.open(path, position);
    expect(store.tally.items).toBe(position ? 3 : 0);
    expect(ids('kept', 3).filter((id) => store.find(id)).length).toBe(position ? 3 : 0);
    expect(store.find('undone0')).toBeUndefined();
    wait(store, ids('more', 20));
    store.close();
    await store.durable();
    rmSync(path, { recursive: true });
  }
  expect(opened).toEqual(['new 40', 'old 40']);
});

test('a change that was cut short is none, and is made when there is room', async (context) => {
  context.skip(disk.missing !== undefined, `needs a small disk: ${disk.missing}`);
  const path = pathOf(disk.path, 'changed');
  const store = await JoinStore.open(path, undefined);
  wait(store, ids('kept', 3));
  const giveBack = fillBut(1);
  // Of several pages in a row one is written.
  expect(() => wait(store, ids('more', 40))).toThrow(
    /^[^:]+: expected a disk that takes what waits; found Input.output error/,
  );
  expect(() => wait(store, ids('more', 40))).toThrow(/found ENOSPC/);
  expect(store.tally.items).toBe(3);
  giveBack();
  wait(store, ids('more', 40));
  expect(store.tally.items).toBe(43);
  store.close();
  await store.durable();
  rmSync(path, { recursive: true });
});

test('a join that begins, or goes back to its place, on a full disk waits until there is room', async (context) => {
  context.skip(disk.missing !== undefined, `needs a small disk: ${disk.missing}`);
  const rows = Array.from({ length: 600 }, (_, at): Row => ({ id: `s${at}`, timeMs: at }));
  const clock = new ManualClock();
  const begin = (restore?: StreamState) => {
    const told: string[] = [];
    const errors: unknown[] = [];
    const items: StreamChunk[] = [];
    const samples = new RowSource('samples', rows.slice(0, restore ? 600 : 10), { isEndless: true });
    const labels = new RowSource('labels', [], { isEndless: true });
    const going = restore ? { restore } : {};
    const joined$ = join(fromSource(samples, { rows: 64, ...going }), fromSource(labels, going), {
      directory: pathOf(disk.path, 'join'),
      ttlMs: 1e6,
      clock,
      events: ({ type }) => told.push(type),
      ...going,
    });
    const subscription = joined$.subscribe({ next: (item) => items.push(item), error: (error) => errors.push(error) });
    const flow = (items[0] as StreamChunk).flow;
    return { flow, samples, labels, told, errors, items, end: () => subscription.unsubscribe() };
  };
  const untilWell = async ({ flow, told }: ReturnType<typeof begin>, received: number): Promise<void> => {
    await vi.waitFor(async () => {
      await clock.advance(1000);
      expect(flow.counts()).toMatchObject({ received, pending: received });
    });
    expect(told).toEqual(['sourceAway', 'sourceBack']);
  };
  const untilAway = async ({ told, errors }: ReturnType<typeof begin>): Promise<void> => {
    await vi.waitFor(() => expect(told.concat(errors.map(String))).toEqual(['sourceAway']));
    await vi.waitFor(() => expect(clock.sleeping).toBe(1));
    await clock.advance(1000);
    await vi.waitFor(() => expect(clock.sleeping).toBe(1));
  };

  let giveBack = fillBut(0);
  const first = begin();
  await untilAway(first);
  giveBack();
  await untilWell(first, 10);
  const state = first.flow.state();
  first.samples.push(...rows.slice(10));
  await vi.waitFor(() => expect(first.flow.counts().received).toBe(600));
  first.end();
  await first.flow.durable();

  giveBack = fillBut(0);
  const second = begin(state);
  await untilAway(second);
  giveBack();
  await untilWell(second, 600);
  second.labels.push(...rows.map(({ id }): Row => ({ id, timeMs: 600, labels: { a: 1 } })));
  await vi.waitFor(() => expect(second.items.flatMap((item) => item.ids ?? []).length).toBe(600));
  second.end();
  await second.flow.durable();
});
