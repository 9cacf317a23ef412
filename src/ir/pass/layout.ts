import { normalizeAxis, sameShape, sizeOf } from '../../core/shape.ts';
import type { Apply, Rule } from '../build.ts';
import { type Attributes, constant, constantData, nodeApplying, type Value } from '../graph.ts';
import { isElementwise, isReduction, type OpName } from '../op/index.ts';

export const permOf = (attributes: Attributes): readonly number[] => attributes.perm as readonly number[];

/** Reshapes and expansions of others of their kind, of constants, or to the shape that is there already. */
export const simplifyShape: Rule = ({ op, inputs: [x], attributes, origin }, apply) => {
  if (op === 'Identity' && x) return [x];
  if ((op !== 'Reshape' && op !== 'Expand') || !x) return undefined;
  const shape = attributes.shape as readonly number[];
  if (sameShape(x.shape, shape)) return [x];
  const inner = nodeApplying(x, op)?.inputs[0];
  if (inner) return apply(op, [inner], { shape }, origin);
  if (op === 'Expand') return undefined;
  const data = constantData(x);
  if (data) return [constant(data, x.dtype, shape)];
  const repeated = nodeApplying(x, 'Expand')?.inputs[0];
  if (!repeated || sizeOf(repeated.shape) !== 1) return undefined;
  const [one] = apply('Reshape', [repeated], { shape: shape.map(() => 1) }, origin);
  return apply('Expand', [one as Value], { shape }, origin);
};

/** Transposes that undo or follow one another, or that move only axes of size 1. */
export const composeTranspose: Rule = ({ op, inputs: [x], attributes, origin }, apply) => {
  if (op !== 'Transpose' || !x) return undefined;
  const perm = permOf(attributes);
  if (perm.every((axis, at) => axis === at)) return [x];
  const inner = nodeApplying(x, 'Transpose');
  if (inner) {
    const first = permOf(inner.attributes);
    return apply('Transpose', inner.inputs, { perm: perm.map((axis) => first[axis] as number) }, origin);
  }
  const shape = perm.map((axis) => x.shape[axis] as number);
  const moving = perm.filter((axis) => x.shape[axis] !== 1);
  if (moving.every((axis, at) => at === 0 || axis > (moving[at - 1] as number)))
    return apply('Reshape', [x], { shape }, origin);
  const repeated = nodeApplying(x, 'Expand')?.inputs[0];
  if (!repeated || repeated.shape.length !== perm.length) return undefined;
  return apply('Expand', apply('Transpose', [repeated], { perm }, origin), { shape }, origin);
};

/** How much smaller than the result an operand must be for its transposing not to matter. */
const negligible = 8;

/** `value`, an operand of rank up to `perm`'s, as it must be for an op on untransposed operands, when that is cheap. */
export function untransposed(
  value: Value,
  perm: readonly number[],
  size: number,
  apply: Apply,
  origin: string,
): Value | undefined {
  const node = nodeApplying(value, 'Transpose');
  if (node && sameShape(permOf(node.attributes), perm)) return node.inputs[0] as Value;
  if (value.shape.length === 0) return value;
  const shape = [...new Array<number>(perm.length - value.shape.length).fill(1), ...value.shape];
  const [full] = apply('Reshape', [value], { shape }, origin);
  const inverse = perm.map((_, axis) => perm.indexOf(axis));
  const [moved] = apply('Transpose', [full as Value], { perm: inverse }, origin);
  return moved && (sizeOf(shape) * negligible <= size || !nodeApplying(moved, 'Transpose')) ? moved : undefined;
}

/** Elementwise ops run before the transposes of their operands, so that those meet and vanish. */
export const sinkTranspose: Rule = ({ op, inputs, attributes, origin }, apply) => {
  if (!isElementwise(op)) return undefined;
  const rank = Math.max(...inputs.map((value) => value?.shape.length ?? 0));
  const transposed = inputs
    .map((value) => value && nodeApplying(value, 'Transpose'))
    .find((node) => node && permOf(node.attributes).length === rank);
  if (!transposed) return undefined;
  const perm = permOf(transposed.attributes);
  const size = sizeOf(transposed.outputs[0]?.shape ?? []);
  const operands = inputs.map((value) => value && untransposed(value, perm, size, apply, origin));
  if (operands.some((value) => value === undefined)) return undefined;
  const results = apply(op, operands as (Value | null)[], attributes, origin);
  return apply('Transpose', results, { perm }, origin);
};

/** The axes of a reduction, counted from the front. */
export const reducedAxes = (op: OpName, attributes: Attributes, rank: number): number[] =>
  (attributes.axes as readonly number[]).map((axis) => normalizeAxis(axis, rank, op));

/** Whether a reduction keeps its axes with size 1, as it does unless told otherwise. */
export const keepsAxes = ({ keepdims = 1 }: Attributes): boolean => keepdims === 1;

/** A reduction over axes of size 1 is a reshape; not that of squares, which makes squares of what is alone. */
export const reduceNothing: Rule = ({ op, inputs: [x], attributes, origin }, apply) => {
  if (!x || !isReduction(op) || op === 'ReduceSumSquare') return undefined;
  const axes = reducedAxes(op, attributes, x.shape.length);
  if (axes.some((axis) => x.shape[axis] !== 1)) return undefined;
  const shape = keepsAxes(attributes) ? x.shape : x.shape.filter((_, axis) => !axes.includes(axis));
  return apply('Reshape', [x], { shape }, origin);
};

/** Reductions run over the axes as they lie before a transpose. */
export const reduceUntransposed: Rule = ({ op, inputs: [x], attributes, origin }, apply) => {
  const transposed = x && isReduction(op) ? nodeApplying(x, 'Transpose') : undefined;
  if (!transposed) return undefined;
  const perm = permOf(transposed.attributes);
  const axes = reducedAxes(op, attributes, perm.length)
    .map((axis) => perm[axis] as number)
    .sort((a, b) => a - b);
  const results = apply(op, transposed.inputs, { ...attributes, axes }, origin);
  if (keepsAxes(attributes)) return apply('Transpose', results, { perm }, origin);
  const kept = perm.filter((axis) => !axes.includes(axis));
  const sorted = [...kept].sort((a, b) => a - b);
  return apply('Transpose', results, { perm: kept.map((axis) => sorted.indexOf(axis)) }, origin);
};
