import type {
  DepthwiseConv2dNativeAttrs,
  DepthwiseConv2dNativeBackpropFilterAttrs,
  DepthwiseConv2dNativeBackpropInputAttrs,
  FusedDepthwiseConv2DAttrs,
} from '@tensorflow/tfjs-core';
import { type Shape, sizeOf } from '../../core/shape.ts';
import type { Value } from '../../ir/graph.ts';
import { correlate, fused } from './convolution.ts';
import { spread, turned } from './convolution-gradient.ts';
import { asCalled, channelsFirst, framed } from './frame.ts';
import { cast, filled, type KernelCall, type LoweringTable, type SingleApply } from './lowering.ts';
import { taps } from './tap.ts';
import { seenFrom, type WindowAttrs, windowsOf } from './window.ts';

/** A filter `[height, width, channels, multiplier]` for a convolution with a group for each channel. */
function grouped(op: SingleApply, filter: Value): Value {
  const [height, width, channels, multiplier] = filter.shape as [number, number, number, number];
  return op('Reshape', [filter], { shape: [height, width, 1, channels * multiplier] });
}

function forward({ input, op }: KernelCall, attrs: WindowAttrs): Value {
  const [given, filter] = [input('x'), cast(op, input('filter'), 'float32')];
  const windows = windowsOf(given.shape, filter.shape.slice(0, 2), attrs);
  const x = channelsFirst(op, cast(op, given, 'float32'), attrs);
  const y = correlate(op, x, grouped(op, filter), windows, filter.shape[2]);
  return cast(op, asCalled(op, y, attrs), given.dtype);
}

function inInput({ input, op }: KernelCall, attrs: WindowAttrs & { readonly inputShape: Shape }): Value {
  const [dy, filter] = [channelsFirst(op, input('dy'), attrs), cast(op, input('filter'), 'float32')];
  const windows = windowsOf(attrs.inputShape, filter.shape.slice(0, 2), attrs);
  const channels = filter.shape[2] as number;
  const shape = [dy.shape[0] as number, channels, ...windows.map((window) => window.input)];
  if ([shape, dy.shape, filter.shape].some((sizes) => sizeOf(sizes) === 0))
    return asCalled(op, filled(op, 0, 'float32', shape), attrs);
  if (windows.some(({ stride }) => stride > 1))
    return asCalled(op, spread(op, dy, grouped(op, filter), windows, channels), attrs);
  return asCalled(op, correlate(op, dy, turned(op, filter), windows.map(seenFrom), channels), attrs);
}

/** Products with dy, summed: for each place inside the window one pass over x, which is as much as there is to do. */
function inFilter({ input, op }: KernelCall, attrs: WindowAttrs & { readonly filterShape: Shape }): Value {
  const [x, dy] = [channelsFirst(op, input('x'), attrs), channelsFirst(op, input('dy'), attrs)];
  const [height, width, channels, multiplier] = attrs.filterShape as [number, number, number, number];
  const windows = windowsOf(input('x').shape, [height, width], attrs);
  const shape = [height, width, channels, multiplier];
  if ([shape, x.shape, dy.shape].some((sizes) => sizeOf(sizes) === 0)) return filled(op, 0, 'float32', shape);
  const [batch, places] = [x.shape[0] as number, dy.shape.slice(2)];
  const outputs = op('Reshape', [dy], { shape: [batch, channels, multiplier, ...places] });
  const sums = taps(op, framed(op, x, windows), windows, [2, 3]).map((tap) => {
    const inputs = op('Reshape', [tap], { shape: [batch, channels, 1, ...places] });
    const sum = op('ReduceSum', [op('Mul', [inputs, outputs])], { axes: [0, 3, 4], keepdims: 0 });
    return op('Reshape', [sum], { shape: [1, channels, multiplier] });
  });
  return op('Reshape', [op('Concat', sums, { axis: 0 })], { shape });
}

export const depthwise: LoweringTable = {
  DepthwiseConv2dNative: (call) => forward(call, call.attrs as DepthwiseConv2dNativeAttrs),
  FusedDepthwiseConv2D: (call) => {
    const attrs = call.attrs as FusedDepthwiseConv2DAttrs;
    return fused(call, attrs, forward(call, attrs));
  },
  DepthwiseConv2dNativeBackpropInput: (call) => inInput(call, call.attrs as DepthwiseConv2dNativeBackpropInputAttrs),
  DepthwiseConv2dNativeBackpropFilter: (call) => inFilter(call, call.attrs as DepthwiseConv2dNativeBackpropFilterAttrs),
};
