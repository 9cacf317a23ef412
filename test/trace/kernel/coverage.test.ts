import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { lowerings } from '../../../src/trace/kernel/index.ts';

interface CaseModule {
  readonly cases: readonly { readonly kernel: string }[];
}

const modules = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.cases.ts'));

it('every lowered kernel is held against the one of TensorFlow.js', async () => {
  const tables = await Promise.all(modules.map((name): Promise<CaseModule> => import(`./${name}`)));
  const covered = new Set(tables.flatMap(({ cases }) => cases.map(({ kernel }) => kernel)));
  expect(Object.keys(lowerings).filter((kernel) => !covered.has(kernel))).toEqual([]);
});
