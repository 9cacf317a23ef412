import type * as tf from '@tensorflow/tfjs-core';
import {
  add,
  cast,
  cos,
  type DataType,
  floor,
  log,
  minimum,
  mul,
  neg,
  round,
  sqrt,
  sub,
  Tensor,
  type TensorLike,
  tensor,
  tidy,
  util,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { replaceableOperations as operations } from './operations.ts';
import { drawKept, drawUniform, isDrawing, withInitialValues } from './random.ts';

function uniform(shape: number[], low = 0, high = 1, dtype: DataType = 'float32'): Tensor {
  const drawn = drawUniform(shape);
  const scaled = low === 0 && high === 1 ? drawn : add(mul(drawn, high - low), low);
  if (dtype === 'float32') return scaled;
  // Rounding may have led to the upper bound.
  return cast(minimum(floor(scaled), Math.max(Math.ceil(high) - 1, Math.floor(low))), dtype);
}

/** By the Box–Muller transform. */
function normal(shape: number[], mean = 0, deviation = 1, dtype: DataType = 'float32'): Tensor {
  const radius = sqrt(mul(log(sub(1, drawUniform(shape))), -2));
  const angle = mul(drawUniform(shape), 2 * Math.PI);
  const scaled = add(mul(mul(radius, cos(angle)), deviation), mean);
  return dtype === 'float32' ? scaled : cast(round(scaled), dtype);
}

/** Probabilities of a standard normal number to lie below −2, and between −2 and 2. */
const [below, inside] = [0.022750131948179195, 0.9544997361036416];

/** Within two deviations of the mean, by inverting the distribution function. */
function truncatedNormal(shape: number[], mean = 0, deviation = 1): Tensor {
  const probability = add(mul(drawUniform(shape), inside), below);
  return add(mul(inverseErf(sub(mul(probability, 2), 1)), deviation * Math.SQRT2), mean);
}

/** Giles, "Approximating the erfinv function" (2010), single precision, central branch, highest power first. */
const inverseErfCoefficients = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 2.1858087e-4, -1.25372503e-3, -4.17768164e-3,
  0.246640727, 1.50140941,
];

/** erf⁻¹(x) for |x| < 0.99, where the central branch holds. */
function inverseErf(x: Tensor): Tensor {
  const w = sub(neg(log(sub(1, mul(x, x)))), 2.5);
  const polynomial = inverseErfCoefficients.reduce<Tensor>((sum, next) => add(mul(sum, w), next), zerosLike(w));
  return mul(polynomial, x);
}

/** Keeps elements with probability 1 − rate, scaled so that the mean stays, and multiplies the others by 0. */
function dropout(given: Tensor | TensorLike, rate: number, noiseShape?: number[]): Tensor {
  const x = given instanceof Tensor ? given : tensor(given);
  util.assert(rate >= 0 && rate < 1, () => `rate must be a float in the range [0, 1), but got ${rate}.`);
  if (rate === 0) return x.clone();
  const shape = x.shape.map((size, axis) => noiseShape?.[axis] ?? size);
  return mul(x, mul(drawKept(shape, rate), 1 / (1 - rate)));
}

type Drawing = (...args: never[]) => Tensor;

/** What TensorFlow.js's random operations become inside `withRandom`, by name. */
const drawings: Readonly<Record<string, Drawing>> = {
  randomUniform: uniform,
  randomNormal: normal,
  randomStandardNormal: (shape: number[], dtype?: DataType) => normal(shape, 0, 1, dtype),
  truncatedNormal,
  dropout,
};

/** TensorFlow.js's operation outside `withRandom`, the counter-based generator inside. */
function switching<Operation>(name: string): Operation {
  const [draw, original] = [drawings[name] as Drawing, operations[name] as Drawing];
  return ((...args: never[]) => (isDrawing() ? tidy(() => draw(...args)) : original(...args))) as Operation;
}

const replacements = Object.fromEntries(Object.keys(drawings).map((name) => [name, switching<Drawing>(name)]));

/**
 * Random operations for steps that draw numbers themselves; layers need none of this. `withRandomName` keeps the draws of
 * one part of a step apart from those of others.
 */
export const random = {
  uniform: replacements.randomUniform as typeof tf.randomUniform,
  normal: replacements.randomNormal as typeof tf.randomNormal,
  truncatedNormal: replacements.truncatedNormal as typeof tf.truncatedNormal,
  dropout: replacements.dropout as typeof tf.dropout,
};

/**
 * Makes the random operations that layers use draw from the counter-based generator inside `withRandom`, and gives
 * each weight's initialiser a name of its own, so that adding a layer does not change the others' initial weights.
 * Called once. TensorFlow.js offers no hook for this: its operations are replaced where its layers look them up.
 */
export function installDrawings(): void {
  Object.assign(operations, replacements);
  const prototype = layers.Layer.prototype as unknown as { addWeight: (name: string, ...rest: unknown[]) => unknown };
  const { addWeight } = prototype;
  prototype.addWeight = function (this: layers.Layer, name, ...rest) {
    return withInitialValues(`${this.name}/${name}`, () => addWeight.call(this, name, ...rest));
  };
}
