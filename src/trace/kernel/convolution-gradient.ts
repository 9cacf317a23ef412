import type {
  Conv2DBackpropFilterAttrs,
  Conv2DBackpropInputAttrs,
  Conv3DBackpropFilterV2Attrs,
  Conv3DBackpropInputV2Attrs,
} from '@tensorflow/tfjs-core';
import { formatShape, type Shape, sameShape, sizeOf } from '../../core/shape.ts';
import type { Value } from '../../ir/graph.ts';
import { reversed } from './arrange.ts';
import { comesChannelsFirst, correlate, outputFirst } from './convolution.ts';
import { filterGradient } from './filter-gradient.ts';
import { asCalled, channelsFirst, withMargins } from './frame.ts';
import { cast, filled, type KernelCall, type LoweringTable, type SingleApply } from './lowering.ts';
import { asMatrix, correlateByProduct, isProduct, unfolded } from './unfold.ts';
import {
  after,
  isChannelsFirst,
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
  const rank = filter.shape.length;
  const perm = [...filter.shape.keys()].slice(0, -2);
  return op('Transpose', [reversed(op, filter, axes)], { perm: [...perm, rank - 1, rank - 2] });
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

function inFilter({ input, op }: KernelCall, attrs: WindowAttrs & { readonly filterShape: Shape }): Value {
  const [x, dy] = [cast(op, input('x'), 'float32'), cast(op, input('dy'), 'float32')];
  const windows = windowsOf(x.shape, attrs.filterShape.slice(0, -2), attrs);
  const ordinary = !isChannelsFirst(attrs) && sizeOf(x.shape) > 0 && sizeOf(dy.shape) > 0;
  if (ordinary && isProduct(windows, attrs.filterShape) && !comesChannelsFirst(x) && !comesChannelsFirst(dy)) {
    const product = op('Gemm', [unfolded(op, x, windows), asMatrix(op, dy)], { transA: 1, transB: 0 });
    return op('Reshape', [product], { shape: attrs.filterShape });
  }
  return filterGradient(op, channelsFirst(op, x, attrs), channelsFirst(op, dy, attrs), windows);
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
  const ordinary = !isChannelsFirst(attrs) && [dy, filter].every(({ shape }) => sizeOf(shape) > 0);
  const isSimple = isProduct(windows, filter.shape) && windows.every(({ stride }) => stride === 1);
  if (ordinary && isSimple && sizeOf(attrs.inputShape) > 0 && !comesChannelsFirst(dy))
    return correlateByProduct(op, dy, turned(op, filter), windows.map(seenFrom));
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
