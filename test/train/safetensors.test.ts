import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allocateArray, bytesPerElement } from '../../src/core/dtype.ts';
import { sizeOf } from '../../src/core/shape.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  type Safetensors,
  type StoredTensor,
} from '../../src/train/safetensors.ts';

const tensor = (dtype: StoredTensor['dtype'], shape: readonly number[], values: readonly number[]): StoredTensor => {
  const array = allocateArray(dtype, values.length) as Float32Array;
  array.set(values);
  return { dtype, shape, values: array };
};

const bytesOf = (file: Safetensors): Uint8Array => new Uint8Array(Buffer.concat(encodeSafetensors(file)));

function errorOf(action: () => unknown): string {
  try {
    action();
    return 'none';
  } catch (error) {
    return `${error}`;
  }
}

/** A file with this header before so many bytes of data, whatever they say. */
function fileWith(header: unknown, dataBytes: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

/** Written by Python: `safetensors.numpy.save` of version 0.8.0. */
const golden = Buffer.from(
  `${'9001000000000000'}${Buffer.from(
    '{"__metadata__":{"format":"1"},' +
      '"dense/bias":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},' +
      '"dense/kernel":{"dtype":"F32","shape":[2,2],"data_offsets":[4,20]},' +
      '"empty":{"dtype":"F32","shape":[0,3],"data_offsets":[20,20]},' +
      '"clock":{"dtype":"I32","shape":[],"data_offsets":[20,24]},' +
      '"byte":{"dtype":"U8","shape":[1],"data_offsets":[24,25]},' +
      '"mask":{"dtype":"BOOL","shape":[3],"data_offsets":[25,28]}}     ',
  ).toString('hex')}0000c0bf0000803f00000040000040400000804007000000ff010001`,
  'hex',
);

const goldenFile: Safetensors = {
  metadata: { format: '1' },
  tensors: new Map([
    ['dense/kernel', tensor('float32', [2, 2], [1, 2, 3, 4])],
    ['dense/bias', tensor('float32', [1], [-1.5])],
    ['empty', tensor('float32', [0, 3], [])],
    ['mask', tensor('bool', [3], [1, 0, 1])],
    ['byte', tensor('uint8', [1], [255])],
    ['clock', tensor('int32', [], [7])],
  ]),
};

describe('files of the Python library', () => {
  test('are read', () => {
    const { tensors, metadata } = decodeSafetensors(golden, 'golden');
    expect(metadata).toEqual(goldenFile.metadata);
    expect(new Map([...tensors].sort())).toEqual(new Map([...goldenFile.tensors].sort()));
  });

  test('are written byte for byte', () => {
    expect(Buffer.from(bytesOf(goldenFile)).toString('latin1')).toBe(golden.toString('latin1'));
  });
});

const anyTensor: fc.Arbitrary<StoredTensor> = fc
  .tuple(
    fc.constantFrom('float32', 'int32', 'uint8', 'bool'),
    fc.array(fc.nat(3), { maxLength: 3 }),
    fc.infiniteStream(fc.nat(255)),
  )
  .map(([dtype, shape, stream]) => {
    // Any bytes at all: NaN keeps its payload, too.
    const bytes = Uint8Array.from({ length: sizeOf(shape) * bytesPerElement(dtype) }, () => stream.next().value);
    const values = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array, bool: Uint8Array }[dtype];
    return { dtype, shape, values: new values(bytes.buffer) };
  });

test('what is written is read, bit for bit, wherever in memory the file lies', () => {
  const names = fc.string({ unit: 'binary' }).filter((name) => name !== '__metadata__' && name !== '__proto__');
  const files = fc.record({
    tensors: fc.array(fc.tuple(names, anyTensor), { maxLength: 6 }).map((entries) => new Map(entries)),
    metadata: fc.constantFrom({}, { format: '1', 'made by': 'a test' }),
  });
  fc.assert(
    fc.property(files, fc.nat(7), (file, offset) => {
      const written = bytesOf(file);
      const moved = new Uint8Array(written.length + offset);
      moved.set(written, offset);
      const read = decodeSafetensors(moved.subarray(offset), 'file');
      expect(read.metadata).toEqual(file.metadata);
      expect([...read.tensors.keys()].sort()).toEqual([...file.tensors.keys()].sort());
      for (const [name, { dtype, shape, values }] of file.tensors) {
        const found = read.tensors.get(name) as StoredTensor;
        expect({ dtype: found.dtype, shape: found.shape }).toEqual({ dtype, shape });
        expect(Buffer.from(found.values.buffer, found.values.byteOffset, found.values.byteLength)).toEqual(
          Buffer.from(values.buffer, values.byteOffset, values.byteLength),
        );
      }
    }),
  );
});

