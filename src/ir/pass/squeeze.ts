import { type Shape, sizeOf } from '../../core/shape.ts';
import type { Rule } from '../build.ts';
import { nodeApplying, type Value } from '../graph.ts';
import { isElementwise, isReduction } from '../op/index.ts';
import { keepsAxes, permOf, reducedAxes, untransposed } from './layout.ts';

/** Axes that are longer than 1. */
const longAxes = (shape: Shape): number[] => [...shape.keys()].filter((axis) => shape[axis] !== 1);

/** A transposed value that a reshape gave or took axes of size 1: sequences become images of one row, and back. */
interface Squeezed {
  readonly transposed: Value;
  readonly perm: readonly number[];
  /** The axis of `transposed` that an axis longer than 1 of the value is. */
  readonly axisOf: ReadonlyMap<number, number>;
}

function squeezed(value: Value | null | undefined): Squeezed | undefined {
  const transposed = value && nodeApplying(value, 'Reshape')?.inputs[0];
  const node = transposed && nodeApplying(transposed, 'Transpose');
  if (!value || !transposed || !node) return undefined;
  const [outer, inner] = [longAxes(value.shape), longAxes(transposed.shape)];
  const same =
    outer.length === inner.length &&
    outer.every((axis, at) => value.shape[axis] === transposed.shape[inner[at] as number]);
  if (!same) return undefined;
  return {
    transposed,
    perm: permOf(node.attributes),
    axisOf: new Map(outer.map((axis, at) => [axis, inner[at] as number])),
  };
}

/** Transposes that follow one another but for axes of size 1 are one, or none. */
export const composeSqueezed: Rule = ({ op, inputs: [x], attributes, origin }, apply) => {
  const between = op === 'Transpose' ? squeezed(x) : undefined;
  const node = between && nodeApplying(between.transposed, 'Transpose');
  if (!between || !node || !x) return undefined;
  const [first, second] = [permOf(node.attributes), permOf(attributes)];
  const source = node.inputs[0] as Value;
  const shape = second.map((axis) => x.shape[axis] as number);
  const order = second
    .filter((axis) => x.shape[axis] !== 1)
    .map((axis) => first[between.axisOf.get(axis) as number] as number);
  const sorted = [...order].sort((a, b) => a - b);
  const flat = apply('Reshape', [source], { shape: sorted.map((axis) => source.shape[axis] as number) }, origin);
  const moved = apply('Transpose', flat, { perm: order.map((axis) => sorted.indexOf(axis)) }, origin);
  return apply('Reshape', moved, { shape }, origin);
};

/** `value`, an operand beside one of the shape `outer`, for one of the shape `inner`: without what is of size 1 only there. */
function beside(value: Value, outer: Shape, inner: Shape, axisOf: ReadonlyMap<number, number>): number[] | undefined {
  const lead = outer.length - value.shape.length;
  if (lead < 0 || value.shape.some((size, axis) => size !== 1 && outer[axis + lead] === 1)) return undefined;
  const shape = inner.map(() => 1);
  for (const [axis, at] of axisOf) shape[at] = value.shape[axis - lead] ?? 1;
  return shape;
}

/** Elementwise ops run before a transposed operand loses axes of size 1, and before it is transposed. */
export const sinkSqueezed: Rule = ({ op, inputs, attributes, origin }, apply) => {
  const at = isElementwise(op) ? inputs.findIndex((value) => squeezed(value)) : -1;
  const [found, outer] = [squeezed(inputs[at]), inputs[at]?.shape];
  if (!found || !outer) return undefined;
  const { transposed, perm, axisOf } = found;
  const operands = inputs.map((value, index) => {
    if (index === at) return untransposed(transposed, perm, 0, apply, origin);
    const shape = value && beside(value, outer, transposed.shape, axisOf);
    if (!value || !shape || value.shape.length === 0) return shape === undefined ? undefined : value;
    const [reshaped] = apply('Reshape', [value], { shape }, origin);
    return reshaped && untransposed(reshaped, perm, sizeOf(outer), apply, origin);
  });
  if (operands.includes(undefined)) return undefined;
  const [result] = apply(op, operands as (Value | null)[], attributes, origin);
  const moved = apply('Transpose', [result as Value], { perm }, origin);
  return apply('Reshape', moved, { shape: outer }, origin);
};

/** Reductions run before axes of size 1 are taken from a transposed operand, so that they run before its transpose. */
export const reduceSqueezed: Rule = ({ op, inputs: [x], attributes, origin }, apply) => {
  const found = isReduction(op) && op !== 'ReduceSumSquare' ? squeezed(x) : undefined;
  if (!found || !x) return undefined;
  const given = reducedAxes(op, attributes, x.shape.length);
  const axes = given.flatMap((axis) => found.axisOf.get(axis) ?? []);
  if (axes.length === 0 || sizeOf(x.shape) === 0) return undefined;
  const kept = x.shape.map((size, axis) => (given.includes(axis) ? 1 : size));
  const shape = keepsAxes(attributes) ? kept : kept.filter((_, axis) => !given.includes(axis));
  return apply('Reshape', apply(op, [found.transposed], { axes, keepdims: 0 }, origin), { shape }, origin);
};
