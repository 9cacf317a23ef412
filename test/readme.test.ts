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
    expect(losses.at(-1)).toBeLessThan((losses[0] as number) / 2);
  },
);

test('the README has programs', () => {
  expect(programs.length).toBeGreaterThan(0);
});
