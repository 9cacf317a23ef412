import type {
  Conv2DBackpropFilterAttrs,
  Conv2DBackpropInputAttrs,
  Conv3DBackpropFilterV2Attrs,
  Conv3DBackpropInputV2Attrs,
} from '@tensorflow/tfjs-core';
import { formatShape, type Shape, sameShape, sizeOf } from '../../core/shape.ts';
import type { Value } from '../../ir/graph.ts';
import { comesChannelsFirst, correlate, outputFirst } from './convolution.ts';
import { asCalled, channelsFirst, framed, withMargins } from './frame.ts';
import { cast, filled, type KernelCall, type LoweringTable, type SingleApply } from './lowering.ts';
import { taps } from './tap.ts';
import {
  after,
  isChannelsFirst,
  isPointwise,
  seenFrom,
  type Window,
  type WindowAttrs,
  windowAttributes,
  windowsOf,
} from './window.ts';

/** Elements that no window sees after an axis, and that an op with this stride adds by itself. */
const added = (window: Window): number => (-after(window) < window.stride ? Math.max(0, -after(window)) : 0);

/** dy `[batch, out, …]` spread through `filter` `[…, in / groups, out]`, for any stride. */
export function spread(op: SingleApply, dy: Value, filter: Value, windows: readonly Window[], group: number): Value {
  const attributes = { ...windowAttributes(windows), output_padding: windows.map(added), group };
  const seen = op('ConvTranspose', [dy, outputFirst(op, filter)], attributes);
  const unseen = windows.map((window) => ({
    before: Math.max(0, -window.before),
    after: Math.max(0, -after(window)) - added(window),
  }));
  return withMargins(op, seen, unseen);
}

/** A filter `[…, in, out]` for the way back: reversed along the spatial axes, `[…, out, in]`. */
export function turned(op: SingleApply, filter: Value): Value {
  const axes = [...filter.shape.keys()].slice(0, -2).filter((axis) => filter.shape[axis] !== 1);
  const all = (value: number): number[] => axes.map(() => value);
  const reversed = op('Slice', [filter], { axes, starts: all(-1), ends: all(-1e6), steps: all(-1) });
  const rank = filter.shape.length;
  const perm = [...filter.shape.keys()].slice(0, -2);
  return op('Transpose', [axes.length > 0 ? reversed : filter], { perm: [...perm, rank - 1, rank - 2] });
}

/**
 * The gradient of `correlate` in its input: dy `[batch, out, …]` spread through `filter` `[…, in, out]`. For stride 1
 * that is another convolution, which ONNX Runtime shares out among threads better than a transposed one.
 * @returns `[batch, in, …]`
 */
function inputGradient(op: SingleApply, dy: Value, filter: Value, windows: readonly Window[]): Value {
  const shape = [dy.shape[0] as number, filter.shape.at(-2) as number, ...windows.map(({ input }) => input)];
  if ([shape, dy.shape, filter.shape].some((sizes) => sizeOf(sizes) === 0)) return filled(op, 0, 'float32', shape);
  return windows.every(({ stride }) => stride === 1)
    ? correlate(op, dy, turned(op, filter), windows.map(seenFrom))
    : spread(op, dy, filter, windows, 1);
}

/** Places of the window up to which one product over all samples beats a product for each sample and their sum. */
const fewPlaces = 128;

/** Channels last, by one transpose here: from `asCalled` it would be moved behind the slices, and done for each. */
function asRows(op: SingleApply, x: Value): Value {
  const [batch, channels, ...spatial] = x.shape as [number, number, ...number[]];
  const planes = op('Reshape', [x], { shape: [batch, channels, sizeOf(spatial)] });
  return op('Reshape', [op('Transpose', [planes], { perm: [0, 2, 1] })], { shape: [batch, ...spatial, channels] });
}

/**
 * The gradient of `correlate` in its filter. What the window sees is laid out along the last axis only, by slices and
 * a concatenation, and multiplied with dy once for each offset along the others: the full layout would be as many
 * times larger, and a convolution with its axes swapped takes twice as long (bench/RESULTS.md).
 * @param x `[batch, in, …]`
 * @param dy `[batch, out, …]`
 * @param channelsLast whether both are cheaper to have with channels last
 * @returns `[window…, in, out]`
 */
