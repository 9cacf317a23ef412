import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { keepLines } from '../../../src/pipeline/run/kept-lines.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('lines that are not kept go, and what a crash left of one', async () => {
  const path = join(folder, 'lines');
  const line = fc.string({ unit: fc.constantFrom('a', 'é', '字', '"', ' ') });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(line, fc.boolean())), line, async (lines, torn) => {
      writeFileSync(path, lines.map(([text, kept]) => `${Number(kept)}${text}\n`).join('') + torn);
      await keepLines(path, (text) => text.startsWith('1'));
      const kept = lines.filter(([, isKept]) => isKept).map(([text]) => `1${text}\n`);
      expect(readFileSync(path, 'utf8')).toBe(kept.join(''));
    }),
    { numRuns: 200 },
  );
});

test('a file that is not there has no lines, and is not made', async () => {
  const path = join(folder, 'none');
  await keepLines(path, () => true);
  expect(() => readFileSync(path)).toThrow('ENOENT');
});
