import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '../../../src/stream/join/entry.ts';
import { JoinStore, type StorePosition } from '../../../src/stream/join/store.ts';
import type { KeptStore } from './kept.ts';

const items = 150;
const bytesOf = (item: number): Buffer => Buffer.alloc(item % 20 === 19 ? 6000 : 40 + item, item);
const entryOf = (item: number, row: number): Entry => ({
  kind: 1,
  order: item,
  dueMs: 1000 + item,
  sizeBytes: bytesOf(item).length,
  heads: [item % 3],
  rows: [row],
});
const positionFile = 'position.json';

/** What waits to be joined: as it was at a position, from which others went on. */
export const joinStore: KeptStore = {
  name: 'join',

  async write(folder) {
    const store = await JoinStore.open(folder, undefined);
    for (let item = 0; item < items; item++)
      store.change(() => store.replace(`s${item}`, undefined, entryOf(item, store.add(bytesOf(item)))));
    writeFileSync(join(folder, positionFile), JSON.stringify(store.position()));
    for (let item = 0; item < items; item += 2)
      store.change(() => {
        const before = store.find(`s${item}`);
        store.drop(before?.rows ?? []);
        store.replace(`s${item}`, before, undefined);
      });
    await store.durable();
    store.close();
    await store.durable();
  },

  async read(folder) {
    const position = JSON.parse(readFileSync(join(folder, positionFile), 'utf8')) as StorePosition;
    const store = await JoinStore.open(folder, position);
    try {
      const faults = Array.from({ length: items }, (_, item) => {
        const entry = store.find(`s${item}`);
        const isSame = JSON.stringify(entry) === JSON.stringify(entryOf(item, entry?.rows[0] as number));
        return isSame && store.row(entry?.rows[0] as number).equals(bytesOf(item)) ? undefined : `s${item} is another`;
      }).filter((fault) => fault !== undefined);
      const due = store.due(1, 1e9, 1000);
      if (due.length !== items) faults.push(`${due.length} of ${items} are due`);
      store.change(() => store.replace('new', undefined, entryOf(0, store.add(Buffer.of(1)))));
      return { faults, rejected: 0 };
    } finally {
      store.close();
      await store.durable();
    }
  },
};
