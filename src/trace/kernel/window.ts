import { backend_util } from '@tensorflow/tfjs-core';
import type { Shape } from '../../core/shape.ts';

/** How a window moves along one axis of its input. */
export interface Window {
  /** Elements of the input. */
  readonly input: number;
  /** Places the window takes: elements of the output. */
  readonly places: number;
  /** Elements the window sees at each place. */
  readonly length: number;
  readonly stride: number;
  /** Distance between the elements it sees. */
  readonly dilation: number;
  /** Padding before the first element of the input; when negative, that many elements are not seen. */
  readonly before: number;
}

/** What TensorFlow.js's convolutions and poolings say about their window. */
export interface WindowAttrs {
  readonly strides: number | readonly number[];
  readonly pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  readonly dilations?: number | readonly number[] | undefined;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil' | undefined;
  readonly dataFormat?: string | undefined;
}

type Four = [number, number, number, number];
type Five = [number, number, number, number, number];

/** Whether a kernel was called with images `[batch, channels, …]`, and not with channels last. */
export const isChannelsFirst = ({ dataFormat }: Pick<WindowAttrs, 'dataFormat'>): boolean => dataFormat === 'NCHW';

type Columns = { readonly [Key in keyof Window]: readonly number[] };

function byAxis({ input, places, length, stride, dilation, before }: Columns): readonly Window[] {
  return input.map((size, axis) => ({
    input: size,
    places: places[axis] as number,
    length: length[axis] as number,
    stride: stride[axis] as number,
    dilation: dilation[axis] as number,
    before: before[axis] as number,
  }));
}

function windows2d(shape: Four, filter: Four, attrs: WindowAttrs): readonly Window[] {
  const format = isChannelsFirst(attrs) ? 'channelsFirst' : 'channelsLast';
  const [strides, dilations] = [attrs.strides as number, (attrs.dilations ?? 1) as number];
  const { pad, dimRoundingMode } = attrs;
  const info = backend_util.computeConv2DInfo(shape, filter, strides, dilations, pad, dimRoundingMode, false, format);
  return byAxis({
    input: [info.inHeight, info.inWidth],
    places: [info.outHeight, info.outWidth],
    length: filter.slice(0, 2),
    stride: [info.strideHeight, info.strideWidth],
    dilation: [info.dilationHeight, info.dilationWidth],
    before: [info.padInfo.top, info.padInfo.left],
  });
}

function windows3d(shape: Five, filter: Five, attrs: WindowAttrs): readonly Window[] {
  const [strides, dilations] = [attrs.strides as number, (attrs.dilations ?? 1) as number];
  const [pad, rounding] = [attrs.pad as 'valid' | 'same' | number, attrs.dimRoundingMode];
  const info = backend_util.computeConv3DInfo(shape, filter, strides, dilations, pad, false, 'channelsLast', rounding);
  return byAxis({
    input: [info.inDepth, info.inHeight, info.inWidth],
    places: [info.outDepth, info.outHeight, info.outWidth],
    length: filter.slice(0, 3),
    stride: [info.strideDepth, info.strideHeight, info.strideWidth],
    dilation: [info.dilationDepth, info.dilationHeight, info.dilationWidth],
    before: [info.padInfo.front, info.padInfo.top, info.padInfo.left],
  });
}

/**
 * One window for each spatial axis, placed by TensorFlow.js's own rules.
 * @param shape of the input: `[batch, …, channels]`, or channels first when `attrs.dataFormat` says so
 * @param lengths of the window along the spatial axes
 */
export function windowsOf(shape: Shape, lengths: readonly number[], attrs: WindowAttrs): readonly Window[] {
  const filter = [...lengths, 1, 1];
  return shape.length === 5
    ? windows3d([...shape] as Five, filter as Five, attrs)
    : windows2d([...shape] as Four, filter as Four, attrs);
}

/** Elements from the first to the last that the window sees at one place. */
export function reach({ length, dilation }: Window): number {
  return (length - 1) * dilation + 1;
}

/** Elements from the first to the last that the window sees at any place, padding included. */
export function span(window: Window): number {
  return (window.places - 1) * window.stride + reach(window);
}

/** Padding after the last element; when negative, that many elements are not seen. */
export function after(window: Window): number {
  return span(window) - window.before - window.input;
}

/** Elements the window sees at one place, along all axes. */
export function elementsOf(windows: readonly Window[]): number {
  return windows.reduce((product, { length }) => product * length, 1);
}

/** Whether the window sees each element of the input by itself. */
export function isPointwise(windows: readonly Window[]): boolean {
  return windows.every((window) => reach(window) * window.stride === 1 && window.before === 0 && after(window) === 0);
}

/** Whether an op that is given the padding takes exactly the places of these windows: none begins too late or more follow. */
export function fits(windows: readonly Window[]): boolean {
  return windows.every((window) => window.before >= 0 && after(window) > -window.stride);
}

/** The same windows on an input that has already been cut or padded to what they see. */
export function onFrame(windows: readonly Window[]): readonly Window[] {
  return windows.map((window) => ({ ...window, input: span(window), before: 0 }));
}

/** For stride 1, the window that sees, from each element of the input, the places that element was seen from. */
export function seenFrom(window: Window): Window {
  return { ...window, input: window.places, places: window.input, before: reach(window) - 1 - window.before };
}

/** The attributes that ops with a window share. */
export function windowAttributes(windows: readonly Window[]) {
  return {
    kernel_shape: windows.map(({ length }) => length),
    strides: windows.map(({ stride }) => stride),
    dilations: windows.map(({ dilation }) => dilation),
    pads: [...windows.map(({ before }) => Math.max(0, before)), ...windows.map((window) => Math.max(0, after(window)))],
  };
}
