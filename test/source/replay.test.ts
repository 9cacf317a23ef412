import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/core/clock.ts';
import { type SinkColumn, sinks } from '../../src/sink/index.ts';
import {
  type Position,
  type SourceConfig,
  sources,
  type TableReading,
  type TableSource,
} from '../../src/source/index.ts';
import { turn } from '../stream/sample.ts';
import { temporaryFolder } from './fixture/folder.ts';
import { rejects } from './fixture/going-on.ts';
import { identities, messageOf, readings, rowsOf, saved } from './fixture/rows.ts';

type Options = Omit<Extract<SourceConfig, { type: 'replay' }>, 'type'>;
const open = (options: Options, clock: ManualClock): TableSource =>
  sources.build({ type: 'replay', ...options }, { name: 'train', clock }, 'train') as TableSource;

/** Reads while the clock goes on, and says when each table came, and with which ids. */
async function timeline(source: TableSource, clock: ManualClock, stepMs: number): Promise<[number, number[]][]> {
  const seen: [number, number[]][] = [];
  let isDone = false;
  const reading = (async () => {
    for await (const found of source.read({ signal: new AbortController().signal })) {
      seen.push([clock.monotonicMs(), rowsOf([found]).map(({ id }) => id as number)]);
    }
    isDone = true;
  })();
  while (!isDone) await clock.advance(stepMs);
  await reading;
  return seen;
}

const ids = (count: number, first = 0): number[] => Array.from({ length: count }, (_, id) => first + id);

describe('speed', () => {
  it('is steady: rows that are due within 20 ms come together', async () => {
    const clock = new ManualClock();
    const data = { id: ids(10) };
    expect(await timeline(open({ source: { type: 'memory', data }, rowsPerSecond: 10 }, clock), clock, 50)).toEqual(
      ids(10).map((id) => [id * 100, [id]]),
    );
    const fast = new ManualClock();
    const source = { type: 'memory', data: { id: ids(12) }, chunkRows: 7 } as const;
    expect(await timeline(open({ source, rowsPerSecond: 200 }, fast), fast, 1)).toEqual([
      [0, [0, 1, 2, 3, 4]],
      [25, [5, 6]],
      [35, [7, 8, 9, 10, 11]],
    ]);
  });

  it('is that of the event times, times a factor; a row without a time comes with the one before it', async () => {
    const clock = new ManualClock();
    const data = { id: ids(6), at: [5000, 5010, null, 9000, 8000, 13_000] };
    const source = open({ source: { type: 'memory', data }, timeColumn: 'at', factor: 2 }, clock);
    expect(await timeline(source, clock, 100)).toEqual([
      [0, [0, 1, 2]],
      [2000, [3, 4]],
      [4000, [5]],
    ]);
  });

  it('hands on at once what is due when somebody asks late', async () => {
    const clock = new ManualClock();
    const source = open({ source: { type: 'memory', data: { id: ids(100) } }, rowsPerSecond: 10 }, clock);
    const reading = source.read({ signal: new AbortController().signal })[Symbol.asyncIterator]();
    await reading.next();
    await clock.advance(3000);
    const { value } = await reading.next();
    expect(value.table.rows).toBe(30);
    await reading.return?.();
  });
});

it('leaves out the column of times where nobody wants it', async () => {
  const clock = new ManualClock();
  const source = open({ source: { type: 'memory', data: { id: [1], at: [7] } }, timeColumn: 'at' }, clock);
  expect(rowsOf(await readings(source, { columns: ['id'] }))).toEqual([{ id: 1 }]);
  expect(await source.countRows?.()).toBe(1);
});

it('ends with the reason of its signal while it waits', async () => {
  const clock = new ManualClock();
  const controller = new AbortController();
  const source = open({ source: { type: 'memory', data: { id: ids(3) } }, rowsPerSecond: 1 }, clock);
  const reading = readings(source, { signal: controller.signal });
  await clock.advance(500);
  controller.abort(new Error('enough'));
  expect(await messageOf(reading)).toBe('enough');
  expect(clock.sleeping).toBe(0);
});

it('goes on in the middle of a table, however it is cut then, and rejects once', async () => {
  const data = Array.from({ length: 60 }, (_, id) => (id % 7 === 3 ? id : { id }));
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 70 }),
      fc.integer({ min: 1, max: 70 }),
      fc.nat(),
      async (before, after, pick) => {
        const read = async (chunkRows: number, from?: TableReading['position']): Promise<TableReading[]> => {
          const clock = new ManualClock();
          const source = open({ source: { type: 'memory', data, chunkRows }, rowsPerSecond: 100 }, clock);
          let all: TableReading[] | undefined;
          const reading = readings(source, from === undefined ? {} : { from }).then((found) => {
            all = found;
          });
          while (all === undefined) await clock.advance(1000);
          await reading;
          return all;
        };
        const all = await read(before);
        const stop = pick % all.length;
        const rest = await read(after, saved(all[stop]?.position ?? null));
        expect(identities(rest)).toEqual(identities(all.slice(stop + 1)));
        expect(rejects([...all.slice(0, stop + 1), ...rest])).toEqual(rejects(all));
      },
    ),
    { numRuns: 30 },
  );
});

