import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { SmallDisk } from '../../scripts/chaos/small-disk.ts';
import { Log } from '../../src/report/log.ts';

/** A log, and the lines of it. */
function opened() {
  const lines: string[] = [];
  const log = new Log({ write: (line) => void lines.push(line) });
  return { log, lines: () => lines.splice(0).map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test('what happens is a line of JSON, with its time, level and pipeline', () => {
  const { log, lines } = opened();
  log.event('assays', { type: 'checkpointWritten', step: 7, path: 'p', sizeBytes: 1, copyMs: 1, durationMs: 2 });
  log.write('assays', 'warn', 'status', { state: 'waiting' });
  expect(lines()).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      pipeline: 'assays',
      event: 'checkpointWritten',
      step: 7,
      path: 'p',
      sizeBytes: 1,
      copyMs: 1,
      durationMs: 2,
    },
    { level: 'warn', time: expect.any(String), pipeline: 'assays', event: 'status', state: 'waiting' },
  ]);
});

test('how much is logged is set for each pipeline, at any time', () => {
  const { log, lines } = opened();
  const scored = { type: 'headsScored', step: 1, epoch: 0, heads: {} } as const;
  const ended = { type: 'runEnded', step: 1, epoch: 0, durationMs: 1 } as const;
  log.event('a', scored);
  log.setLevel('a', 'debug');
  log.event('a', scored);
  log.event('b', scored);
  log.setLevel('a', 'error');
  log.event('a', { ...ended, outcome: 'stopped' });
  log.event('a', { ...ended, outcome: 'failed', message: 'unplugged' });
  expect(lines().map(({ pipeline, level, event }) => [pipeline, level, event])).toEqual([
    ['a', 'debug', 'headsScored'],
    ['a', 'error', 'runEnded'],
  ]);
});

test('a full disk ends nothing, and gets what was kept for it when it has room again', (context) => {
  const disk = new SmallDisk(mkdtempSync(join(tmpdir(), 'log-')), 1);
  onTestFinished(() => {
    disk.remove();
    rmSync(disk.path, { recursive: true });
  });
  context.skip(disk.missing !== undefined, `needs a small disk: ${disk.missing}`);
  const path = join(disk.path, 'log');
  const fd = openSync(path, 'a');
  const log = new Log(fd);
  const write = (line: number): void => log.write('one', 'info', 'status', { line });
  write(0);
  const makeRoom = disk.fill();
  // What the file's last page has room for, and what it has not.
  for (let line = 1; line < 100; line++) write(line);
  makeRoom();
  write(100);
  closeSync(fd);
  const found = readFileSync(path, 'utf8').trimEnd().split('\n');
  expect(found.map((line) => JSON.parse(line).line)).toEqual([...Array(101).keys()]);
});
