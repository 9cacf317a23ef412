import { type Tensor, tensor, Variable } from '@tensorflow/tfjs-core';
import type { TypedArray } from '../core/dtype.ts';

/** The values of a tensor, as a copy. */
export function readValues(values: Tensor): TypedArray {
  return values.dataSync().slice() as TypedArray;
}

/** Gives a variable a copy of these values. */
export function assignValues(variable: Variable, values: TypedArray): void {
  const next = tensor(values.slice() as Float32Array, variable.shape, variable.dtype);
  variable.assign(next);
  next.dispose();
}

/**
 * Runs `compute`, and afterwards puts back what it assigned to variables, also when it throws.
 * @param compute given the variables it has assigned, which it may look at while it runs
 */
export function undoingAssignments<Result>(compute: (assigned: Iterable<Variable>) => Result): Result {
  const before = new Map<Variable, TypedArray>();
  const { assign } = Variable.prototype;
  Variable.prototype.assign = function (this: Variable, next: Tensor): void {
    if (!before.has(this)) before.set(this, readValues(this));
    assign.call(this, next);
  };
  try {
    return compute({ [Symbol.iterator]: () => before.keys() });
  } finally {
    Variable.prototype.assign = assign;
    for (const [variable, values] of before) if (!variable.isDisposed) assignValues(variable, values);
  }
}
