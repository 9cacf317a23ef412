import type { Conv2DAttrs, Conv3DAttrs, FusedConv2DAttrs } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../core/shape.ts';
import { nodeOf, type Value } from '../../ir/graph.ts';
import { isElementwise, type OpName } from '../../ir/op/index.ts';
import { asCalled, channelsFirst, windowed } from './frame.ts';
import { cast, filled, type KernelCall, type LoweringTable, type SingleApply } from './lowering.ts';
import { applyActivation } from './matmul.ts';
import { correlateByProduct, isProduct } from './unfold.ts';
import { isChannelsFirst, type Window, type WindowAttrs, windowsOf } from './window.ts';

/** A filter `[…, in, out]` as ONNX has it: `[out, in, …]`. */
export function outputFirst(op: SingleApply, filter: Value): Value {
  const rank = filter.shape.length;
  const [input, output] = filter.shape.slice(-2) as [number, number];
  const spatial = filter.shape.slice(0, -2);
  if (sizeOf(spatial) > 1) return op('Transpose', [filter], { perm: [rank - 1, rank - 2, ...spatial.keys()] });
  const matrix = op('Transpose', [op('Reshape', [filter], { shape: [input, output] })], { perm: [1, 0] });
  return op('Reshape', [matrix], { shape: [output, input, ...spatial] });
}

/** Ops besides elementwise ones that transposes are moved behind. */
const passedThrough: ReadonlySet<OpName> = new Set(['Pad', 'Slice', 'Concat']);

/**
 * Whether `x` `[batch, …, channels]` will be computed with channels first, because it comes from kernels that do.
 * Then a convolution costs no transposes, and a matrix product over the channels would.
 */
export function comesChannelsFirst(x: Value): boolean {
  for (let value: Value | null | undefined = x; value; ) {
    const node = nodeOf(value);
    if (node?.op === 'Transpose') return (node.attributes.perm as readonly number[]).at(-1) === 1;
    if (!node || !(isElementwise(node.op) || passedThrough.has(node.op))) return false;
    value = node.inputs.find((input) => input?.shape.length === x.shape.length && sizeOf(input.shape) > 1);
  }
  return false;
}

/** Cross-correlation of `x` `[batch, channels, …]` with `filter` `[…, in / groups, out]`. */
export function correlate(op: SingleApply, x: Value, filter: Value, windows: readonly Window[], group = 1): Value {
  const channels = filter.shape.at(-1) as number;
  const shape = [x.shape[0] as number, channels, ...windows.map(({ places }) => Math.max(0, places))];
  if ([shape, x.shape, filter.shape].some((sizes) => sizeOf(sizes) === 0)) return filled(op, 0, 'float32', shape);
  const seen = windowed(op, x, windows);
  return op('Conv', [seen.x, outputFirst(op, filter)], { ...seen.attributes, group });
}

function convolve({ input, op }: KernelCall, attrs: WindowAttrs): Value {
  const [given, filter] = [input('x'), cast(op, input('filter'), 'float32')];
  const x = cast(op, given, 'float32');
  const windows = windowsOf(x.shape, filter.shape.slice(0, -2), attrs);
  const places = windows.map((window) => Math.max(0, window.places));
  const ordinary = !isChannelsFirst(attrs) && [x.shape, filter.shape, places].every((shape) => sizeOf(shape) > 0);
  if (isProduct(windows, filter.shape) && ordinary && !comesChannelsFirst(x))
    return cast(op, correlateByProduct(op, x, filter, windows), given.dtype);
  const y = correlate(op, channelsFirst(op, x, attrs), filter, windows);
  return cast(op, asCalled(op, y, attrs), given.dtype);
}

/** A bias or slope for each channel, in the place of the channels. */
export function perChannel(op: SingleApply, value: Value | undefined, attrs: WindowAttrs): Value | undefined {
  const { shape } = value ?? {};
  if (!value || !isChannelsFirst(attrs) || shape?.length !== 1 || shape[0] === 1) return value;
  return op('Reshape', [value], { shape: [shape[0] as number, 1, 1] });
}

/** Bias and activation, as TensorFlow.js fuses them into a convolution's kernel. */
export function fused(call: KernelCall, attrs: WindowAttrs, y: Value): Value {
  const { op, optional } = call;
  const bias = perChannel(op, optional('bias'), attrs);
  const slope = perChannel(op, optional('preluActivationWeights'), attrs);
  const placed = { ...call, optional: (name: string) => (name === 'preluActivationWeights' ? slope : optional(name)) };
  return applyActivation(placed, bias ? op('Add', [y, bias]) : y);
}

export const convolution: LoweringTable = {
  Conv2D: (call) => convolve(call, call.attrs as Conv2DAttrs),
  Conv3D: (call) => convolve(call, call.attrs as Conv3DAttrs),
  FusedConv2D: (call) => fused(call, call.attrs as FusedConv2DAttrs, convolve(call, call.attrs as FusedConv2DAttrs)),
};
