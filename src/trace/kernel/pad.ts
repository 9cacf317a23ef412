import type { MirrorPadAttrs, PadV2Attrs } from '@tensorflow/tfjs-core';
import { scalar, type Value } from '../../ir/graph.ts';
import { reversed } from './arrange.ts';
import { joined } from './join.ts';
import type { KernelCall, LoweringTable } from './lowering.ts';
import { sliced } from './slice.ts';

function pad({ input, attrs, op }: KernelCall): Value {
  const x = input('x');
  const { paddings, constantValue } = attrs as PadV2Attrs;
  if (paddings.every(([before, after]) => before === 0 && after === 0)) return x;
  const pads = [...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)];
  return op('Pad', [x, scalar(constantValue, x.dtype)], { pads });
}

/** `symmetric` repeats the border, `reflect` does not. ONNX knows only the latter, so both are made of slices. */
function mirrorPad({ input, attrs, op }: KernelCall): Value {
  const { paddings, mode } = attrs as MirrorPadAttrs;
  const skipped = mode === 'reflect' ? 1 : 0;
  return paddings.reduce((x, [before, after], axis) => {
    const size = x.shape[axis] as number;
    const mirrored = (begin: number, count: number): readonly Value[] => {
      if (count === 0) return [];
      const part = sliced(
        op,
        x,
        x.shape.map((_, at) => (at === axis ? begin : 0)),
        x.shape.with(axis, count),
      );
      return [reversed(op, part, [axis])];
    };
    const left = mirrored(skipped, before);
    return joined(op, [...left, x, ...mirrored(size - after - skipped, after)], axis);
  }, input('x'));
}

/** Kernels that extend a tensor at its borders. */
export const padding: LoweringTable = { PadV2: pad, MirrorPad: mirrorPad };
