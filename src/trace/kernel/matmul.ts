import type { Value } from '../../ir/graph.ts';
import type { OpName } from '../../ir/op/index.ts';
import { prelu } from './binary.ts';
import { cast, filled, float, type KernelCall, type LoweringTable, type SingleApply } from './lowering.ts';

/**
 * A B for matrices, or for stacks of them whose leading axes broadcast. Sums of nothing are written as 0: ONNX Runtime's
 * batched product leaves memory as it finds it there.
 */
export function matrixProduct(op: SingleApply, a: Value, b: Value, transposeA: boolean, transposeB: boolean): Value {
  const result = product(op, a, b, transposeA, transposeB);
  return a.shape.at(transposeA ? -2 : -1) === 0 ? filled(op, 0, 'float32', result.shape) : result;
}

function product(op: SingleApply, a: Value, b: Value, transposeA: boolean, transposeB: boolean): Value {
  const attributes = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 };
  const single = (value: Value): boolean => value.shape.slice(0, -2).every((size) => size === 1);
  if (a.shape.length === 2 && b.shape.length === 2) return op('Gemm', [a, b], attributes);
  if (a.shape.length === b.shape.length && single(a) && single(b)) {
    const flat = (value: Value): Value => op('Reshape', [value], { shape: value.shape.slice(-2) });
    const result = op('Gemm', [flat(a), flat(b)], attributes);
    return op('Reshape', [result], { shape: [...a.shape.slice(0, -2), ...result.shape] });
  }
  return op('FusedMatMul', [a, b], attributes);
}

const activations: Readonly<Record<string, OpName>> = { relu: 'Relu', sigmoid: 'Sigmoid', elu: 'Elu', tanh: 'Tanh' };

/** The activation that TensorFlow.js fuses into a kernel, applied to its result. */
export function applyActivation({ attrs, op, optional, refuse }: KernelCall, value: Value): Value {
  const name: string = attrs.activation ?? 'linear';
  if (name === 'linear') return value;
  if (name === 'relu6') return op('Min', [op('Relu', [value]), float(6)]);
  if (name === 'leakyrelu') return op('LeakyRelu', [value], { alpha: attrs.leakyreluAlpha });
  if (name === 'prelu') return prelu(op, value, optional('preluActivationWeights') ?? float(1));
  const activation = activations[name];
  return activation
    ? op(activation, [value])
    : refuse(`activation '${name}'`, 'apply the activation as a layer of its own');
}

/** Integers are multiplied as floats: sums up to 2²⁴ are exact. */
function batchMatMul({ input, attrs, op }: KernelCall): Value {
  const [a, b] = [input('a'), input('b')];
  const result = matrixProduct(op, cast(op, a, 'float32'), cast(op, b, 'float32'), attrs.transposeA, attrs.transposeB);
  return cast(op, result, a.dtype);
}

export const matmul: LoweringTable = {
  BatchMatMul: batchMatMul,
  _FusedMatMul: (call) => {
    const { input, optional, attrs, op } = call;
    const product = matrixProduct(op, input('a'), input('b'), attrs.transposeA, attrs.transposeB);
    const bias = optional('bias');
    return applyActivation(call, bias ? op('Add', [product, bias]) : product);
  },
};
