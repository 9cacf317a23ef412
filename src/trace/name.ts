import type { Variable } from '@tensorflow/tfjs-core';

const given = new WeakMap<Variable, string>();

/**
 * Calls a variable by another name than TensorFlow.js does, whose names are unique in a process and so depend on what
 * was made before. Names given here need to differ only among the variables of one program.
 */
export function nameVariable(variable: Variable, name: string): void {
  given.set(variable, name);
}

/** The name that programs, state and errors use for a variable. */
export function nameOf(variable: Variable): string {
  return given.get(variable) ?? variable.name;
}
