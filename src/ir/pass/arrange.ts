import { normalizeAxis, sizeOf } from '../../core/shape.ts';
import type { Rule } from '../build.ts';
import { nodeApplying, type Value } from '../graph.ts';
import type { OpName } from '../op/index.ts';
import { permOf, untransposed } from './layout.ts';

/** Slices of everything, padding with nothing, and a concatenation of one are their input. */
export const dropIdle: Rule = ({ op, inputs, attributes }) => {
  const [x] = inputs;
  if (!x) return undefined;
  if (op === 'Concat') return inputs.length === 1 ? [x] : undefined;
  if (op === 'Pad') return (attributes.pads as readonly number[]).every((pad) => pad === 0) ? [x] : undefined;
  if (op !== 'Slice' || (attributes.steps as readonly number[]).some((step) => step !== 1)) return undefined;
  const [axes, starts, ends] = ['axes', 'starts', 'ends'].map((name) => attributes[name] as readonly number[]);
  const isWhole = axes?.every((axis, at) => {
    const size = x.shape.at(axis) as number;
    return starts?.[at] === 0 && (ends?.[at] as number) >= size;
  });
  return isWhole ? [x] : undefined;
};

const arranging: ReadonlySet<OpName> = new Set(['Pad', 'Slice', 'Concat', 'Split']);

/** Whether a transpose takes images `[batch, channels, …]` to channels last. */
function isChannelsLast(perm: readonly number[]): boolean {
  return perm.length >= 4 && perm.every((axis, at) => axis === (at === 0 ? 0 : at === perm.length - 1 ? 1 : at + 1));
}

/**
 * Padding, cropping, joining and splitting images run with channels first, where the kernels before and after them
 * run. Other transposes stay where they are: parts cut out of a tensor may overlap, and would all be transposed.
 */
export const arrangeUntransposed: Rule = ({ op, inputs, attributes, origin }, apply) => {
  const transposed =
    arranging.has(op) && inputs.map((value) => value && nodeApplying(value, 'Transpose')).find(Boolean);
  const perm = transposed ? permOf(transposed.attributes) : [];
  if (!transposed || !isChannelsLast(perm)) return undefined;
  const size = sizeOf(transposed.outputs[0]?.shape ?? []);
  const moves = (value: Value | null): value is Value => value !== null && value.shape.length === perm.length;
  const operands = inputs.map((value) => (moves(value) ? untransposed(value, perm, size, apply, origin) : value));
  if (operands.some((value) => value === undefined)) return undefined;
  const axisOf = (axis: number): number => perm[normalizeAxis(axis, perm.length, op)] as number;
  const { pads, axes, axis } = attributes;
  const moved = {
    ...attributes,
    ...(Array.isArray(axes) ? { axes: axes.map(axisOf) } : {}),
    ...(typeof axis === 'number' ? { axis: axisOf(axis) } : {}),
    ...(Array.isArray(pads) ? { pads: padsBefore(perm, pads) } : {}),
  };
  return apply(op, operands as (Value | null)[], moved, origin).flatMap((result) =>
    apply('Transpose', [result], { perm }, origin),
  );
};

/** The pads of a transposed tensor, for the tensor before it was transposed. */
function padsBefore(perm: readonly number[], pads: readonly number[]): readonly number[] {
  const inverse = perm.map((_, axis) => perm.indexOf(axis));
  return [0, perm.length].flatMap((side) => inverse.map((at) => pads[side + at] as number));
}
