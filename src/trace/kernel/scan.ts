import { type CumprodAttrs, type CumsumAttrs, util } from '@tensorflow/tfjs-core';
import { scalar, type Value } from '../../ir/graph.ts';
import { asNumber, type KernelCall, type LoweringTable, type SingleApply } from './lowering.ts';
import { sliced } from './slice.ts';

/** `x` moved by `count` places along `axis`, ones coming in. */
function shifted(op: SingleApply, x: Value, axis: number, count: number, backward: boolean): Value {
  const none = x.shape.map(() => 0);
  const length = x.shape[axis] as number;
  const kept = sliced(op, x, backward ? none.with(axis, count) : none, x.shape.with(axis, length - count));
  const [before, after] = backward ? [none, none.with(axis, count)] : [none.with(axis, count), none];
  return op('Pad', [kept, scalar(1, x.dtype)], { pads: [...before, ...after] });
}

/**
 * ONNX has no running product: each element takes in the products of 1, 2, 4, … elements before it.
 * @see Hillis and Steele, "Data parallel algorithms" (1986)
 */
function cumprod({ input, attrs, op }: KernelCall): Value {
  const x = asNumber(op, input('x'));
  const { axis: given, exclusive, reverse } = attrs as CumprodAttrs;
  const [axis] = util.parseAxisParam(given, [...x.shape]) as [number];
  const length = x.shape[axis] as number;
  let product = exclusive ? shifted(op, x, axis, Math.min(1, length), reverse) : x;
  for (let reach = 1; reach < length; reach *= 2)
    product = op('Mul', [product, shifted(op, product, axis, reach, reverse)]);
  return product;
}

function cumsum({ input, attrs, op }: KernelCall): Value {
  const x = asNumber(op, input('x'));
  const { axis: given, exclusive, reverse } = attrs as CumsumAttrs;
  const [axis] = util.parseAxisParam(given, [...x.shape]) as [number];
  return op('CumSum', [x], { axis, exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 });
}

/** Kernels whose elements take in all elements before them. */
export const scan: LoweringTable = { Cumsum: cumsum, Cumprod: cumprod };
