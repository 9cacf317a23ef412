import { describe, expect, it, test } from 'vitest';
import type { FeatureConfig } from '../../src/feature/index.ts';
import { build, columnOf, run } from './columns.ts';

const numbers = columnOf([1, 2, null, 4, Number.NaN, Number.POSITIVE_INFINITY]);
const words = columnOf(['a', 'b', 'a', null, 'c']);
const lists = columnOf([[0, 3], [], null, [3, 3, 1], [4], [-1], [0.5], [1, null]]);

/** Of each row: its numbers, or the reason why there are none. */
async function outcome(config: FeatureConfig, columns: Parameters<typeof run>[1]) {
  const { rows, faults } = await run(config, columns);
  return rows.map((row, at) => row ?? faults.find((fault) => fault.row === at)?.reason);
}

describe('tensor', () => {
  it('takes numbers of one column, of several, and of lists', async () => {
    expect(await outcome('tensor', { x: numbers })).toEqual([[1], [2], 'missing', [4], 'missing', 'notFinite']);
    const two = { a: columnOf([1, 2]), b: columnOf([3, null]) };
    expect(await outcome({ tensor: { missing: 9 } }, two)).toEqual([
      [1, 3],
      [2, 9],
    ]);
    expect(await outcome({ tensor: [2] }, { x: columnOf([[1, 2], [3], null, [1, null], [3, 4]]) })).toEqual([
      [1, 2],
      'badLength',
      'missing',
      'missing',
      [3, 4],
    ]);
  });

  it('takes bytes, truth values and lists in columns of all kinds, and refuses other things row by row', async () => {
    const mixed = columnOf([[1, 2], Uint8Array.of(7, 255), [true, false], 'text', { a: 1 }, [1, 'b'], null], 'mixed');
    expect(await outcome({ tensor: [2] }, { x: mixed })).toEqual([
      [1, 2],
      [7, 255],
      [1, 0],
      'badType',
      'badType',
      'badType',
      'missing',
    ]);
  });

  it('takes whole numbers as int32', async () => {
    const x = columnOf([3, -2, 0.5, 3e9, 2147483647]);
    expect(await outcome({ tensor: { dtype: 'int32' } }, { x })).toEqual([
      [3],
      [-2],
      'notWhole',
      'notWhole',
      [2147483647],
    ]);
    const long = { kind: 'number', values: BigInt64Array.of(5n, 7n), valid: Uint8Array.of(1, 1) } as const;
    expect(await outcome({ tensor: { dtype: 'int32' } }, { x: long })).toEqual([[5], [7]]);
  });

  it('says what it can not read before any row is', () => {
    expect(() => build('tensor', { x: words })).toThrow(
      "features.x: expected columns of numbers; found text in column 'x'\n  hint: text goes through oneHot, vocabulary, hash, sequence or characters",
    );
    expect(() => build('tensor', { x: lists })).toThrow(
      "features.x.shape: expected the shape of one sample, because column 'x' holds lists; found none\n  hint: give the length that every list has, as shape: [1024]",
    );
    expect(() => build({ tensor: [3] }, { a: numbers, b: numbers })).toThrow(
      'features.x.shape: expected a shape of 2 numbers, one from each column; found [3]',
    );
  });

  it('reports a fault with its column, and what it found', async () => {
    const { faults } = await run({ tensor: [2] }, { x: columnOf([[1, 2, 3], [1, Number.NEGATIVE_INFINITY], null]) });
    expect(faults).toEqual([
      { row: 0, column: 'x', reason: 'badLength', expected: '2 numbers', found: '3' },
      { row: 1, column: 'x', reason: 'notFinite', expected: 'a finite number', found: '-Infinity' },
      { row: 2, column: 'x', reason: 'missing', expected: 'a number', found: 'null or NaN in a list' },
    ]);
  });
});

