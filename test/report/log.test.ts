import { closeSync, existsSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
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

test('a log that its disk does not take ends nothing', (context) => {
  const full = '/dev/full';
  context.skip(!existsSync(full), 'needs a device that is always full');
  const fd = openSync(full, 'w');
  try {
    const log = new Log(fd);
    for (let line = 0; line < 3; line++) log.write('one', 'info', 'status', { state: 'training' });
  } finally {
    closeSync(fd);
  }
});
