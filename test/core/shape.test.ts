import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../src/core/error.ts';
import { broadcastShapes, formatShape, normalizeAxis, sameShape, sizeOf } from '../../src/core/shape.ts';

test.each([
  [[], 1, '[]'],
  [[3], 3, '[3]'],
  [[2, 3, 4], 24, '[2, 3, 4]'],
  [[2, 0, 4], 0, '[2, 0, 4]'],
])('%o holds %i elements and is written %s', (shape, size, text) => {
  expect(sizeOf(shape)).toBe(size);
  expect(formatShape(shape)).toBe(text);
});

test('sameShape compares rank and every size', () => {
  expect(sameShape([2, 3], [2, 3])).toBe(true);
  expect(sameShape([], [])).toBe(true);
  expect(sameShape([2, 3], [3, 2])).toBe(false);
  expect(sameShape([2], [2, 1])).toBe(false);
});

describe('broadcastShapes', () => {
  test.each([
    [[], [], []],
    [[], [2, 3], [2, 3]],
    [[3], [2, 3], [2, 3]],
    [
      [2, 1],
      [1, 3],
      [2, 3],
    ],
    [
      [4, 1, 3],
      [2, 1],
      [4, 2, 3],
    ],
    [[0], [1], [0]],
    [
      [1, 0],
      [5, 1],
      [5, 0],
    ],
  ])('of %o and %o is %o, in either order', (a, b, together) => {
    expect(broadcastShapes(a, b, 'add')).toEqual(together);
    expect(broadcastShapes(b, a, 'add')).toEqual(together);
  });

  test.each([
    [[2, 3], [2, 4], 'add: expected shapes that broadcast together; found [2, 3] and [2, 4], which differ on axis 1'],
    [[3], [4, 2], 'add: expected shapes that broadcast together; found [3] and [4, 2], which differ on axis 1'],
    [[0], [2], 'add: expected shapes that broadcast together; found [0] and [2], which differ on axis 0'],
  ])('of %o and %o is an error', (a, b, message) => {
    expect(() => broadcastShapes(a, b, 'add')).toThrow(ShapeError);
    expect(() => broadcastShapes(a, b, 'add')).toThrow(message);
  });
});

describe('normalizeAxis', () => {
  test.each([
    [0, 3, 0],
    [2, 3, 2],
    [-1, 3, 2],
    [-3, 3, 0],
  ])('%i of rank %i is %i', (axis, rank, expected) => {
    expect(normalizeAxis(axis, rank, 'sum')).toBe(expected);
  });

  test.each([
    [3, 3, 'sum: expected an axis in [-3, 2]; found 3'],
    [-4, 3, 'sum: expected an axis in [-3, 2]; found -4'],
    [0.5, 3, 'sum: expected an axis in [-3, 2]; found 0.5'],
    [Number.NaN, 3, 'sum: expected an axis in [-3, 2]; found NaN'],
  ])('%d of rank %i is an error', (axis, rank, message) => {
    expect(() => normalizeAxis(axis, rank, 'sum')).toThrow(ShapeError);
    expect(() => normalizeAxis(axis, rank, 'sum')).toThrow(message);
  });

  test('of a scalar is always an error', () => {
    expect(() => normalizeAxis(0, 0, 'sum')).toThrow(ShapeError);
    expect(() => normalizeAxis(-1, 0, 'sum')).toThrow('found -1');
  });
});
