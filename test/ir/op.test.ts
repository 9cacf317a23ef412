import { describe, expect, it } from 'vitest';
import { applyPlainly } from '../../src/ir/build.ts';
import { input, scalar, type Value } from '../../src/ir/graph.ts';
import { type OpName, ops } from '../../src/ir/op/index.ts';

const x = (dtype: 'float32' | 'int32' | 'bool', ...shape: number[]): Value => input('x', dtype, shape);

/** Legal applications, and the type of each result. */
const legal: readonly [OpName, readonly (Value | null)[], Record<string, number | string | number[]>, string][] = [
  ['Add', [x('float32', 2, 1), x('float32', 3)], {}, 'float32 2,3'],
  ['Greater', [x('float32', 2), scalar(0, 'float32')], {}, 'bool 2'],
  ['Where', [x('bool', 2, 1), x('int32', 3), scalar(0, 'int32')], {}, 'int32 2,3'],
  ['Cast', [x('bool', 0)], { to: 'float32' }, 'float32 0'],
  ['ReduceSum', [x('float32', 2, 3, 4)], { axes: [0, -1], keepdims: 0 }, 'float32 3'],
  ['ReduceMax', [x('float32', 2, 3)], { axes: [1], keepdims: 1 }, 'float32 2,1'],
  ['ArgMax', [x('float32', 2, 3)], { axis: -1, keepdims: 0 }, 'int64 2'],
  ['TopK', [x('float32', 2, 5)], { k: 3, axis: 1 }, 'float32 2,3'],
  ['Gemm', [x('float32', 4, 2), x('float32', 4, 3), x('float32', 3)], { transA: 1 }, 'float32 2,3'],
  ['MatMul', [x('float32', 5, 1, 2, 4), x('float32', 6, 4, 3)], {}, 'float32 5,6,2,3'],
  ['FusedMatMul', [x('float32', 5, 1, 2, 4), x('float32', 6, 3, 4)], { transB: 1 }, 'float32 5,6,2,3'],
  [
    'Conv',
    [x('float32', 2, 4, 9, 7), x('float32', 6, 2, 3, 3)],
    { kernel_shape: [3, 3], pads: [1, 0, 1, 0], strides: [2, 1], group: 2 },
    'float32 2,6,5,5',
  ],
  [
    'MaxPool',
    [x('float32', 1, 3, 8, 8)],
    { kernel_shape: [2, 2], pads: [0, 0, 0, 0], strides: [2, 2] },
    'float32 1,3,4,4',
  ],
  ['Transpose', [x('float32', 2, 3, 4)], { perm: [2, 0, 1] }, 'float32 4,2,3'],
  ['Expand', [x('float32', 1, 3)], { shape: [4, 2, 3] }, 'float32 4,2,3'],
  ['Concat', [x('int32', 2, 3), x('int32', 2, 5)], { axis: -1 }, 'int32 2,8'],
  ['Slice', [x('float32', 10)], { starts: [8], ends: [-11], axes: [0], steps: [-3] }, 'float32 3'],
  ['Slice', [x('float32', 10)], { starts: [-1], ends: [-1000], axes: [0], steps: [-1] }, 'float32 10'],
  ['Gather', [x('float32', 7, 5), x('int32', 2, 3)], { axis: 0 }, 'float32 2,3,5'],
];

/** Illegal applications, and what the error says of them. */
const illegal: readonly [OpName, readonly (Value | null)[], Record<string, number | string | number[]>, string][] = [
  [
    'Add',
    [x('float32', 2), x('float32', 3)],
    {},
    'Add: expected shapes that broadcast together; found [2] and [3], which differ on axis 0',
  ],
  ['Add', [x('float32', 2), x('int32', 2)], {}, 'Add: expected inputs of one type; found float32 and int32'],
  ['Exp', [x('int32', 2)], {}, 'Exp: expected input 0 of type float32; found int32 [2]'],
  ['Where', [x('bool', 2), x('int32', 2), null], {}, 'Where: expected an input at position 2; found none'],
  [
    'Gemm',
    [x('float32', 4, 2), x('float32', 4, 3)],
    {},
    'Gemm: expected two matrices whose inner sizes agree; found [4, 2] and [4, 3]',
  ],
  ['Reshape', [x('float32', 4)], { shape: [3] }, 'Reshape: expected 4 elements; found [3]'],
  ['Transpose', [x('float32', 4, 2)], { perm: [0, 0] }, 'Transpose: expected a permutation of 2 axes; found [0, 0]'],
  [
    'Concat',
    [x('float32', 4, 2), x('float32', 5, 3)],
    { axis: 1 },
    'Concat: expected shapes equal but for axis 1; found [4, 2], [5, 3]',
  ],
  ['ReduceSum', [x('float32', 4)], { axes: [1] }, 'ReduceSum: expected an axis in [-1, 0]; found 1'],
  [
    'Cast',
    [x('float32', 4)],
    { to: 'string' },
    "Cast: expected 'to' as one of float32, int32, bool, int64, uint32, uint8; found string",
  ],
];

describe('rules of ops', () => {
  it.each(legal)('%s is legal', (op, inputs, attributes, type) => {
    const [result] = applyPlainly(op, inputs, attributes);
    expect(`${result?.dtype} ${result?.shape}`).toBe(type);
  });

  it.each(illegal)('%s is illegal', (op, inputs, attributes, message) => {
    expect(() => applyPlainly(op, inputs, attributes)).toThrow(message);
  });

  it('gives constants for results without elements', () => {
    const [values, places] = applyPlainly('TopK', [x('float32', 0, 5)], { k: 2, axis: 1 });
    expect([values?.source, places?.source]).toEqual([
      { kind: 'constant', data: new Float32Array() },
      { kind: 'constant', data: new BigInt64Array() },
    ]);
    expect([values?.shape, places?.shape]).toEqual([
      [0, 2],
      [0, 2],
    ]);
    expect(() => applyPlainly('Exp', [x('int32', 0)])).toThrow('Exp: expected input 0 of type float32');
  });

  it('names the kernel and layer an illegal op was recorded from', () => {
    const apply = () => applyPlainly('Exp', [x('int32', 2)], {}, "Exp, layer 'dense_1', tf.exp");
    expect(apply).toThrow("Exp (recorded from Exp, layer 'dense_1', tf.exp): expected input 0 of type float32");
  });

  it('says of every op what it means', () => {
    for (const [name, rule] of Object.entries(ops)) expect(rule.summary, name).not.toBe('');
  });
});
