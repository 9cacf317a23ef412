import { expect, test } from 'vitest';
import { type MergeMode, merge, mergeModes } from '../../src/model/index.ts';
import { Graph } from '../../src/train/graph.ts';

const same = 'the same shape';
const vectors = 'vectors of the same length';
const lastAxis = 'shapes that differ at most on the last axis';

/** Shapes that don't go together, and what is expected of them instead. */
const cases: readonly (readonly [MergeMode, readonly number[], readonly number[], string])[] = [
  ['concat', [2, 3], [4, 3], lastAxis],
  ['concat', [3], [1, 3], lastAxis],
  ['sum', [3], [4], same],
  ['sum', [3], [1], same],
  ['average', [2, 3], [3, 2], same],
  ['average', [3], [2, 3], same],
  ['max', [3], [4], same],
  ['max', [2, 3], [2, 1], same],
  ['multiply', [3], [2, 3], same],
  ['multiply', [-1, 3], [4, 3], same],
  ['dot', [3], [4], vectors],
  ['dot', [2, 3], [2, 3], vectors],
  ['cosine', [3], [4], vectors],
  ['cosine', [3], [3, 1], vectors],
];

test('there are cases of every mode', () => {
  expect([...new Set(cases.map(([mode]) => mode))].sort()).toEqual([...mergeModes].sort());
});

test.each(cases)('%s of %j and %j names both branches, which stay as they are', (mode, a, b, expected) => {
  const graph = new Graph();
  const branches = [graph.input('left', a), graph.input('right', b)] as const;
  const shown = (shape: readonly number[]): string =>
    `[${['batch', ...shape.map((size) => (size < 0 ? '?' : size))].join(', ')}]`;
  const message = `merge, ${mode}: expected branches of ${expected}; found 'left' ${shown(a)} and 'right' ${shown(b)}`;
  expect(() => merge(branches, mode)).toThrow(expect.objectContaining({ name: 'ShapeError', message }));
  for (const branch of branches) expect(() => branch.add()).not.toThrow();
});

test('each branch that does not go with the first is named', () => {
  const graph = new Graph();
  const branches = [graph.input('a', [3]), graph.input('b', [3]), graph.input('c', [4]), graph.input('d', [2, 3])];
  const message =
    "merge, sum: expected branches of the same shape; found 'a' [batch, 3] and 'c' [batch, 4]\n" +
    "merge, sum: expected branches of the same shape; found 'a' [batch, 3] and 'd' [batch, 2, 3]";
  expect(() => merge(branches, 'sum')).toThrow(expect.objectContaining({ name: 'ShapeError', message }));
});