test('a file cut short anywhere is refused', () => {
  for (let length = 0; length < golden.length; length++)
    expect(() => decodeSafetensors(golden.subarray(0, length), 'golden'), `${length}`).toThrow(/^golden/);
});

const cutShort = '\n  hint: the file was cut short: write it or copy it again';
const f32 = (shape: unknown, begin: number, end: number) => ({ dtype: 'F32', shape, data_offsets: [begin, end] });

const damaged: readonly (readonly [string, Uint8Array, string])[] = [
  ['nothing', new Uint8Array(0), 'f: expected 8 bytes that say how long the header is; found 0 bytes'],
  ['a header cut short', golden.subarray(0, 100), `f: expected a header of 400 bytes; found 92 bytes${cutShort}`],
  ['data cut short', golden.subarray(0, 430), `f: expected 28 bytes after the header; found 22${cutShort}`],
  ['more data', fileWith({ a: f32([1], 0, 4) }, 8), 'f: expected 4 bytes after the header; found 8'],
  [
    'something else',
    Buffer.from('PK\u0003\u0004 and so on, a zip file'),
    'f: expected a header of at most 100000000 bytes; found 7236828441365138000\n  hint: is this a safetensors file?',
  ],
  ['no JSON', fileWith('{"a":', 0), 'f: expected a header that is a JSON object; found 5 bytes that are none'],
  ['a list', fileWith('[1]', 0), 'f: expected a header that is a JSON object; found 3 bytes that are none'],
  [
    'an unknown element type',
    fileWith({ a: { dtype: 'BF16', shape: [2], data_offsets: [0, 4] } }, 4),
    "f, tensor 'a'.dtype: expected one of 'F32', 'I32', 'U8', 'BOOL'; found 'BF16'",
  ],
  [
    'a size that is none',
    fileWith({ a: f32([-1], 0, 4) }, 4),
    "f, tensor 'a'.shape[0]: expected a number, at least 0; found -1",
  ],
  [
    'a shape of another size',
    fileWith({ a: f32([2, 3], 0, 20) }, 20),
    "f, tensor 'a': expected 24 bytes for F32 [2, 3]; found 20",
  ],
  [
    'an end before the beginning',
    fileWith({ a: f32([0], 4, 0) }, 4),
    "f, tensor 'a': expected 0 bytes for F32 [0]; found -4",
  ],
  [
    'an overlap',
    fileWith({ a: f32([2], 0, 8), b: f32([2], 4, 12) }, 12),
    "f, tensor 'b': expected data from byte 8 on, where the one before ends; found 4",
  ],
  [
    'a gap',
    fileWith({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12),
    "f, tensor 'b': expected data from byte 4 on, where the one before ends; found 8",
  ],
  [
    'metadata that is no text',
    fileWith({ __metadata__: { steps: 3 } }, 0),
    'f, __metadata__.steps: expected text; found 3',
  ],
  [
    'several faults, all at once',
    fileWith({ a: f32([1], 0, 8), b: { dtype: 'F64', shape: [], data_offsets: [8, 16], extra: 1 } }, 16),
    [
      "f, tensor 'a': expected 4 bytes for F32 [1]; found 8",
      "f, tensor 'b'.dtype: expected one of 'F32', 'I32', 'U8', 'BOOL'; found 'F64'",
      "f, tensor 'b'.extra: expected an option out of 'dtype', 'shape', 'data_offsets'; found 'extra'",
    ].join('\n'),
  ],
];

test.each(damaged)('refused: %s', (_, bytes, message) => {
  expect(errorOf(() => decodeSafetensors(bytes, 'f'))).toBe(`ConfigError: ${message}`);
});

test('what no file can hold is not written', () => {
  const tensors = new Map([
    ['a', tensor('float32', [2], [1, 2, 3])],
    ['__metadata__', tensor('float32', [], [1])],
  ]);
  expect(errorOf(() => encodeSafetensors({ tensors, metadata: {} }))).toBe(
    "ConfigError: tensor 'a': expected 2 values for [2]; found 3\n" +
      "tensor '__metadata__': expected another name; found the one the format has for metadata",
  );
});
