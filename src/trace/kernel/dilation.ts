import type { Dilation2DAttrs } from '@tensorflow/tfjs-core';
import type { Value } from '../../ir/graph.ts';
import { asCalled, channelsFirst, framed } from './frame.ts';
import { float, type KernelCall, type LoweringTable, type SingleApply } from './lowering.ts';
import { asColumns, putBack, taps, winners } from './tap.ts';
import { type Window, windowsOf } from './window.ts';

/** Morphological dilation: the largest sum of what a window sees and the filter, for each channel. */
interface Dilated {
  readonly windows: readonly Window[];
  /** What the window sees at each place, plus the filter there. `[batch, channels, …]` each. */
  readonly sums: readonly Value[];
  readonly largest: Value;
}

function dilated({ input, attrs, op }: KernelCall): Dilated {
  const [x, filter] = [input('x'), input('filter')];
  const channels = filter.shape[2] as number;
  const windows = windowsOf(x.shape, filter.shape.slice(0, 2), attrs as Dilation2DAttrs);
  const seen = taps(op, framed(op, channelsFirst(op, x), windows, Number.NEGATIVE_INFINITY), windows, [2, 3]);
  const rows = op('Reshape', [filter], { shape: [seen.length, channels] });
  const sums = seen.map((tap, at) => {
    const row = op('Slice', [rows], { axes: [0], starts: [at], ends: [at + 1], steps: [1] });
    return op('Add', [tap, op('Reshape', [row], { shape: [1, channels, 1, 1] })]);
  });
  return { windows, sums, largest: op('Max', sums) };
}

/** dy at the places where each element of the window was the largest, the first when several were: as columns. */
function shares(op: SingleApply, { sums, largest }: Dilated, dy: Value): Value {
  const won = asColumns(op, winners(op, sums, largest));
  return op('Where', [won, asColumns(op, [channelsFirst(op, dy)]), float(0)]);
}

export const dilation: LoweringTable = {
  Dilation2D: (call) => asCalled(call.op, dilated(call).largest),
  Dilation2DBackpropInput: (call) => {
    const { input, op } = call;
    const result = dilated(call);
    const images = result.largest.shape.slice(0, 2);
    return asCalled(op, putBack(op, shares(op, result, input('dy')), images, result.windows));
  },
  Dilation2DBackpropFilter: (call) => {
    const { input, op } = call;
    const [height, width, channels] = input('filter').shape as [number, number, number];
    const result = dilated(call);
    const columns = shares(op, result, input('dy'));
    const batch = result.largest.shape[0] as number;
    const byImage = op('Reshape', [columns], { shape: [batch, channels, height * width, columns.shape[2] as number] });
    const sums = op('ReduceSum', [byImage], { axes: [0, 3], keepdims: 0 });
    return op('Reshape', [op('Transpose', [sums], { perm: [1, 0] })], { shape: [height, width, channels] });
  },
};
