import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

// In a process of its own: what is counted are the handles and files of all that runs there.
test('three hours with reloads, heads that come and go, and labels that are late: everything adds up, and nothing piles up', {
  timeout: 240_000,
}, async () => {
  const run = ['--import', './scripts/typescript.js', 'scripts/simulate/run.ts', '--hours', '3'];
  const { stdout } = await promisify(execFile)(process.execPath, run, { cwd: root });
  expect(stdout).toContain('simulate: everything adds up, and nothing piles up');
  for (const heads of ['a b', 'a d b', 'a b c']) expect(stdout).toContain(`  ${heads}  `);
});
