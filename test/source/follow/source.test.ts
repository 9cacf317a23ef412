import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ManualClock } from '../../../src/core/clock.ts';
import type { TrunklineEvent } from '../../../src/core/event.ts';
import { type SourceConfig, sources, type TableSource } from '../../../src/source/index.ts';
import { runSql, temporaryFolder } from '../fixture/folder.ts';
import { Follower } from '../fixture/follower.ts';
import { rejects } from '../fixture/going-on.ts';
import { identities, messageOf, readings, rowsOf, saved } from '../fixture/rows.ts';

const all = temporaryFolder();

/** A folder that files come into, and a run that reads it. */
class World {
  readonly folder = mkdtempSync(join(all, 'world-'));
  readonly clock = new ManualClock();
  readonly events: TrunklineEvent[] = [];
  readonly incoming = join(this.folder, 'incoming');

  constructor() {
    mkdirSync(this.incoming);
  }

  open(config: SourceConfig, runFolder: string | undefined = join(this.folder, 'run')): TableSource {
    const { folder, clock } = this;
    const events = (event: TrunklineEvent): void => void this.events.push(event);
    const context = { name: 'live', where: 'sources.live', folder, clock, events };
    return sources.build(config, { ...context, ...(runFolder && { runFolder }) }, 'sources.live') as TableSource;
  }

  follow(config: SourceConfig, from?: Parameters<typeof saved>[0]): Follower {
    return new Follower(this.open(config), this.clock, from === undefined ? undefined : saved(from));
  }

