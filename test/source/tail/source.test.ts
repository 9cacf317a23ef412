import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ManualClock } from '../../../src/core/clock.ts';
import type { TrunklineEvent } from '../../../src/core/event.ts';
import { type Position, type SourceConfig, sources, type TableSource } from '../../../src/source/index.ts';
import { temporaryFolder } from '../fixture/folder.ts';
import { Follower } from '../fixture/follower.ts';
import { rejects } from '../fixture/going-on.ts';
import { identities, messageOf, readings, rowsOf, saved } from '../fixture/rows.ts';

const all = temporaryFolder();

type Options = Omit<Extract<SourceConfig, { type: 'tail' }>, 'type' | 'path'>;

/** A file that somebody writes to, and puts aside from time to time. */
class World {
  readonly folder = mkdtempSync(join(all, 'world-'));
  readonly path = join(this.folder, 'log.ndjson');
  readonly clock = new ManualClock();
  readonly events: TrunklineEvent[] = [];
  written = 0;
  #open = '';

  open(options: Options = {}): TableSource {
    const { folder, clock } = this;
    const events = (event: TrunklineEvent): void => void this.events.push(event);
    const context = { name: 'live', where: 'sources.live', folder, clock, events, runFolder: join(folder, 'run') };
    const config = {
      type: 'tail',
      path: 'log.ndjson',
      kinds: { id: 'number', text: 'text' },
      quietMs: 100,
      pollMs: 100,
    };
    return sources.build({ ...config, ...options } as SourceConfig, context, 'sources.live') as TableSource;
  }

  follow(from?: Position, options: Options = {}): Follower {
    return new Follower(this.open(options), this.clock, from === undefined ? undefined : saved(from));
  }

