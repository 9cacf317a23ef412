import {
  engine,
  type GradConfig,
  getBackend,
  type NamedTensorMap,
  pad,
  reshape,
  slice,
  stridedSlice,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { backendName } from '../backend.ts';

interface ConvolutionAttrs {
  /** `null` from layers that were given none. */
  readonly dilations?: number | readonly number[] | null;
}

type Attrs = Parameters<ReturnType<typeof engine>['runKernel']>[2];

export function runKernel(kernelName: string, inputs: NamedTensorMap, attrs: object): Tensor {
  return engine().runKernel(kernelName, inputs, attrs as Attrs) as Tensor;
}

/** Dilation along each spatial axis of a filter `[…, in, out]`: what a gradient kernel is told, and what it is not. */
interface Dilations {
  readonly told: readonly number[];
  readonly untold: readonly number[];
}

/** Other backends' gradient kernels know no dilation: they are given filters with zeros in between. */
function dilationsOf({ dilations }: ConvolutionAttrs, filterRank: number): Dilations {
  const all = Array.from({ length: filterRank - 2 }, (_, axis) =>
    typeof dilations === 'number' ? dilations : (dilations?.[axis] ?? 1),
  );
  const none = all.map(() => 1);
  return getBackend() === backendName ? { told: all, untold: none } : { told: none, untold: all };
}

/** A filter with zeros between its elements, which makes undilated what a dilated one makes. */
function spaced(filter: Tensor, dilations: readonly number[]): Tensor {
  return dilations.reduce((x, dilation, axis) => {
    if (dilation === 1) return x;
    const size = x.shape[axis] as number;
    const column = reshape(x, x.shape.toSpliced(axis + 1, 0, 1));
    const margins = column.shape.map((_, at): [number, number] => [0, at === axis + 1 ? dilation - 1 : 0]);
    const longer = reshape(pad(column, margins), x.shape.with(axis, size * dilation));
    return slice(
      longer,
      x.shape.map(() => 0),
      x.shape.with(axis, (size - 1) * dilation + 1),
    );
  }, filter);
}

/** Every `dilation`-th element of a filter along each spatial axis. */
function thinned(filter: Tensor, dilations: readonly number[]): Tensor {
  if (dilations.every((dilation) => dilation === 1)) return filter;
  const strides = filter.shape.map((_, axis) => dilations[axis] ?? 1);
  return stridedSlice(
    filter,
    strides.map(() => 0),
    filter.shape,
    strides,
  );
}

/** A convolution y = x ∗ filter and its two gradients, each of which is linear in both of its inputs. */
interface Kernels {
  readonly convolution: string;
  readonly inInput: string;
  readonly inFilter: string;
}

interface Gradients {
  readonly convolution: GradConfig;
  readonly inInput: GradConfig;
  readonly inFilter: GradConfig;
}

/**
 * The gradients of a convolution, and theirs, so that a gradient may be part of a loss. TensorFlow.js has the first
 * and, for some, the second; it refuses dilation and forgets `dimRoundingMode`.
 */
function gradientsOf({ convolution, inInput, inFilter }: Kernels): Gradients {
  const convolve = (x: Tensor, filter: Tensor, attrs: object): Tensor =>
    runKernel(convolution, { x, filter }, { dilations: 1, ...attrs });
  const spread = (dy: Tensor, filter: Tensor, inputShape: readonly number[], attrs: object): Tensor => {
    const { told, untold } = dilationsOf(attrs, filter.rank);
    return runKernel(inInput, { dy, filter: spaced(filter, untold) }, { ...attrs, inputShape, dilations: told });
  };
  const correlate = (x: Tensor, dy: Tensor, shape: readonly number[], attrs: object): Tensor => {
    const { told, untold } = dilationsOf(attrs, shape.length);
    const filterShape = shape.map((size, axis) => (size - 1) * (untold[axis] ?? 1) + 1);
    return thinned(runKernel(inFilter, { x, dy }, { ...attrs, filterShape, dilations: told }), untold);
  };
  const config = (kernelName: string, inputs: readonly [string, string], gradients: Pairwise): GradConfig => ({
    kernelName,
    inputsToSave: [...inputs],
    gradFunc: (given, saved, attrs) => {
      const [first, second] = gradients(given as Tensor, saved[0] as Tensor, saved[1] as Tensor, attrs);
      return { [inputs[0]]: first, [inputs[1]]: second };
    },
  });
  return {
    convolution: config(convolution, ['x', 'filter'], (dy, x, filter, attrs) => [
      () => spread(dy, filter, x.shape, attrs),
      () => correlate(x, dy, filter.shape, attrs),
    ]),
    inInput: config(inInput, ['dy', 'filter'], (dx, dy, filter, attrs) => [
      () => convolve(dx, filter, attrs),
      () => correlate(dx, dy, filter.shape, attrs),
    ]),
    inFilter: config(inFilter, ['x', 'dy'], (filter, x, dy, attrs) => [
      () => spread(dy, filter, x.shape, attrs),
      () => convolve(x, filter, attrs),
    ]),
  };
}

type Pairwise = (given: Tensor, first: Tensor, second: Tensor, attrs: object) => readonly [() => Tensor, () => Tensor];

export const conv2dGradients = gradientsOf({
  convolution: 'Conv2D',
  inInput: 'Conv2DBackpropInput',
  inFilter: 'Conv2DBackpropFilter',
});

export const conv3dGradients = gradientsOf({
  convolution: 'Conv3D',
  inInput: 'Conv3DBackpropInputV2',
  inFilter: 'Conv3DBackpropFilterV2',
});

export const depthwiseGradients = gradientsOf({
  convolution: 'DepthwiseConv2dNative',
  inInput: 'DepthwiseConv2dNativeBackpropInput',
  inFilter: 'DepthwiseConv2dNativeBackpropFilter',
});