  /** A file appears as a whole. */
  put(name: string, content: string | Buffer): void {
    const path = join(this.incoming, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(join(this.folder, 'writing'), content);
    renameSync(join(this.folder, 'writing'), path);
  }
}

const lines = (...ids: readonly number[]): string => ids.map((id) => `{"id":${id}}\n`).join('');
const ndjson = {
  type: 'ndjson',
  path: 'incoming/*.ndjson*',
  kinds: { id: 'number' },
  follow: { quietMs: 0, pollMs: 100 },
} as const satisfies SourceConfig;
const idsOf = (follower: Follower): unknown[] => rowsOf(follower.readings).map(({ id }) => id);

it('reads files as they come, by name among those that are there, each once, and never ends by itself', async () => {
  const world = new World();
  world.put('b.ndjson', lines(3, 4));
  world.put('a.ndjson', lines(1, 2));
  world.put('.hidden.ndjson', lines(99));
  world.put('other.txt', 'other');
  const follower = world.follow(ndjson);
  await follower.settle(100);
  expect(idsOf(follower)).toEqual([1, 2, 3, 4]);
  world.put('c.ndjson.gz', gzipSync(lines(5)));
  await follower.settle(100);
  world.put('aa.ndjson', lines(6));
  await follower.settle(100);
  const now = new Date();
  utimesSync(join(world.incoming, 'a.ndjson'), now, now);
  world.put('b.ndjson', lines(3, 4));
  await follower.settle(100);
  expect(idsOf(follower)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(follower.ended).toBe(false);
  expect(await follower.stop()).toEqual(new Error('stopped'));
  expect(world.clock.sleeping).toBe(0);

  const again = world.follow(ndjson);
  await again.settle(100);
  expect(identities(again.readings)).toEqual(identities(follower.readings));
  await again.stop();
});

it('reads a file when it has been quiet, also one whose writer takes a while', async () => {
  const world = new World();
  const follower = world.follow({ ...ndjson, follow: { quietMs: 1000, pollMs: 400 } });
  await follower.settle(400);
  const path = join(world.incoming, 'slow.ndjson');
  for (let id = 1; id <= 4; id++) {
    writeFileSync(path, lines(id), { flag: 'a' });
    await follower.settle(800);
    expect(idsOf(follower)).toEqual([]);
  }
  for (let at = 0; at < 4; at++) await follower.settle(400);
  expect(idsOf(follower)).toEqual([1, 2, 3, 4]);
  await follower.stop();
});

it('any arrivals, changes of time, damage, and restarts from any position: each record once, always in the same order', async () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g').map((letter) => `${letter}.ndjson`);
  const action = fc.oneof(
    fc.record({ does: fc.constant('put' as const), name, rows: fc.integer({ min: 0, max: 5 }) }),
    fc.record({ does: fc.constant('damage' as const), name }),
    fc.record({ does: fc.constant('touch' as const), name }),
    fc.record({ does: fc.constant('remove' as const), name }),
    fc.record({ does: fc.constant('restart' as const), at: fc.nat() }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { maxLength: 12 }),
      fc.integer({ min: 1, max: 3 }),
      async (actions, chunkRows) => {
        const world = new World();
        const config = { ...ndjson, chunkRows };
        const records = new Map<string, number[]>();
        const broken = new Set<string>();
        const removed = new Set<string>();
        let next = 1;
        // What the run came to, restarts taken back.
        let done: Follower['readings'] = [];
        let follower = world.follow(config);
        for (const doing of actions) {
          await follower.settle(100);
          if (doing.does === 'restart') {
            await follower.stop();
            done = [...done, ...follower.readings];
            // Before the removal of a file one does not go back: that is what users are asked not to need.
            const most = removed.size > 0 ? 0 : done.length;
            const kept = done.length - (most === 0 ? 0 : doing.at % (most + 1));
            const before = done.slice(kept);
            done = done.slice(0, kept);
            follower = world.follow(config, done.at(-1)?.position);
            await follower.settle(100);
            expect(identities(follower.readings)).toEqual(identities(before));
            expect(rejects(follower.readings)).toEqual(rejects(before));
            continue;
          }
          const path = join(world.incoming, doing.name);
          const isThere = records.has(doing.name) && !removed.has(doing.name);
          if (doing.does === 'put' && !records.has(doing.name)) {
            const ids = Array.from({ length: doing.rows }, () => next++);
            records.set(doing.name, ids);
            world.put(doing.name, lines(...ids));
          } else if (doing.does === 'damage' && !records.has(doing.name)) {
            records.set(doing.name, []);
            broken.add(doing.name);
            world.put(doing.name, gzipSync(lines(1, 2, 3)).subarray(0, 20));
          } else if (doing.does === 'touch' && isThere) utimesSync(path, new Date(), new Date());
          else if (doing.does === 'remove' && isThere) {
            removed.add(doing.name);
            rmSync(path);
          }
        }
        await follower.settle(100);
        await follower.stop();
        done = [...done, ...follower.readings];
        const found = rowsOf(done).map(({ id }) => id);
        expect(found).toEqual([...records.values()].flat());
        expect(rejects(done)).toHaveLength(broken.size);
      },
    ),
    { numRuns: 25 },
  );
}, 60_000);

it('has done with a file without rows too: it may be taken away', async () => {
  const world = new World();
  world.put('a.ndjson', lines(1));
  world.put('b.ndjson', '');
  const follower = world.follow(ndjson);
  await follower.settle(100);
  await follower.stop();
  rmSync(join(world.incoming, 'b.ndjson'));
  const again = world.follow(ndjson, follower.readings.at(-1)?.position);
  await again.settle(100);
  await again.stop();
  expect(rejects(again.readings)).toEqual([]);
});

