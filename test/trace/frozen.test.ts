import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, it } from 'vitest';
import type { TypedArray } from '../../src/core/dtype.ts';
import { sizeOf } from '../../src/core/shape.ts';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { compile } from '../../src/engine/compile.ts';
import { withFrozen } from '../../src/trace/frozen.ts';
import type { InputSpecs, Step } from '../../src/trace/record.ts';
import { numbers, runProgram } from './oracle.ts';

/** TensorFlow.js's own, as it was before it was replaced. */
const original = layers.batchNormalization({ name: 'any' }).call;
trunklineBackend();

beforeEach(() => {
  tf.setBackend('cpu');
  tf.disposeVariables();
});

type Call = (layer: layers.Layer, x: tf.Tensor, frozen: tf.Tensor) => tf.Tensor;
const training = { training: true };
const inTraining: Call = (layer, x) => layer.call(x, training) as tf.Tensor;
const ofTensorFlow: Call = (layer, x) => original.call(layer, x, training) as tf.Tensor;
const ours: readonly [string, Call][] = [
  ['in a step of its own', inTraining],
  ['where it can be frozen', (layer, x, frozen) => withFrozen(layer, frozen, () => inTraining(layer, x, frozen))],
  ['where it can not', (layer, x, frozen) => withFrozen(layer, false, () => inTraining(layer, x, frozen))],
];

const bits = (named: Readonly<Record<string, TypedArray>>): Readonly<Record<string, readonly number[]>> =>
  Object.fromEntries(
    Object.entries(named).map(([name, values]) => [name, [...new Uint32Array(values.slice().buffer)]]),
  );

describe.each<[readonly number[], number]>([
  [[6, 4], -1],
  [[3, 5, 4], -1],
  [[3, 5, 4], 1],
  [[2, 3, 4, 5], -1],
  [[2, 3, 4, 5], 1],
])('normalisation of %j along axis %i that is not frozen', (shape, axis) => {
  const of = (size: number, seed: number): tf.Tensor => tf.tensor(numbers(size, seed));
  const specs: InputSpecs = { x: { shape }, weights: { shape }, frozen: { shape: [], dtype: 'bool' } };
  const x = numbers(sizeOf(shape), 1);
  const weights = numbers(sizeOf(shape), 2);

  /** Gradients in the layer's parameters, and in a variable that x is multiplied by. */
  function stepWith(call: Call): { readonly step: Step; readonly variables: readonly tf.Variable[] } {
    const layer = layers.batchNormalization({ axis, momentum: 0.9 });
    layer.build([null, ...shape.slice(1)]);
    const channels = shape.at(axis) as number;
    layer.setWeights([3, 4, 5, 6].map((seed) => tf.add(of(channels, seed), 2)));
    const factor = tf.variable(tf.reshape(of(sizeOf(shape), 7), [...shape]));
    const step: Step = (inputs) => {
      const y = call(layer, tf.mul(inputs.x as tf.Tensor, factor), inputs.frozen as tf.Tensor);
      return { loss: tf.sum(tf.mul(y, inputs.weights as tf.Tensor)), outputs: { y } };
    };
    return { step, variables: [factor, ...layer.weights.map((weight) => weight.read() as tf.Variable)] };
  }

  function compiled(call: Call): readonly (readonly number[])[] {
    const { step, variables } = stepWith(call);
    const program = compile(step, specs, { variables: variables.filter(({ trainable }) => trainable) });
    return Object.values(bits(runProgram(program, { 'input/x': x, 'input/weights': weights })));
  }

  function eager(call: Call): readonly (readonly number[])[] {
    const { step, variables } = stepWith(call);
    const inputs = {
      x: tf.tensor(x, [...shape]),
      weights: tf.tensor(weights, [...shape]),
      frozen: tf.scalar(false, 'bool'),
    };
    const trained = variables.filter(({ trainable }) => trainable);
    const { value, grads } = tf.variableGrads(() => step(inputs).loss as tf.Scalar, trained);
    const found = [value, ...trained.map(({ name }) => grads[name] as tf.Tensor), ...variables];
    return Object.values(bits(Object.fromEntries(found.map((tensor, at) => [at, tensor.dataSync() as TypedArray]))));
  }

  it.each(ours)('is TensorFlow.js’s, bit for bit: %s', (_, call) => {
    const known = compiled(ofTensorFlow);
    expect(known.length).toBe(7);
    expect(compiled(call)).toEqual(known);
    expect(eager(call)).toEqual(eager(ofTensorFlow));
  });
});

it('is refused for ranks that TensorFlow.js does not know', () => {
  const layer = layers.batchNormalization({});
  layer.build([null, 1, 1, 1, 2]);
  expect(() => layer.call(tf.zeros([1, 1, 1, 1, 2]), training)).toThrow(
    'batchNormalization is not implemented for array of rank 5 yet',
  );
});
