import { encodeEntry } from '../../../src/source/http/entry.ts';
import { keyOf } from '../../../src/source/http/keys.ts';
import { AcceptedLog } from '../../../src/source/http/log.ts';
import { readLog } from '../../../src/source/http/reading.ts';
import { columnAs } from '../../../src/source/sample-record.ts';
import type { TableReading } from '../../../src/source/source.ts';
import type { KeptStore } from './kept.ts';

const retention = { retentionMs: 1e12, maxKeys: 1e6 };
const [entries, rowsEach, forgotten] = [60, 5, 20];
const known = [
  { name: 'id', kind: 'text', type: 'text' },
  { name: 'x', kind: 'numbers', type: 'numbers' },
] as const;

/** A list of a row; of some entries they are long, so that values have pages of their own. */
const listOf = (row: number): readonly number[] =>
  Array.from({ length: Math.floor(row / rowsEach) % 10 === 9 ? 300 : 2 }, (_, at) => row + at);

/** The log of accepted samples. */
export const acceptedLog: KeptStore = {
  name: 'received',

  async write(folder) {
    const log = await AcceptedLog.open(folder, retention);
    for (let entry = 0; entry < entries; entry++) {
      const rows = Array.from({ length: rowsEach }, (_, at) => entry * rowsEach + at);
      const ids = rows.map((row) => `s${row}`);
      const columns = new Map([
        ['id', columnAs('text', ids)],
        ['x', columnAs('numbers', rows.map(listOf))],
      ]);
      const keys = ids.map((id) => ({ key: keyOf('id', id), value: Buffer.of(1) }));
      await log.append(encodeEntry(columns), rowsEach, keys, 1000 + entry);
      // So that there are free pages.
      if (entry === entries / 2) await log.forget(forgotten);
    }
    await log.close();
  },

  async read(folder) {
    const log = await AcceptedLog.open(folder, retention);
    const stop = new AbortController();
    try {
      const options = { signal: stop.signal, most: { rows: 100, sizeBytes: 1e6 }, name: 'live', columns: ['id', 'x'] };
      const reading = readLog(log, { ...options, known: [...known], batchRows: 100 } as never);
      const faults: string[] = [];
      let rejected = 0;
      let expected = forgotten;
      for (let row = log.first; row < log.next; ) {
        const { value } = (await reading.next()) as { value: TableReading };
        row = (value.position as { row: number }).row;
        rejected += rowsEach * value.rejected.length;
        faults.push(...faultsOf(value.table));
        expected += value.table.rows;
      }
      const forgottenIds = Array.from({ length: entries * rowsEach }, (_, row) => `s${row}`).filter(
        (id) => log.find(keyOf('id', id)) === undefined,
      );
      faults.push(...forgottenIds.map((id) => `'${id}' may be accepted twice, and nothing is said of it`));
      const missing = entries * rowsEach - expected - rejected;
      if (missing !== 0) faults.push(`${missing} rows are missing, and nothing is said of it`);
      await log.append(encodeEntry(new Map([['id', columnAs('text', ['new'])]])), 1, [], 2000);
      await log.forget(2 * forgotten);
      return { faults, rejected };
    } finally {
      stop.abort();
      await log.close();
    }
  },
};

function faultsOf({ rows, columns, place }: TableReading['table']): readonly string[] {
  const [ids, lists] = [columns.get('id'), columns.get('x')];
  if (ids?.kind !== 'text' || lists?.kind !== 'numbers') return ['columns are of another kind'];
  return Array.from({ length: rows }, (_, at) => {
    const row = Number(/row (\d+)/.exec(place(at))?.[1]);
    const list = Array.from(lists.values as Float64Array).slice(lists.starts[at], lists.starts[at + 1]);
    const isSame = ids.values[at] === `s${row}` && JSON.stringify(list) === JSON.stringify(listOf(row));
    return isSame ? undefined : `row ${row} is another`;
  }).filter((fault) => fault !== undefined);
}
