import { describe, expect, it } from 'vitest';
import { applyPlainly, type Rule } from '../../../src/ir/build.ts';
import { type Attributes, input, scalar, topological, type Value } from '../../../src/ir/graph.ts';
import type { OpName } from '../../../src/ir/op/index.ts';
import { simplify } from '../../../src/ir/pass/simplify.ts';
import { formatGraph } from '../../../src/ir/text.ts';

const op = (name: OpName, inputs: readonly Value[], attributes: Attributes = {}): Value =>
  applyPlainly(name, inputs, attributes)[0] as Value;
const x = (...shape: number[]): Value => input('x', 'float32', shape);
const y = (...shape: number[]): Value => input('y', 'float32', shape);
const text = (result: Value): string => formatGraph(simplify({ result }));
const nhwc = [0, 2, 3, 1];
const nchw = [0, 3, 1, 2];

describe('simplify', () => {
  const cases: readonly [string, Value, string][] = [
    [
      'keeps x · 0, which is not 0 for NaN',
      op('Mul', [x(2), scalar(0, 'float32')]),
      '%0: float32 [2] = Mul(x, float32[](0))\nresult = %0',
    ],
    ['drops reshape to the same shape', op('Reshape', [x(2, 3)], { shape: [2, 3] }), 'result = x'],
    [
      'joins reshapes',
      op('Reshape', [op('Reshape', [x(2, 3)], { shape: [6] })], { shape: [3, 2] }),
      '%0: float32 [3, 2] = Reshape(x) {shape=[3, 2]}\nresult = %0',
    ],
    [
      'cancels transposes',
      op('Transpose', [op('Transpose', [x(2, 3, 4, 5)], { perm: nchw })], { perm: nhwc }),
      'result = x',
    ],
    [
      'turns a transpose of one long axis into a reshape',
      op('Transpose', [x(1, 1, 1, 5)], { perm: nchw }),
      '%0: float32 [1, 5, 1, 1] = Reshape(x) {shape=[1, 5, 1, 1]}\nresult = %0',
    ],
    [
      'computes before it stretches',
      op('Exp', [op('Expand', [x(1, 3)], { shape: [2, 3] })]),
      '%0: float32 [1, 3] = Exp(x)\n%1: float32 [2, 3] = Expand(%0) {shape=[2, 3]}\nresult = %1',
    ],
    [
      'lets broadcasting stretch',
      op('Mul', [op('Expand', [x(1, 3)], { shape: [2, 3] }), y(2, 3)]),
      '%0: float32 [2, 3] = Mul(x, y)\nresult = %0',
    ],
    [
      'sums nothing',
      op('ReduceSum', [x(1, 3, 1)], { axes: [0, -1], keepdims: 0 }),
      '%0: float32 [3] = Reshape(x) {shape=[3]}\nresult = %0',
    ],
    [
      'adds a bias inside of a product',
      op('Add', [y(4), op('Reshape', [op('Gemm', [x(2, 3), input('w', 'float32', [3, 4])])], { shape: [1, 2, 4] })]),
      '%0: float32 [2, 4] = Gemm(x, w, y)\n%1: float32 [1, 2, 4] = Reshape(%0) {shape=[1, 2, 4]}\nresult = %1',
    ],
    [
      'computes elementwise before transposing',
      op('Transpose', [op('Relu', [op('Transpose', [x(2, 3, 4, 5)], { perm: nhwc })])], { perm: nchw }),
      '%0: float32 [2, 3, 4, 5] = Relu(x)\nresult = %0',
    ],
    [
      'broadcasts a channel vector in the order of the untransposed operand',
      op('Transpose', [op('Mul', [op('Transpose', [x(2, 3, 4, 5)], { perm: nhwc }), y(3)])], { perm: nchw }),
      '%0: float32 [1, 3, 1, 1] = Reshape(y) {shape=[1, 3, 1, 1]}\n%1: float32 [2, 3, 4, 5] = Mul(x, %0)\nresult = %1',
    ],
    [
      'sums over the untransposed axes',
      op('ReduceSum', [op('Transpose', [x(2, 3, 4, 5)], { perm: nhwc })], { axes: [0, 1, 2], keepdims: 0 }),
      '%0: float32 [3] = ReduceSum(x) {axes=[0, 2, 3], keepdims=0}\nresult = %0',
    ],
    [
      'sums over the untransposed axes, counted from the back, that are kept when nothing else is said',
      op('ReduceSum', [op('Transpose', [x(2, 3, 4, 5)], { perm: nhwc })], { axes: [-1, -3] }),
      '%0: float32 [2, 1, 1, 5] = ReduceSum(x) {axes=[1, 2]}\n%1: float32 [2, 1, 5, 1] = Reshape(%0) {shape=[2, 1, 5, 1]}\nresult = %1',
    ],
    [
      'reduces sequences along axes that are kept when nothing else is said',
      op('ReduceMax', [op('Reshape', [op('Transpose', [x(2, 3, 1, 5)], { perm: nhwc })], { shape: [2, 5, 3] })], {
        axes: [1],
      }),
      '%0: float32 [2, 3, 1] = ReduceMax(x) {axes=[3], keepdims=0}\n%1: float32 [2, 1, 3] = Reshape(%0) {shape=[2, 1, 3]}\nresult = %1',
    ],
  ];
  it.each(cases)('%s', (_, graph, expected) => {
    expect(text(graph)).toBe(expected);
  });

  it('computes equal things once', () => {
    const a = x(2);
    const result = op('Mul', [op('Exp', [a]), op('Exp', [a])]);
    expect(topological(Object.values(simplify({ result })))).toHaveLength(2);
  });

  it('tells constants apart by their content, −0 included', () => {
    const a = x(2);
    const result = op('Add', [
      op('Div', [scalar(1, 'float32'), op('Mul', [a, scalar(0, 'float32')])]),
      op('Div', [scalar(1, 'float32'), op('Mul', [a, scalar(-0, 'float32')])]),
    ]);
    expect(topological(Object.values(simplify({ result })))).toHaveLength(5);
  });

  it.each([
    [Number.NaN, Number.POSITIVE_INFINITY],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    [0, -0],
  ])('tells settings of %d and %d apart', (first, second) => {
    const a = x(2);
    const result = op('Add', [op('LeakyRelu', [a], { alpha: first }), op('LeakyRelu', [a], { alpha: second })]);
    expect(topological(Object.values(simplify({ result })))).toHaveLength(3);
  });

  it('refuses a rule that changes what an op gives', () => {
    const wider: Rule = ({ op: name, inputs }) => (name === 'Exp' ? [inputs[0] as Value] : undefined);
    const result = op('Exp', [x(2)]);
    expect(simplify({ result }, [wider])).toEqual({
      result: result.source.kind === 'node' && result.source.node.inputs[0],
    });
    for (const [other, found] of [
      [y(1, 2), 'float32 [1, 2]'],
      [input('mask', 'bool', [2]), 'bool [2]'],
    ] as const)
      expect(() => simplify({ result }, [({ op: name }) => (name === 'Exp' ? [other] : undefined)])).toThrow(
        `a rule for Exp: expected results float32 [2]; found ${found}`,
      );
  });
});
