import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { formatIssue } from '../src/core/error.ts';
import { checkArchitecture, readModules } from './architecture/check.ts';
import { rules } from './architecture/rules.ts';

const modules = readModules(fileURLToPath(new URL('../src', import.meta.url)));

test('src/ keeps the import rule of ARCHITECTURE.md', () => {
  expect(modules.map(({ file }) => file)).toContain('core/error.ts');
  expect(checkArchitecture(modules, rules).map(formatIssue).join('\n')).toBe('');
});

test('every dependency of package.json has a row that says who may import it', () => {
  const { dependencies, peerDependencies } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  const names = Object.keys({ ...dependencies, ...peerDependencies });
  expect(names.filter((name) => rules.packages[name] === undefined)).toEqual([]);
});
