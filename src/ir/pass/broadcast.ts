import { allocateArray, type DType } from '../../core/dtype.ts';
import { sameShape, sizeOf } from '../../core/shape.ts';
import type { Apply, Rule } from '../build.ts';
import { constant, nodeApplying, scalar, uniformValue, type Value } from '../graph.ts';
import { isElementwise } from '../op/index.ts';

function unexpanded(value: Value): Value {
  return (nodeApplying(value, 'Expand')?.inputs[0] as Value | undefined) ?? value;
}

/** Elementwise ops read repeated values from where they are stored once, and repeat only a result that is repeated. */
export const delayExpand: Rule = ({ op, inputs, attributes, origin }, apply) => {
  if (!isElementwise(op) || !inputs.some((value) => value && nodeApplying(value, 'Expand'))) return undefined;
  const [shape, small] = [shapeOf(inputs), inputs.map((value) => value && unexpanded(value))];
  const [result] = apply(op, small, attributes, origin);
  if (!result) return undefined;
  return sameShape(result.shape, shape) ? [result] : apply('Expand', [result], { shape }, origin);
};

function shapeOf(inputs: readonly (Value | null)[]): readonly number[] {
  const shapes = inputs.map((value) => value?.shape ?? []);
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    return sizes.find((size) => size !== 1) ?? 1;
  });
}

/** What an integer or truth value becomes under another type, as ONNX's Cast has it. */
function converted(value: number, to: DType): number {
  if (to === 'bool') return value === 0 ? 0 : 1;
  return to === 'float32' ? Math.fround(value) : Math.trunc(value);
}

/** Conversions of constants are constants. */
export const foldCast: Rule = ({ op, inputs: [x], attributes }) => {
  if (op !== 'Cast' || !x) return undefined;
  const to = attributes.to as DType;
  if (x.dtype === to) return [x];
  const uniform = x.source.kind === 'constant' ? uniformValue(x) : undefined;
  if (uniform === undefined || !Number.isFinite(uniform)) return undefined;
  if (x.shape.length === 0) return [scalar(converted(uniform, to), to)];
  const data = allocateArray(to, sizeOf(x.shape));
  if (data instanceof BigInt64Array) return undefined;
  return [constant(data.fill(converted(uniform, to)), to, x.shape)];
};

const neutral: Readonly<Record<string, { readonly value: number; readonly either: boolean }>> = {
  Add: { value: 0, either: true },
  Sub: { value: 0, either: false },
  Mul: { value: 1, either: true },
  Div: { value: 1, either: false },
};

function inShape(value: Value, shape: readonly number[], apply: Apply, origin: string): readonly Value[] {
  return sameShape(value.shape, shape) ? [value] : apply('Expand', [value], { shape }, origin);
}

/** x + 0, x − 0, x · 1 and x / 1 are x. */
export const dropNeutral: Rule = ({ op, inputs, origin }, apply) => {
  const rule = neutral[op];
  const [a, b] = inputs;
  if (!rule || !a || !b) return undefined;
  if (uniformValue(b) === rule.value) return inShape(a, shapeOf(inputs), apply, origin);
  if (rule.either && uniformValue(a) === rule.value) return inShape(b, shapeOf(inputs), apply, origin);
  return undefined;
};
