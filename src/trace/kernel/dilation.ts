import type { Dilation2DAttrs } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../core/shape.ts';
import type { Value } from '../../ir/graph.ts';
import { asCalled, channelsFirst, framed } from './frame.ts';
import { float, type KernelCall, type LoweringTable, type SingleApply } from './lowering.ts';
import { putBack, taps, winners } from './tap.ts';
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

/** dy at the places where each element of the window was the largest: the first, when several were. */
function shares(op: SingleApply, { sums, largest }: Dilated, dy: Value): readonly Value[] {
  return winners(op, sums, largest).map((winner) => op('Where', [winner, channelsFirst(op, dy), float(0)]));
}

export const dilation: LoweringTable = {
  Dilation2D: (call) => asCalled(call.op, dilated(call).largest),
  Dilation2DBackpropInput: (call) => {
    const { input, op } = call;
    const result = dilated(call);
    const images = [input('x').shape[0] as number, input('x').shape[3] as number];
    const flat = [sizeOf(images), 1, sizeOf(result.largest.shape.slice(2))];
    const columns = shares(op, result, input('dy')).map((share) => op('Reshape', [share], { shape: flat }));
    return asCalled(op, putBack(op, op('Concat', columns, { axis: 1 }), images, result.windows));
  },
  Dilation2DBackpropFilter: (call) => {
    const { input, op } = call;
    const { shape } = input('filter');
    const sums = shares(op, dilated(call), input('dy')).map((share) => {
      const sum = op('ReduceSum', [share], { axes: [0, 2, 3], keepdims: 0 });
      return op('Reshape', [sum], { shape: [1, shape[2] as number] });
    });
    return op('Reshape', [op('Concat', sums, { axis: 0 })], { shape });
  },
};
