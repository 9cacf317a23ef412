import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { gradients } from '../../../src/trace/gradient/index.ts';
import { lowerings } from '../../../src/trace/kernel/index.ts';
import type { KernelCase } from './case.ts';

interface CaseModule {
  readonly cases: readonly KernelCase[];
}

const modules = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.cases.ts'));

const tables = await Promise.all(modules.map((name): Promise<CaseModule> => import(`./${name}`)));
const rows = tables.flatMap(({ cases }) => cases);

it('every lowered kernel is held against the one of TensorFlow.js', () => {
  const covered = new Set(rows.map(({ kernel }) => kernel));
  expect(Object.keys(lowerings).filter((kernel) => !covered.has(kernel))).toEqual([]);
});

it('every gradient that is ours is approximated by finite differences', () => {
  const checked = new Set(
    rows.filter(({ gradient = 'checked' }) => gradient === 'checked').map(({ kernel }) => kernel),
  );
  expect(gradients.map(({ kernelName }) => kernelName).filter((kernel) => !checked.has(kernel))).toEqual([]);
});