describe('recorded files', () => {
  const folder = temporaryFolder();
  const atMs = (row: number): number => Date.UTC(2026, 0, 1) + 40 * row + (row % 3 === 2 ? 25 : 0);
  const media = { parquet: 'recorded/*.parquet', ndjson: 'recorded.ndjson', csv: 'recorded.csv' } as const;
  /** Writes 300 rows as a stream is recorded, in several parts where there are parts. */
  const recorded = async (type: keyof typeof media): Promise<Options['source']> => {
    const path = join(folder, type === 'parquet' ? 'recorded' : media[type]);
    const columns: readonly SinkColumn[] = [
      { name: 'id', kind: 'int32' },
      { name: 'time', kind: 'time' },
      { name: 'y', kind: 'float32' },
    ];
    const sink = await sinks.build({ type, path }, { where: 'record', columns }, 'record');
    await sink.truncate(0);
    for (let row = 0; row < 300; row++) {
      await sink.write({ id: row, time: atMs(row), y: row % 4 === 1 ? null : row / 8 });
      if (row % 110 === 99) await sink.flush();
    }
    await sink.close();
    return { type, path: join(folder, media[type]) } as Options['source'];
  };
  /** Reads all, and says for each row when it came. Time stands still while files are read. */
  const timed = async (source: TableSource, clock: ManualClock, from?: Position) => {
    const [found, times]: [TableReading[], number[]] = [[], []];
    let isDone = false;
    const begin = { signal: new AbortController().signal, ...(from === undefined ? {} : { from }) };
    const reading = (async () => {
      for await (const one of source.read(begin)) {
        found.push(one);
        for (let row = 0; row < one.table.rows; row++) times.push(clock.monotonicMs());
      }
    })().finally(() => {
      isDone = true;
    });
    while (!isDone) await (clock.sleeping > 0 ? clock.advance(5) : turn());
    await reading;
    return { found, times };
  };
  /** Rows come when they are due, or up to 20 ms before, with others. */
  const expectPace = (times: readonly number[], dueMs: (row: number) => number): void => {
    times.forEach((time, row) => {
      expect(time).toBeLessThanOrEqual(dueMs(row));
      expect(time).toBeGreaterThanOrEqual(dueMs(row) - 20);
    });
  };

  it.each(['parquet', 'ndjson', 'csv'] as const)('%s: at the speed of their times, times a factor', async (type) => {
    const clock = new ManualClock();
    const source = open({ source: await recorded(type), timeColumn: 'time', factor: 2 }, clock);
    const { found, times } = await timed(source, clock);
    expect(rowsOf(found).map(({ id }) => id)).toEqual(ids(300));
    expectPace(times, (row) => (atMs(row) - atMs(0)) / 2);
    expect((await source.files?.())?.length).toBe(type === 'parquet' ? 3 : 1);
  });

  it.each(['parquet', 'ndjson', 'csv'] as const)('%s: goes on in the middle, at the same speed', async (type) => {
    const inner = await recorded(type);
    const begun = new ManualClock();
    const whole = await timed(open({ source: inner, rowsPerSecond: 100 }, begun), begun);
    for (const stop of [0, 7, Math.floor(whole.found.length / 2), whole.found.length - 2]) {
      const clock = new ManualClock();
      const at = saved(whole.found[stop]?.position ?? null);
      const rest = await timed(open({ source: inner, rowsPerSecond: 100 }, clock), clock, at);
      expect(identities(rest.found)).toEqual(identities(whole.found.slice(stop + 1)));
      expectPace(rest.times, (row) => 10 * row);
    }
  });

  it('are not waited for by who only looks', async () => {
    const source = open({ source: await recorded('ndjson'), rowsPerSecond: 0.001 }, new ManualClock());
    expect(rowsOf(await readings(source, { peek: true }))).toHaveLength(300);
  });
});

it('refuses what it can not replay', async () => {
  const clock = new ManualClock();
  const source = { type: 'memory', data: { id: [1], name: [['x']] } } as const;
  expect(() => open({ source }, clock)).toThrow(
    "train: expected either 'rowsPerSecond' or 'timeColumn'; found an object with",
  );
  expect(await messageOf(readings(open({ source, timeColumn: 'ad' }, clock)))).toBe(
    "train.timeColumn: expected a column 'ad'; found 'id', 'name'",
  );
  expect(await messageOf(readings(open({ source, timeColumn: 'name' }, clock)))).toBe(
    "train.timeColumn: expected a column of times; found one of kind 'texts' (texts)",
  );
  expect(await messageOf(readings(open({ source, rowsPerSecond: 1 }, clock), { from: 3 }))).toBe(
    'train: expected a position of a replay: { inner, rows }; found 3',
  );
  expect(() => open({ source: { type: 'memroy' } as never, rowsPerSecond: 1 }, clock)).toThrow(/did you mean 'memory'/);
});