function filterGradient(
  op: SingleApply,
  x: Value,
  dy: Value,
  windows: readonly Window[],
  channelsLast: boolean,
): Value {
  const [batch, input] = x.shape as [number, number];
  const output = dy.shape[1] as number;
  const lengths = windows.map(({ length }) => length);
  const shape = [...lengths, input, output];
  if ([shape, x.shape, dy.shape].some((sizes) => sizeOf(sizes) === 0)) return filled(op, 0, 'float32', shape);
  const place = sizeOf(dy.shape.slice(2));
  const byRow = channelsLast || place <= fewPlaces;
  const seen = framed(op, x, windows);
  const axes = windows.map((_, axis) => axis + (byRow ? 1 : 2));
  const laid = byRow ? (channelsLast ? asCalled(op, seen) : asRows(op, seen)) : seen;
  const columns = op('Concat', taps(op, laid, windows.slice(-1), axes.slice(-1)), {
    axis: byRow ? windows.length + 1 : 1,
  });
  const views = taps(op, columns, windows.slice(0, -1), axes.slice(0, -1));
  const wide = (lengths.at(-1) as number) * input;
  const rows = (value: Value, width: number): Value => op('Reshape', [value], { shape: [batch * place, width] });
  const planes = (value: Value, height: number): Value => op('Reshape', [value], { shape: [batch, height, place] });
  const product = (view: Value): Value =>
    byRow
      ? op('Gemm', [rows(view, wide), rows(channelsLast ? asCalled(op, dy) : asRows(op, dy), output)], {
          transA: 1,
          transB: 0,
        })
      : op('FusedMatMul', [planes(view, wide), planes(dy, output)], { transA: 0, transB: 1 });
  const products = op('Concat', views.map(product), { axis: byRow ? 0 : 1 });
  return op('Reshape', [byRow ? products : op('ReduceSum', [products], { axes: [0], keepdims: 0 })], { shape });
}

function inFilter({ input, op }: KernelCall, attrs: WindowAttrs & { readonly filterShape: Shape }): Value {
  const [x, dy] = [cast(op, input('x'), 'float32'), cast(op, input('dy'), 'float32')];
  const windows = windowsOf(x.shape, attrs.filterShape.slice(0, -2), attrs);
  const alongChannels = isPointwise(windows) && !isChannelsFirst(attrs);
  const channelsLast = alongChannels && !comesChannelsFirst(x) && !comesChannelsFirst(dy);
  return filterGradient(op, channelsFirst(op, x, attrs), channelsFirst(op, dy, attrs), windows, channelsLast);
}

function inInput({ input, op, refuse }: KernelCall, attrs: WindowAttrs & { readonly inputShape: Shape }): Value {
  const [dy, filter] = [cast(op, input('dy'), 'float32'), cast(op, input('filter'), 'float32')];
  const windows = windowsOf(attrs.inputShape, filter.shape.slice(0, -2), attrs);
  const [places, spatial] = [windows.map((window) => window.places), spatialOf(dy.shape, attrs)];
  if (!sameShape(places, spatial))
    refuse(
      `${formatShape(spatial)} places where an image ${formatShape(attrs.inputShape)} has ${formatShape(places)}`,
      'choose the output shape, strides and padding of a transposed convolution so that they fit together',
    );
  return asCalled(op, inputGradient(op, channelsFirst(op, dy, attrs), filter, windows), attrs);
}

/** Sizes of the spatial axes. */
function spatialOf(shape: Shape, attrs: WindowAttrs): Shape {
  return isChannelsFirst(attrs) ? shape.slice(2) : shape.slice(1, -1);
}

export const convolutionGradient: LoweringTable = {
  Conv2DBackpropFilter: (call) => inFilter(call, call.attrs as Conv2DBackpropFilterAttrs),
  Conv2DBackpropInput: (call) => inInput(call, call.attrs as Conv2DBackpropInputAttrs),
  Conv3DBackpropFilterV2: (call) => inFilter(call, call.attrs as Conv3DBackpropFilterV2Attrs),
  Conv3DBackpropInputV2: (call) => inInput(call, call.attrs as Conv3DBackpropInputV2Attrs),
};
