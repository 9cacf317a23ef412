import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { formatIssue } from '../../src/core/error.ts';
import { undocumented } from './documented.ts';

test('everything that is public says what it is, and what throws says so', () => {
  const entry = fileURLToPath(new URL('../../src/index.ts', import.meta.url));
  expect(undocumented(entry).map(formatIssue).join('\n')).toBe('');
}, 180_000);

test('what says nothing is found, wherever it is exported from', () => {
  const files: Readonly<Record<string, string>> = {
    '/src/index.ts': [
      "export { plain, said, type Options, Grown, type Port } from './a.ts';",
      "export * from './b.ts';",
    ].join('\n'),
    '/src/a.ts': [
      "import { Base } from './b.ts';",
      'export const plain = 1;',
      '/** Says something. */',
      'export const said = 2;',
      'export interface Options { readonly own: number }',
      '/** A class. */',
      'export class Grown extends Base {',
      '  #secret = 1;',
      '  /** Said. */',
      '  own = 1;',
      '  bare(): void {}',
      '  override known(): void {}',
      '  private hidden(): void {}',
      '  static made(): void {}',
      '}',
      '/** An interface: what is no function may speak by its name. */',
      'export interface Port { readonly name: string; open(): void; readonly told: () => void }',
    ].join('\n'),
    '/src/b.ts': [
      'class Base {',
      '  /** @param from where it begins */',
      '  constructor(from: number) {}',
      '  /** Said. */',
      '  known(): void {}',
      '  inherited(): void {}',
      '}',
      '/** Throws. */',
      'export function silent(): void { throw new Error(); }',
      '/** Throws. @throws Error always */',
      'export function honest(): void { throw new Error(); }',
      'export { Base };',
      'const { /** Which no editor shows. */ taken } = { taken: 1 };',
      'export { taken };',
    ].join('\n'),
  };
  const found = undocumented('/src/index.ts', (path) => files[path]);
  expect(found.map(({ where, expected }) => `${where}: ${expected}`)).toEqual([
    'a.ts:2, plain: a docstring',
    'a.ts:5, Options: a docstring',
    'a.ts:14, Grown.made: a docstring',
    'a.ts:11, Grown.bare: a docstring',
    'b.ts:6, Grown.inherited: a docstring',
    'a.ts:17, Port.open: a docstring',
    'a.ts:17, Port.told: a docstring',
    'b.ts:9, silent: @throws in the docstring',
    'b.ts:1, Base: a docstring',
    'b.ts:13, taken: a docstring',
  ]);
});
