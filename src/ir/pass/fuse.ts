import type { Rule } from '../build.ts';
import { nodeApplying } from '../graph.ts';

/** A bias added to a matrix product is added while the product is stored. */
export const addIntoGemm: Rule = ({ op, inputs: [a, b], origin }, apply) => {
  if (op !== 'Add' || !a || !b) return undefined;
  for (const [product, bias] of [
    [a, b],
    [b, a],
  ] as const) {
    const gemm = nodeApplying(product, 'Gemm');
    if (gemm?.inputs.length === 2 && bias.shape.length === 1 && bias.shape[0] === product.shape[1])
      return apply('Gemm', [...gemm.inputs, bias], gemm.attributes, origin);
  }
  return undefined;
};
