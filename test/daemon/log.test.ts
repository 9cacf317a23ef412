import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { writePipeline, writeRecords } from '../../scripts/chaos/file/pipeline.ts';
import { trunkline } from '../main/run.ts';

test('the log of the daemon is lines of JSON', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeRecords(folder);
  const file = writePipeline(folder, 'logged', 1);
  writeFileSync(file, readFileSync(file, 'utf8').replace('from: trunk', 'from: trank'));
  const { status, stdout } = trunkline(['run', '--log', file]);
  expect(status).toBe(2);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const line of lines) expect(line).toMatchObject({ time: expect.any(String), pipeline: 'logged' });
  expect(lines.at(-1)).toMatchObject({ level: 'error', event: 'status', state: 'refused' });
});