describe('features of numbers', () => {
  test('standardize', async () => {
    const x = columnOf([1, 3, null]);
    expect(await outcome('standardize', { x })).toEqual([[-1], [1], 'missing']);
    expect(await outcome({ standardize: { missing: 'mean' } }, { x })).toEqual([[-1], [1], [0]]);
    expect(await outcome({ standardize: { missing: 4 } }, { x })).toEqual([[-1], [1], [2]]);
    expect(await outcome('standardize', { x: columnOf([5, 5]), y: columnOf([0, 8]) })).toEqual([
      [0, -1],
      [0, 1],
    ]);
  });

  test('standardize is sound where the mean is far from 0', async () => {
    const x = columnOf([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]);
    const { rows } = await run('standardize', { x });
    expect(rows.map((row) => row?.[0])).toEqual([-6, -3, 3, 6].map((d) => Math.fround(d / Math.sqrt(22.5))));
  });

  test('minMax', async () => {
    expect(await outcome('minMax', { x: columnOf([2, 4, 3]) })).toEqual([[0], [1], [0.5]]);
    expect(await outcome({ minMax: { least: 0, most: 8, to: [-1, 1] } }, { x: columnOf([0, 8, 16]) })).toEqual([
      [-1],
      [1],
      [3],
    ]);
    expect(await outcome({ minMax: { least: 0, most: 8, clip: true } }, { x: columnOf([-3, 4, 16]) })).toEqual([
      [0],
      [0.5],
      [1],
    ]);
    expect(await outcome('minMax', { x: columnOf([7, 7]) })).toEqual([[0], [0]]);
    expect(() => build({ minMax: { least: 2, most: 1 } }, { x: numbers })).toThrow(
      "features.x.minMax: expected a 'least' below 'most'; found an object with least, most",
    );
  });

  test('log1p', async () => {
    const x = columnOf([0, Math.E - 1, 1 - Math.E]);
    expect(await outcome('log1p', { x })).toEqual([[0], [1], 'outOfRange']);
    expect(await outcome({ log1p: { signed: true } }, { x })).toEqual([[0], [1], [-1]]);
  });
});

describe('features of categories', () => {
  test('oneHot, given or fitted', async () => {
    const given = { oneHot: ['a', 'b'] };
    expect(await outcome(given, { x: words })).toEqual([[1, 0], [0, 1], [1, 0], 'missing', 'unknownValue']);
    expect(await outcome('oneHot', { x: words })).toEqual([[1, 0, 0], [0, 1, 0], [1, 0, 0], 'missing', [0, 0, 1]]);
    const places = { oneHot: { categories: ['a', 'b'], unknown: 'category', missing: 'category' } };
    expect(await outcome(places, { x: words })).toEqual([
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [1, 0, 0, 0],
      [0, 0, 0, 1],
      [0, 0, 1, 0],
    ]);
    const zeros = { oneHot: { categories: ['a'], unknown: 'zeros', missing: 'zeros' } };
    expect(await outcome(zeros, { x: words })).toEqual([[1], [0], [1], [0], [0]]);
  });

  test('oneHot sorts numbers by size, and puts columns one after the other', async () => {
    const columns = { a: columnOf([10, 9, 10]), b: columnOf(['y', 'x', 'x']) };
    expect(await outcome('oneHot', columns)).toEqual([
      [0, 1, 0, 1],
      [1, 0, 1, 0],
      [0, 1, 1, 0],
    ]);
    expect(() => build({ oneHot: ['a', 'a'] }, columns)).toThrow(
      "features.x.categories: expected each category once; found 'a' twice",
    );
    await expect(run({ oneHot: { limit: 1 } }, columns)).rejects.toThrow(
      "features.x: expected at most 1 categories in column 'a'; found more\n  hint: raise its limit, or use vocabulary or hash",
    );
  });

  test('multiHot', async () => {
    expect(await outcome({ multiHot: 4 }, { x: lists })).toEqual([
      [1, 0, 0, 1],
      [0, 0, 0, 0],
      'missing',
      [0, 1, 0, 1],
      'outOfRange',
      'outOfRange',
      'outOfRange',
      'missing',
    ]);
    const { faults } = await run({ multiHot: { size: 4, missing: 'zeros' } }, { x: lists });
    expect(faults).toEqual([
      { row: 4, column: 'x', reason: 'outOfRange', expected: 'a place from 0 to 3', found: '4' },
      { row: 5, column: 'x', reason: 'outOfRange', expected: 'a place from 0 to 3', found: '-1' },
      { row: 6, column: 'x', reason: 'outOfRange', expected: 'a place from 0 to 3', found: '0.5' },
      { row: 7, column: 'x', reason: 'missing', expected: 'a list of places', found: 'null in it' },
    ]);
    expect(() => build({ multiHot: 4 }, { a: lists, b: lists })).toThrow(
      "features.x.columns: expected one column; found 'a', 'b'\n  hint: give each column an input of its own",
    );
    expect(() => build({ multiHot: 4 }, { x: words })).toThrow(
      "features.x: expected a column of lists of whole numbers; found text in column 'x'",
    );
  });

  test('hash', async () => {
    const { rows } = await run({ hash: 1000 }, { x: words });
    expect(rows[0]).toEqual(rows[2]);
    expect(new Set([rows[0], rows[1], rows[4]].map(String)).size).toBe(3);
    expect(rows[3]).toBe(null);
    expect(await run({ hash: { buckets: 1000, seed: 1 } }, { x: words })).not.toEqual(rows);
    expect(await outcome({ hash: { buckets: 4, missing: 2 } }, { x: columnOf([null], 'text') })).toEqual([[2]]);
    const tags = columnOf([['a', 'b', 'a'], [], ['b', 'a']]);
    const hot = await run({ hash: { buckets: 50, output: 'multiHot' } }, { x: tags });
    expect(hot.rows.map((row) => row?.reduce((sum, x) => sum + x, 0))).toEqual([2, 0, 2]);
    expect(hot.rows[0]).toEqual(hot.rows[2]);
    const parts = await run({ hash: { buckets: 50, output: 'multiHot', split: ' ' } }, { x: columnOf(['b a']) });
    expect(parts.rows[0]).toEqual(hot.rows[0]);
  });

  test('vocabulary', async () => {
    const x = columnOf(['b', 'a', 'b', 'c', 'a', 'd', null]);
    const ids = { vocabulary: { size: 3, missing: 'zero' } };
    expect(await outcome(ids, { x })).toEqual([[2], [1], [2], [0], [1], [0], [0]]);
    const often = { vocabulary: { size: 9, minimumCount: 2, unknown: 'reject' } };
    const r = 'unknownValue';
    expect(await outcome(often, { x })).toEqual([[2], [1], [2], r, [1], r, 'missing']);
    expect(await outcome({ vocabulary: { size: 9, words: ['d'] } }, { x: columnOf(['d', 'a']) })).toEqual([[1], [0]]);
  });
});

