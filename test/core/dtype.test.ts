import { expect, test } from 'vitest';
import { allocateArray, bytesPerElement, type DType, viewArray } from '../../src/core/dtype.ts';

test.each<[DType, number, string]>([
  ['float32', 4, 'Float32Array'],
  ['int32', 4, 'Int32Array'],
  ['bool', 1, 'Uint8Array'],
  ['int64', 8, 'BigInt64Array'],
  ['uint32', 4, 'Uint32Array'],
  ['uint8', 1, 'Uint8Array'],
])('%s takes %i bytes in a %s', (dtype, bytes, name) => {
  expect(bytesPerElement(dtype)).toBe(bytes);
  const array = allocateArray(dtype, 3);
  expect(array.constructor.name).toBe(name);
  expect([array.length, array.byteLength]).toEqual([3, 3 * bytes]);
  expect([...array].every((element) => Number(element) === 0)).toBe(true);
});

test('viewArray shares its buffer, also a shared one', () => {
  const buffer = new SharedArrayBuffer(32);
  const view = viewArray('int32', buffer, 16, 2);
  view[1] = 7;
  expect([view.byteOffset, view.length]).toEqual([16, 2]);
  expect(new Int32Array(buffer)[5]).toBe(7);
});

test('viewArray refuses a view that is misaligned or too long', () => {
  expect(() => viewArray('float32', new ArrayBuffer(16), 2, 1)).toThrow(/multiple of 4/);
  expect(() => viewArray('float32', new ArrayBuffer(16), 8, 3)).toThrow(RangeError);
});
