import { sameShape, sizeOf } from '../../core/shape.ts';
import type { Rule } from '../build.ts';
import { nodeApplying, type Value } from '../graph.ts';

/**
 * A bias for each channel that is added to a convolution is added while the convolution is stored. One whose result is
 * used without the bias too is then computed twice, because rules do not see users.
 */
export const addIntoConv: Rule = ({ op, inputs: [a, b], origin }, apply) => {
  if (op !== 'Add' || !a || !b) return undefined;
  for (const [product, bias] of [
    [a, b],
    [b, a],
  ] as const) {
    const conv = nodeApplying(product, 'Conv');
    const channels = product.shape[1] as number;
    const perChannel = product.shape.map((_, axis) => (axis === 1 ? channels : 1));
    const fits = [perChannel, perChannel.slice(1)].some((shape) => sameShape(bias.shape, shape));
    if (conv?.inputs.length !== 2 || !fits) continue;
    const [flat] = apply('Reshape', [bias], { shape: [channels] }, origin);
    return apply('Conv', [...conv.inputs, flat as Value], conv.attributes, origin);
  }
  return undefined;
};

/**
 * A bias for each column that is added to a matrix product is added while the product is stored. As with `addIntoConv`, a
 * product that is used without the bias too is computed twice.
 */
export const addIntoGemm: Rule = ({ op, inputs: [a, b], origin }, apply) => {
  if (op !== 'Add' || !a || !b) return undefined;
  for (const [product, bias] of [
    [a, b],
    [b, a],
  ] as const) {
    const flat = nodeApplying(product, 'Reshape')?.inputs[0] ?? product;
    const gemm = nodeApplying(flat, 'Gemm');
    const columns = flat.shape[1] as number;
    const fits = product.shape.at(-1) === columns && bias.shape.at(-1) === columns && sizeOf(bias.shape) === columns;
    if (gemm?.inputs.length !== 2 || !fits || bias.shape.length > product.shape.length) continue;
    const [row] = apply('Reshape', [bias], { shape: [columns] }, origin);
    const [sum] = apply('Gemm', [...gemm.inputs, row as Value], gemm.attributes, origin);
    return apply('Reshape', [sum as Value], { shape: product.shape }, origin);
  }
  return undefined;
};