describe('features of lists and texts', () => {
  test('sequence of ids and numbers', async () => {
    const x = columnOf([[1, 2, 3], [4], [], null, [-1], [1.5], [1, null]]);
    expect(await outcome({ sequence: 2 }, { x })).toEqual([
      [1, 2],
      [4],
      [],
      'missing',
      'badValue',
      'badValue',
      'missing',
    ]);
    expect(await outcome({ sequence: { length: 2, cut: 'start', missing: 'empty' } }, { x })).toEqual([
      [2, 3],
      [4],
      [],
      [],
      'badValue',
      'badValue',
      'missing',
    ]);
    expect((await outcome({ sequence: { length: 2, cut: 'reject' } }, { x }))[0]).toBe('badLength');
    expect((await outcome({ sequence: { length: 2, of: 'numbers' } }, { x }))[5]).toEqual([1.5]);
  });

  test('sequence of texts', async () => {
    const x = columnOf(['the cat the', 'the dog', null]);
    const config = { sequence: { length: 8, lengths: [2, 4], of: 'texts', split: ' ', vocabulary: 4 } };
    const feature = build(config, { x });
    expect(feature.shape).toEqual([-1]);
    const { column, rows } = await run(config, { x });
    expect(rows).toEqual([[2, 3, 2], [2, 1], null]);
    expect(column).toMatchObject({ kind: 'sequence', lengths: [2, 4, 8], padding: 0 });
    expect(() => build({ sequence: { length: 8, lengths: [4, 2] } }, { x })).toThrow(
      "features.x.sequence.lengths: expected ascending lengths below 'length'; found a list of 2",
    );
  });

  test('characters', async () => {
    const x = columnOf(['ab', 'c', 'aaab', null, 'a?']);
    const ids = (more: object) => ({ characters: { length: 3, alphabet: 'abc', output: 'ids', ...more } });
    const [u, m] = ['unknownValue', 'missing'];
    expect(await outcome(ids({}), { x })).toEqual([[1, 2, 0], [3, 0, 0], 'badLength', m, u]);
    const end = ids({ align: 'end', cut: 'end', unknown: 'blank', missing: 'blank' });
    expect(await outcome(end, { x })).toEqual([
      [0, 1, 2],
      [0, 0, 3],
      [1, 1, 1],
      [0, 0, 0],
      [0, 1, 0],
    ]);
    expect(await outcome(ids({ align: 'centre', cut: 'start' }), { x })).toEqual([
      [1, 2, 0],
      [0, 3, 0],
      [1, 1, 2],
      m,
      u,
    ]);
    expect(await outcome({ characters: { length: 2, alphabet: 'ab' } }, { x: columnOf(['ba', 'b']) })).toEqual([
      [0, 1, 1, 0],
      [0, 1, 0, 0],
    ]);
  });
});
