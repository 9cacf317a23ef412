import type { Rule } from '../build.ts';
import type { Value } from '../graph.ts';

/** Batched matrix products as ONNX itself has them: their operands are transposed before. For programs that others run. */
export const plainProduct: Rule = ({ op, inputs, attributes, origin }, apply) => {
  if (op !== 'FusedMatMul') return undefined;
  const transposed = [attributes.transA, attributes.transB];
  const operands = inputs.map((value, at) => {
    if (!value || !transposed[at]) return value;
    const axes = [...value.shape.keys()];
    const perm = [...axes.slice(0, -2), ...axes.slice(-2).reverse()];
    return apply('Transpose', [value], { perm }, origin)[0] as Value;
  });
  return apply('MatMul', operands, {}, origin);
};
