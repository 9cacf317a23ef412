import { sameShape } from '../../core/shape.ts';
import type { Rule } from '../build.ts';
import { nodeApplying, type Value } from '../graph.ts';
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
