import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bundle, entries, rxjsPath } from '../../../scripts/build/bundle.ts';

let outdir: string;
beforeEach(() => {
  outdir = mkdtempSync(join(tmpdir(), 'trunkline-bundle-'));
});
afterEach(() => rmSync(outdir, { recursive: true }));

test('what is started by its path has to be an entry', async () => {
  const others = entries.filter((entry) => entry !== 'engine/kernel/crew-member.ts');
  expect(others).toHaveLength(entries.length - 1);
  await expect(bundle(outdir, others)).rejects.toThrow(
    'engine/kernel/crew.ts: expected entries for what it starts; found none for engine/kernel/crew-member.ts',
  );
  expect(readdirSync(outdir)).toEqual([]);
});

test('a file that lies elsewhere than index.js may take in what is made up', async () => {
  await bundle(outdir, ['stream/in-turn.ts']);
  expect(readdirSync(outdir)).toEqual(['stream']);
});

test.each([
  ['/home/internal/node_modules/rxjs/dist/cjs/internal/Observable.js', 'rxjs/internal/Observable'],
  ['C:\\a\\node_modules\\rxjs\\dist\\cjs\\internal\\util\\noop.js', 'rxjs/internal/util/noop'],
  ['/home/internal/node_modules/rxjs/dist/cjs/index.js', undefined],
  ['/home/internal/node_modules/other/internal/Observable.js', undefined],
])('%s is required as %s', (file, path) => {
  expect(rxjsPath(file)).toBe(path);
});
