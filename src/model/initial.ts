import type { DataType, Tensor, Variable } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { withInitialValues, withRandom } from '../trace/random.ts';
import './orthogonal.ts';

interface Initializer {
  apply(shape: readonly number[], dtype?: DataType): Tensor;
}

/** How a weight got its first value, and which data that was. */
interface Beginning {
  readonly initializer: Initializer;
  readonly shape: readonly number[];
  readonly dtype: DataType;
  readonly dataId: object;
}

const beginnings = new WeakMap<Variable, Beginning>();

type AddWeight = (
  name: string,
  shape: readonly number[],
  dtype: DataType | undefined,
  initializer: Initializer,
  ...rest: unknown[]
) => { read(): Tensor };

/** Makes layers remember how their weights began. Called once, when this file is loaded. */
function rememberBeginnings(): void {
  const prototype = layers.Layer.prototype as unknown as { addWeight: AddWeight };
  const { addWeight } = prototype;
  prototype.addWeight = function (this: layers.Layer, name, shape, dtype, initializer, ...rest) {
    const weight = addWeight.call(this, name, shape, dtype, initializer, ...rest);
    const variable = weight.read() as Variable;
    beginnings.set(variable, { initializer, shape, dtype: variable.dtype, dataId: variable.dataId });
    return weight;
  };
}

rememberBeginnings();

/**
 * Draws a weight's first value anew, so that it depends on the seed and the weight's name and on nothing else. A weight
 * that was given a value since it was made keeps it.
 */
export function initialize(variable: Variable, name: string, seed: number): void {
  const beginning = beginnings.get(variable);
  if (!beginning || beginning.dataId !== variable.dataId) return;
  const { initializer, shape, dtype } = beginning;
  const value = withRandom({ seed, step: 0 }, () => withInitialValues(name, () => initializer.apply(shape, dtype)));
  // Read at once: a program of the backend for each form of weight, not for whatever weights happen to wait together.
  value.dataSync();
  variable.assign(value);
  value.dispose();
}
