import { expect, test } from 'vitest';
import { CopySpace } from '../../../src/train/checkpoint/copy-space.ts';

const arraysOf = (value: number) => ({
  a: new Float32Array(5).fill(value),
  empty: new Float32Array(0),
  clock: Int32Array.of(value),
  flags: new Uint8Array(3).fill(value),
});

test('copies stay as they are, whatever is copied while they are in use, with room or without', async () => {
  for (const room of [0, 20, 1000]) {
    const space = new CopySpace();
    await space.prepare(room);
    const own = arraysOf(1);
    const first = space.copy(own);
    for (const values of Object.values(own)) values.fill(9);
    const second = space.copy(arraysOf(2));
    await space.prepare(2 * room);
    const third = space.copy(arraysOf(3));
    expect([first, second, third].map(({ arrays }) => arrays)).toEqual([1, 2, 3].map(arraysOf));
    second.release();
    first.release();
    await space.prepare(0);
    const fourth = space.copy(arraysOf(4));
    expect([third, fourth].map(({ arrays }) => arrays)).toEqual([3, 4].map(arraysOf));
  }
});

test('memory that was given back is used again', async () => {
  const space = new CopySpace();
  const first = space.copy(arraysOf(1));
  first.release();
  await space.prepare(0);
  const [second] = [space.copy(arraysOf(2))];
  second.release();
  const third = space.copy(arraysOf(3));
  expect(third.arrays.a?.buffer).toBe(second.arrays.a?.buffer);
  expect(third.arrays.a?.buffer).not.toBe(first.arrays.a?.buffer);
});

test('memory that can not be had is done without', async () => {
  const space = new CopySpace();
  await space.prepare(Number.MAX_SAFE_INTEGER);
  const first = space.copy(arraysOf(1));
  expect(first.arrays).toEqual(arraysOf(1));
  first.release();
  await space.prepare(100);
  expect(space.copy(arraysOf(2)).arrays.a?.buffer.byteLength).toBe(100);
});
