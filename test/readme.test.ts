import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = new URL('..', import.meta.url);
const folder = new URL('.cache/readme/', root);
const programs = [...readFileSync(new URL('README.md', root), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)];

/** What each program prints, in the README's order. */
const expectations: readonly ((stdout: string) => void)[] = [
  (stdout) => {
    const losses = [...stdout.matchAll(/size: \{ loss: ([\d.e-]+), labels: 150/g)].map(([, loss]) => Number(loss));
    expect(losses).toHaveLength(2);
    expect(losses[1]).toBeLessThan(0.05 * (losses[0] as number));
    expect(stdout).toContain('[ 2, 1 ]');
  },
  (stdout) => {
    const losses = [...stdout.matchAll(/even: ([\d.e-]+)/g)].map(([, loss]) => Number(loss));
    expect(losses).toHaveLength(4);
    // The labels do not depend on the input: the best guess is their mean, which is 1/12 off.
    expect(losses[0]).toBeGreaterThan(0.1);
    expect(losses.at(-1)).toBeLessThan(0.09);
  },
];

test.each(programs.map(([, program], index) => [index, program as string]))(
  'program %i of the README runs',
  (index, program) => {
    mkdirSync(folder, { recursive: true });
    const file = new URL(`program${index}.ts`, folder);
    writeFileSync(file, program.replaceAll("'trunkline'", "'../../src/index.ts'"));
    const flags = ['--import', './scripts/typescript.js', fileURLToPath(file)];
    const { status, stdout, stderr } = spawnSync(process.execPath, flags, {
      cwd: fileURLToPath(root),
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expectations[index]?.(stdout);
  },
);

test('every program of the README is known', () => {
  expect(programs).toHaveLength(expectations.length);
});
