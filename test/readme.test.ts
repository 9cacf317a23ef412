import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = new URL('..', import.meta.url);
const folder = new URL('.cache/readme/', root);
const programs = [...readFileSync(new URL('README.md', root), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)];

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
    const losses = [...stdout.matchAll(/even: ([\d.e-]+)/g)].map(([, loss]) => Number(loss));
    expect(losses).toHaveLength(4);
    // The labels do not depend on the input: the best guess is their mean, which is 1/12 off.
    expect(losses[0]).toBeGreaterThan(0.1);
    expect(losses.at(-1)).toBeLessThan(0.09);
  },
);

test('the README has programs', () => {
  expect(programs.length).toBeGreaterThan(0);
});
