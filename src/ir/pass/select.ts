import type { Apply, Rule } from '../build.ts';
import { nodeApplying, scalar, uniformValue, type Value } from '../graph.ts';

/** The condition under which a value that is 1 or 0 is 1, reshaped and transposed like it. */
function conditionOf(mask: Value, apply: Apply, origin: string): Value | undefined {
  const moved = nodeApplying(mask, 'Reshape') ?? nodeApplying(mask, 'Transpose');
  if (moved) {
    const condition = conditionOf(moved.inputs[0] as Value, apply, origin);
    return condition && apply(moved.op, [condition], moved.attributes, origin)[0];
  }
  const converted = nodeApplying(mask, 'Cast')?.inputs[0];
  if (converted?.dtype === 'bool') return converted;
  const [condition, one, otherwise] = nodeApplying(mask, 'Where')?.inputs ?? [];
  if (!condition || !one || !otherwise) return undefined;
  return uniformValue(one) === 1 && uniformValue(otherwise) === 0 ? condition : undefined;
}

/**
 * A product with a truth value is a selection: `x · (condition as number)` becomes `condition ? x : 0`. It is what
 * gradients of maximum and where mean, it is cheaper, and what is not selected does not matter even when it is NaN or
 * infinite. A mask that keeps NaN (TensorFlow.js's step) is none.
 */
export const selectInsteadOfMultiply: Rule = ({ op, inputs, origin }, apply) => {
  const [a, b] = inputs;
  if (op !== 'Mul' || !a || !b || a.dtype !== 'float32') return undefined;
  for (const [mask, x] of [
    [a, b],
    [b, a],
  ] as const) {
    const condition = conditionOf(mask, apply, origin);
    if (condition) return apply('Where', [condition, x, scalar(0, 'float32')], {}, origin);
  }
  return undefined;
};