  /** Adds lines. @param part of the bytes of the last one, of which the rest comes with what is written next */
  write(lines: number, part = 1): void {
    for (let at = 0; at < lines; at++) {
      const line = Buffer.from(`${JSON.stringify({ id: ++this.written, text: 'ä€𝄞' })}\n`);
      const end = at === lines - 1 ? Math.floor(part * line.length) : line.length;
      appendFileSync(this.path, Buffer.concat([Buffer.from(this.#open, 'latin1'), line.subarray(0, end)]));
      this.#open = line.subarray(end).toString('latin1');
    }
  }

  finishLine(): void {
    if (this.#open === '') return;
    appendFileSync(this.path, Buffer.from(this.#open, 'latin1'));
    this.#open = '';
  }

  putAside(how: 'rename' | 'copy' | 'pack'): void {
    this.finishLine();
    if (!existsSync(this.path)) return;
    for (let number = 9; number >= 1; number--)
      for (const end of ['', '.gz'])
        if (existsSync(`${this.path}.${number}${end}`))
          renameSync(`${this.path}.${number}${end}`, `${this.path}.${number + 1}${end}`);
    if (how === 'copy') {
      copyFileSync(this.path, `${this.path}.1`);
      truncateSync(this.path);
    } else {
      renameSync(this.path, `${this.path}.1`);
      if (how === 'pack') {
        writeFileSync(`${this.path}.1.gz`, gzipSync(readFileSync(`${this.path}.1`)));
        rmSync(`${this.path}.1`);
      }
    }
  }
}

const idsOf = (follower: Follower): unknown[] => rowsOf(follower.readings).map(({ id }) => id);
const upTo = (last: number): number[] => Array.from({ length: last }, (_, at) => at + 1);
async function settled(follower: Follower): Promise<void> {
  for (let at = 0; at < 6; at++) await follower.settle(100);
}

it('reads whole lines alone, whatever bytes they are cut at', async () => {
  const world = new World();
  const follower = world.follow();
  await follower.settle(100);
  expect(world.events).toEqual([{ type: 'sourceAway', source: 'live', message: `no file at ${world.path}` }]);
  for (let part = 0; part < 30; part++) {
    world.write(2, part / 30);
    await follower.settle(100);
    expect(idsOf(follower)).toEqual(upTo(world.written - 1));
    if (part % 3 === 0) world.finishLine();
  }
  world.finishLine();
  await follower.settle(100);
  expect(idsOf(follower)).toEqual(upTo(world.written));
  expect(rowsOf(follower.readings).every(({ text }) => text === 'ä€𝄞')).toBe(true);
  expect(follower.ended).toBe(false);
  expect(await follower.stop()).toEqual(new Error('stopped'));
  expect(world.clock.sleeping).toBe(0);
});

it('goes on with what follows a file that was put aside, by renaming, by copying, or packed', async () => {
  for (const how of ['rename', 'copy', 'pack'] as const) {
    const world = new World();
    world.write(3);
    const follower = world.follow();
    await follower.settle(100);
    world.write(2);
    world.putAside(how);
    world.write(2);
    await settled(follower);
    expect(idsOf(follower)).toEqual(upTo(7));
    await follower.stop();
  }
});

it('goes on after a restart with what follows a file that is then copied and cut off', async () => {
  const world = new World();
  world.write(2, 0);
  const first = world.follow();
  await first.settle(100);
  await first.stop();
  expect(idsOf(first)).toEqual([1]);
  const second = world.follow(first.readings.at(-1)?.position);
  await settled(second);
  world.putAside('copy');
  await settled(second);
  expect(idsOf(second)).toEqual([2]);
  await second.stop();
});

it('goes on after a packed file with one that is empty yet, and then copied and cut off', async () => {
  const world = new World();
  world.write(1);
  world.putAside('pack');
  world.write(1, 0);
  const follower = world.follow();
  await settled(follower);
  world.putAside('copy');
  await settled(follower);
  expect(idsOf(follower)).toEqual([1, 2]);
  await follower.stop();
});

it('any writing, putting aside, and restarts from any position: each line once, in order', async () => {
  const how = fc.constantFrom('rename' as const, 'copy' as const, 'pack' as const);
  const writing = fc.record({
    does: fc.constant('write' as const),
    lines: fc.integer({ min: 1, max: 4 }),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const aside = fc.record({ does: fc.constant('putAside' as const), how });
  const action = fc.oneof(
    writing,
    aside,
    fc.record({ does: fc.constant('settle' as const) }),
    fc.record({
      does: fc.constant('restart' as const),
      at: fc.nat(),
      meanwhile: fc.array(fc.oneof(writing, aside), { maxLength: 5 }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { maxLength: 10 }),
      fc.integer({ min: 1, max: 3 }),
      async (actions, chunkRows) => {
        const world = new World();
        const options = { chunkRows };
        const doing = (
          one: { does: 'write'; lines: number; part: number } | { does: 'putAside'; how: 'rename' | 'copy' | 'pack' },
        ) => (one.does === 'write' ? world.write(one.lines, one.part) : world.putAside(one.how));
        let done: Follower['readings'] = [];
        let follower = world.follow(undefined, options);
        for (const one of actions) {
          if (one.does === 'settle') await settled(follower);
          else if (one.does === 'restart') {
            await follower.stop();
            done = [...done, ...follower.readings];
            const before = done.slice(done.length - (one.at % (done.length + 1)));
            done = done.slice(0, done.length - before.length);
            for (const other of one.meanwhile) doing(other);
            follower = world.follow(done.at(-1)?.position, options);
            await settled(follower);
            const rows = rowsOf(before).length;
            expect(rowsOf(follower.readings).slice(0, rows)).toEqual(rowsOf(before));
            const keys = (list: Follower['readings']) => list.flatMap(({ table }) => [...table.keys]);
            expect(keys(follower.readings).slice(0, rows)).toEqual(keys(before));
          } else {
            // A file is cut off by hand only when it was read so far: what is cut off between two looks is in the copy.
            doing(one);
          }
        }
        world.finishLine();
        await settled(follower);
        await follower.stop();
        done = [...done, ...follower.readings];
        expect(rowsOf(done).map(({ id }) => id)).toEqual(upTo(world.written));
        expect(rejects(done)).toEqual([]);
      },
    ),
    { numRuns: 40 },
  );
}, 90_000);

it('a last line without its end is read when its file was put aside; one that is no record is rejected', async () => {
  const world = new World();
  writeFileSync(world.path, '{"id":1}\n{"id":2}');
  const follower = world.follow();
  await follower.settle(100);
  expect(idsOf(follower)).toEqual([1]);
  renameSync(world.path, `${world.path}.1`);
  writeFileSync(world.path, 'bad\n{"id":3}\n');
  await settled(follower);
  expect(idsOf(follower)).toEqual([1, 2, 3]);
  expect(rejects(follower.readings)).toEqual([
    expect.stringContaining(`malformed ${world.path}:1: expected an object of JSON`),
  ]);
  await follower.stop();
});

it('a line that is too long is rejected when it ends, and takes no memory before', async () => {
  const world = new World();
  world.write(1);
  const follower = world.follow(undefined, { lineBytes: 100 });
  await follower.settle(100);
  for (let at = 0; at < 4; at++) {
    appendFileSync(world.path, 'x'.repeat(100));
    await follower.settle(100);
  }
  expect(rejects(follower.readings)).toEqual([]);
  appendFileSync(world.path, '\n{"id":2}\n');
  await follower.settle(100);
  expect(idsOf(follower)).toEqual([1, 2]);
  expect(rejects(follower.readings)).toEqual([
    `lineTooLong ${world.path}:2: expected a line of at most 100 bytes; found a longer one <"${'x'.repeat(400)}">`,
  ]);
  await follower.stop();
});

it('tells of lines that are lost, and goes on with what is there', async () => {
  const world = new World();
  world.write(3);
  const follower = world.follow();
  await follower.settle(100);
  await follower.stop();
  const position = follower.readings.at(-1)?.position as Position;
  rmSync(world.path);
  world.write(2);
  const again = world.follow(position);
  await settled(again);
  expect(idsOf(again)).toEqual([4, 5]);
  const { byte } = (position as { mark: { byte: number } }).mark;
  expect(rejects(again.readings)).toEqual([
    `linesLost ${world.path}:4: expected the lines after byte ${byte}, here or in a file that was put aside; found none with what was read before them: they are lost, if there were any\n  hint: files that are put aside are looked for beside it, under names like 'log.ndjson.1': rotated <{"byte":${byte},"row":3}>`,
  ]);
  truncateSync(world.path);
  world.write(1);
  await settled(again);
  expect(idsOf(again)).toEqual([4, 5, 6]);
  expect(rejects(again.readings)).toHaveLength(2);
  await again.stop();
});

it('a packed file that is damaged is rejected as one record; the rest goes on', async () => {
  const world = new World();
  writeFileSync(`${world.path}.1.gz`, gzipSync('{"id":0}\n').subarray(0, 15));
  world.write(2);
  const follower = world.follow();
  await settled(follower);
  expect(idsOf(follower)).toEqual(upTo(2));
  expect(rejects(follower.readings)).toEqual([
    `fileUnreadable ${world.path}.1.gz: expected a whole file, packed by gzip; found unexpected end of file <{"file":"log.ndjson.1.gz"}>`,
  ]);
  await follower.stop();
});

it('only what is there is read by those who only look; columns need to be known', async () => {
  const world = new World();
  expect(await messageOf(world.open({ kinds: {} }).columns())).toBe(
    `sources.live.path: expected a first line, which says what the columns are; found none in '${world.path}'\n  hint: name the columns: kinds: { id: text, x: numbers, toxic: number }`,
  );
  world.write(2);
  world.putAside('rename');
  world.write(2);
  const source = world.open({ where: 'id > 1', derive: { twice: 'id * 2' } });
  const found = await readings(source, { peek: true, columns: ['id', 'twice'] });
  expect(rowsOf(found)).toEqual([2, 3, 4].map((id) => ({ id, twice: 2 * id })));
  expect(identities(found)).toHaveLength(3);
  expect(existsSync(join(world.folder, 'run'))).toBe(false);
  expect(await messageOf(readings(source, { from: 'x' }))).toBe(
    "live: expected a position of a file that grows: { head, before, row, mark }; found 'x'",
  );
});
