import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const checkout = fileURLToPath(new URL('..', import.meta.url));
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'trunkline-skipped-'));
  mkdirSync(join(root, 'test'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Runs vitest, with the project's configuration, on these tests alone. */
function run(tests: string, ...flags: string[]): { status: number | null; output: string } {
  writeFileSync(join(root, 'test/some.test.ts'), tests);
  const vitest = join(checkout, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--root', root, '--config', join(checkout, 'vitest.config.ts'), '--globals', ...flags];
  const env = { ...process.env, CI: 'true', NO_COLOR: '1' };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

const passing = "test('adds', () => expect(1 + 1).toBe(2));";
const withReason = "test('trains', (context) => context.skip(true, 'needs a GPU'));";
const withoutReason = "describe.skip('later', () => { test('flies', () => {}); });";

test('lists skipped tests with their reasons, and leaves the counts', () => {
  const { status, output } = run(passing + withReason);
  expect(output).toContain('Skipped tests, and why:\n  test/some.test.ts > trains: needs a GPU\n');
  expect(status).toBe(0);
  const summary = JSON.parse(readFileSync(join(root, '.cache/test-summary.json'), 'utf8'));
  expect(summary).toEqual({ passed: 1, failed: 0, skipped: 1, failures: [] });
});

test('leaves what failed, and how', () => {
  const { status } = run(`${passing}test('subtracts', () => expect(2 - 1).toBe(2));`);
  expect(status).toBe(1);
  const { failed, failures } = JSON.parse(readFileSync(join(root, '.cache/test-summary.json'), 'utf8'));
  expect(failed).toBe(1);
  expect(failures).toEqual([expect.stringContaining('test/some.test.ts > subtracts\nexpected 1 to be 2')]);
});

test('leaves what failed outside of tests', () => {
  const later = "test('adds later', () => { setTimeout(() => { throw new Error('too late'); }); });";
  expect(run(later).status).toBe(1);
  const { failed, failures } = JSON.parse(readFileSync(join(root, '.cache/test-summary.json'), 'utf8'));
  expect(failed).toBe(0);
  expect(failures).toEqual([expect.stringContaining('outside of any test\nError: too late')]);
});

test('leaves files that do not load', () => {
  expect(run("throw new Error('no file');").status).toBe(1);
  const { failures } = JSON.parse(readFileSync(join(root, '.cache/test-summary.json'), 'utf8'));
  expect(failures).toEqual(['test/some.test.ts\nno file']);
});

test('fails a run with a skip that has no reason', () => {
  const { status, output } = run(passing + withReason + withoutReason);
  expect(output).toContain('  test/some.test.ts > later > flies: no reason stated\n');
  expect(output).toContain("A test was skipped without a reason: write context.skip(condition, 'reason').");
  expect(status).toBe(1);
});

test('says nothing when tests are picked by name', () => {
  const { status, output } = run(passing + withReason, '-t', 'adds');
  expect(output).not.toContain('Skipped tests');
  expect(status).toBe(0);
});