it('rejects a file that can not be read as one record, and one that changes after it was begun', async () => {
  const world = new World();
  await runSql(`COPY (SELECT 1 AS id) TO '${world.incoming}/a.parquet'`);
  const parquet = readFileSync(join(world.incoming, 'a.parquet'));
  const config = { type: 'parquet', path: 'incoming/*.parquet', follow: ndjson.follow } as const;
  const follower = world.follow(config);
  await follower.settle(100);
  world.put('b.parquet', parquet.subarray(0, 50));
  await runSql(`COPY (SELECT 'x' AS id) TO '${world.folder}/c'`);
  await runSql(`COPY (SELECT 'x' AS id) TO '${world.folder}/c.parquet'`);
  world.put('c.parquet', readFileSync(join(world.folder, 'c.parquet')));
  world.put('d.parquet', parquet);
  await follower.settle(100);
  expect(idsOf(follower)).toEqual([1, 1]);
  expect(rejects(follower.readings)).toEqual([
    expect.stringMatching(
      new RegExp(
        `^fileUnreadable ${world.incoming}/b.parquet: expected a Parquet file; found .* <\\{"file":"b.parquet","row":0\\}>$`,
      ),
    ),
    `fileUnreadable ${world.incoming}/c.parquet: expected column 'id' to be of kind 'number', as in the first file; found 'text' (VARCHAR) <{"file":"c.parquet","row":0}>`,
  ]);
  await follower.stop();

  // The whole order again: one of its files was replaced since, another taken away.
  world.put('a.parquet', parquet.subarray(0, 60));
  rmSync(join(world.incoming, 'd.parquet'));
  const again = world.follow(config);
  await again.settle(100);
  expect(rejects(again.readings).filter((text) => /[ad]\.parquet/.test(text))).toEqual([
    `fileUnreadable ${world.incoming}/a.parquet: expected the file of ${parquet.length} bytes that was begun; found 60 bytes\n  hint: files are to appear by renaming, or be written without a pause of follow.quietMs, and to stay as they are <{"file":"a.parquet","row":0}>`,
    `fileUnreadable ${world.incoming}/d.parquet: expected a file that can be read; found ENOENT: no such file or directory, stat '${world.incoming}/d.parquet' <{"file":"d.parquet","row":0}>`,
  ]);
  await again.stop();
});

it('waits for a folder that is away, tells of it once, and goes on', async () => {
  const world = new World();
  rmSync(world.incoming, { recursive: true });
  const follower = world.follow(ndjson);
  for (let at = 0; at < 3; at++) await follower.settle(100);
  expect(world.events).toEqual([
    {
      type: 'sourceAway',
      source: 'live',
      message: `ENOENT: no such file or directory, scandir '${world.incoming}'`,
    },
  ]);
  world.put('a.ndjson', lines(1));
  await follower.settle(100);
  renameSync(world.incoming, join(world.folder, 'away'));
  await follower.settle(100);
  await follower.settle(100);
  renameSync(join(world.folder, 'away'), world.incoming);
  world.put('b.ndjson', lines(2));
  await follower.settle(100);
  expect(idsOf(follower)).toEqual([1, 2]);
  expect(world.events.map(({ type }) => type)).toEqual(['sourceAway', 'sourceBack', 'sourceAway', 'sourceBack']);
  await follower.stop();
});

it('reads files in folders of the folder by **', async () => {
  const world = new World();
  const follower = world.follow({ ...ndjson, path: 'incoming/**/part-*.ndjson' });
  world.put('2024-05-02/part-1.ndjson', lines(2));
  world.put('2024-05-01/part-1.ndjson', lines(1));
  world.put('2024-05-01/part.ndjson', lines(9));
  await follower.settle(100);
  expect(idsOf(follower)).toEqual([1, 2]);
  expect(follower.readings[1]?.table.place(0)).toBe(`${world.incoming}/2024-05-02/part-1.ndjson:1`);
  await follower.stop();
});

it('only what is there is read by those who only look, and nothing is kept', async () => {
  const world = new World();
  world.put('a.ndjson', lines(1, 2));
  const source = world.open({ ...ndjson, follow: true });
  expect(rowsOf(await readings(source, { peek: true }))).toEqual([{ id: 1 }, { id: 2 }]);
  expect(source.isEndless).toBe(true);
  expect(source.replayable).toBe(true);
  expect(() => readFileSync(join(world.folder, 'run', 'arrivals', 'live.ndjson'))).toThrow('ENOENT');
});

