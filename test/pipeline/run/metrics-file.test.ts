import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/clock.ts';
import type { TrunklineEvent } from '../../../src/core/event.ts';
import { MetricsFile } from '../../../src/pipeline/run/metrics-file.ts';
import { stepTaken } from '../../report/sample.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-metrics-'));
afterAll(() => rmSync(folder, { recursive: true }));

function opened(path: string) {
  const told: TrunklineEvent[] = [];
  return { told, file: MetricsFile.open(path, { clock: new ManualClock(), events: (event) => told.push(event) }) };
}

test('a full disk ends no run: it is told once', async (context) => {
  const full = '/dev/full';
  context.skip(!existsSync(full), 'needs a device that is always full');
  const { told, file } = opened(full);
  const metrics = await file;
  const heads = Object.fromEntries(Array.from({ length: 500 }, (_, head) => [`head ${head}`, [1, 1] as const]));
  for (let step = 1; step <= 400; step++) metrics.event(stepTaken({ step, heads }));
  await metrics.close();
  expect(told).toEqual([
    {
      type: 'metricsFailed',
      message: expect.stringContaining('/dev/full: expected a file that can be written; found ENOSPC'),
    },
  ]);
});

test('the file grows by the logarithm of the steps', async () => {
  const path = join(folder, 'metrics.ndjson');
  const { told, file } = opened(path);
  const metrics = await file;
  for (let step = 1; step <= 300_000; step++) {
    metrics.event(stepTaken({ step, rows: 2 }));
    if (step % 100 === 0) metrics.event({ type: 'headsScored', step, epoch: 1, heads: {} });
    if (step % 10 === 0) metrics.event({ type: 'epochEnded', epoch: step / 10, step, counts: {}, durationMs: 1 });
  }
  metrics.event({ type: 'runEnded', outcome: 'stopped', step: 300_000, epoch: 30_000, durationMs: 1 });
  await metrics.close();
  expect(told).toEqual([]);
  const lines = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; rows?: number });
  // Nothing is left out, the tail of the run included.
  expect(lines.reduce((sum, { rows = 0 }) => sum + rows, 0)).toBe(600_000);
  expect(lines.length).toBeGreaterThan(1000);
  expect(lines.filter(({ type }) => type === 'prequential').length).toBeLessThan(3000);
  expect(lines.length).toBeLessThan(8000);
});
