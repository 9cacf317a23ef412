import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { entries } from '../../../scripts/build/bundle.ts';
import { startedBy } from '../../../scripts/build/started.ts';

const sources = fileURLToPath(new URL('../../../src', import.meta.url));

test('entries are what is imported, and what the sources start', () => {
  const started = readdirSync(sources, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => startedBy(file.replaceAll('\\', '/'), readFileSync(join(sources, file), 'utf8')));
  expect([...new Set(['index.ts', 'main.ts', ...started])].sort()).toEqual([...entries].sort());
});

test.each([
  ['a thread', "startThread('kernel/other', data)", ['engine/kernel/other.ts']],
  ['one on lines of its own', "startThread(\n  'kernel/other',\n  data,\n)", ['engine/kernel/other.ts']],
  ['one that can not be read', 'startThread(name, data)', ['engine/name.ts']],
  ['a process', "fork(new URL(`./other.${fromSource ? 'ts' : 'js'}`, import.meta.url))", ['daemon/other.ts']],
  ['a file beside', "new URL('../other.json', import.meta.url)", []],
  ['the function itself', 'export function startThread(path: string) {}', []],
])('%s', (_, contents, files) => {
  expect(startedBy('daemon/some.ts', contents)).toEqual(files);
});