it('knows the columns by an example, by options, or by the first file, and keeps them', async () => {
  const world = new World();
  await runSql(`COPY (SELECT 1 AS id, 'x' AS name) TO '${world.folder}/example.parquet'`);
  const columns = async (config: SourceConfig) =>
    (await world.open(config).columns()).map(({ name, kind }) => `${name} ${kind}`);
  const follow = { columnsFrom: 'example.parquet' };
  expect(await columns({ type: 'parquet', path: 'incoming', follow })).toEqual(['id number', 'name text']);
  const csv = { type: 'csv' as const, path: 'incoming', follow: true, names: ['id', 'day'] };
  expect(await columns({ ...csv, types: { id: 'DOUBLE', day: 'TIMESTAMP' } })).toEqual(['id number', 'day number']);
  expect(await columns({ ...ndjson, derive: { twice: 'id * 2' } })).toEqual(['id number', 'twice number']);

  const types = { ...csv, types: {}, follow: ndjson.follow };
  world.put('a', 'id,day\n1,x\n');
  const first = world.follow(types);
  await first.settle(100);
  await first.stop();
  rmSync(join(world.incoming, 'a'));
  world.put('b', 'id,day\n2,3\n');
  const second = world.follow(types, first.readings.at(-1)?.position ?? null);
  await second.settle(100);
  expect(rowsOf(second.readings)).toEqual([{ id: 2, day: '3' }]);
  await second.stop();
});

it('says what is wrong', async () => {
  const world = new World();
  const opening = (config: SourceConfig) => messageOf((async () => world.open(config).columns())());
  expect(await opening({ type: 'parquet', path: 'incoming/*.parquet', follow: true })).toBe(
    `sources.live.path: expected a first file, which says what the columns are; found none in '${world.incoming}'\n  hint: name a file that is like those to come: follow: { columnsFrom: example.parquet }`,
  );
  expect(await opening({ ...ndjson, path: ['incoming', 'other'] })).toBe(
    'sources.live.path: expected one folder, as it is to be followed; found 2 paths\n  hint: make a source of each, and train on both',
  );
  world.put('a.ndjson', lines(1, 2));
  expect(await opening({ ...ndjson, path: 'incoming/a.ndjson' })).toBe(
    `sources.live.path: expected a folder, or a pattern of the files in one, as it is to be followed; found a file, '${world.incoming}/a.ndjson'\n  hint: of a file that grows, type: tail reads the lines that are added; of a folder, name the files by a pattern: 'incoming/*.parquet'`,
  );
  const follower = world.follow(ndjson);
  await follower.settle(100);
  await follower.stop();
  const from = (position: Parameters<typeof saved>[0], runFolder?: string) =>
    messageOf(readings(world.open(ndjson, runFolder), { from: position }));
  expect(await from({ file: 0, row: 1, name: 'b.ndjson' })).toBe(
    "live: expected 'b.ndjson' as file 1 that was begun; found 'a.ndjson'\n  hint: the order of files is kept in the run folder, under arrivals: go on in the folder of the run",
  );
  expect(await from({ file: 3, row: 0 }, join(world.folder, 'other'))).toBe(
    'live: expected 3 files that were begun; found 0 in the run folder\n  hint: the order of files is kept in the run folder, under arrivals: go on in the folder of the run',
  );
  expect(await from('x')).toBe("live: expected a position of files: { file, row }; found 'x'");
  const order = join(world.folder, 'run', 'arrivals', 'live.ndjson');
  writeFileSync(order, `nonsense\n${readFileSync(order)}`);
  expect(await from({ file: 0, row: 0 })).toBe(
    `${order}:1: expected a file that was begun: { name, bytes }; found 'nonsense'\n  hint: the order in which files were read is lost: begin a new run`,
  );
});

it('what a crash left of a line in the order of files is of a file that was not begun', async () => {
  const world = new World();
  world.put('b.ndjson', lines(1));
  const follower = world.follow(ndjson);
  await follower.settle(100);
  await follower.stop();
  const order = join(world.folder, 'run', 'arrivals', 'live.ndjson');
  const whole = readFileSync(order, 'utf8');
  writeFileSync(order, `${whole}{"name":"c.ndj`);
  world.put('a.ndjson', lines(2));
  const again = world.follow(ndjson);
  await again.settle(100);
  expect(idsOf(again)).toEqual([1, 2]);
  await again.stop();
  expect(readFileSync(order, 'utf8')).toBe(`${whole}{"name":"a.ndjson","bytes":9}\n`);
});
