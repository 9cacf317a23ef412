import { expect, it } from 'vitest';
import { applyPlainly } from '../../../src/ir/build.ts';
import { input, type Value } from '../../../src/ir/graph.ts';
import { plainProduct } from '../../../src/ir/pass/plain.ts';
import { simplifications, simplify } from '../../../src/ir/pass/simplify.ts';
import { formatGraph } from '../../../src/ir/text.ts';

const a = input('a', 'float32', [5, 1, 2, 4]);

it.each<[string, Value, { transA?: number; transB?: number }, string]>([
  ['none', input('b', 'float32', [6, 4, 3]), {}, '%0: float32 [5, 6, 2, 3] = MatMul(a, b)\nresult = %0'],
  [
    'the second',
    input('b', 'float32', [6, 3, 4]),
    { transA: 0, transB: 1 },
    '%0: float32 [6, 4, 3] = Transpose(b) {perm=[0, 2, 1]}\n' + '%1: float32 [5, 6, 2, 3] = MatMul(a, %0)\nresult = %1',
  ],
  [
    'the first',
    input('b', 'float32', [6, 2, 3]),
    { transA: 1, transB: 0 },
    '%0: float32 [5, 1, 4, 2] = Transpose(a) {perm=[0, 1, 3, 2]}\n' +
      '%1: float32 [5, 6, 4, 3] = MatMul(%0, b)\nresult = %1',
  ],
])('a batched product is plain ONNX when of its operands is transposed: %s', (_, b, attributes, text) => {
  const [result] = applyPlainly('FusedMatMul', [a, b], attributes) as [Value];
  expect(formatGraph(simplify({ result }, [plainProduct, ...Object.values(simplifications)]))).toBe(text);
});
