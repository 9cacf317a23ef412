import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { onTestFinished } from 'vitest';
import type { TypedArray } from '../../src/core/dtype.ts';
import type { TrunklineEvent } from '../../src/core/event.ts';
import { type EngineConfig, openEngine } from '../../src/engine/index.ts';
import type { Engine, PreparedStep, StepReport, TrainerSpec } from '../../src/engine/trainer.ts';
import type { StepSettings } from '../../src/engine/update.ts';
import { nameVariable } from '../../src/trace/name.ts';
import { numbers } from '../trace/oracle.ts';
import { compiled, eager, inWorker, native, noNative } from './opened.ts';

/** The definition, every way to run compiled programs, and the definition on TensorFlow where that is installed. */
export const engines: readonly [string, EngineConfig][] = [
  ['eager', eager],
  ['compiled, in this thread', compiled],
  ['compiled, in a worker', inWorker],
  ['compiled, in a worker with two threads', { ...inWorker, threads: 2 }],
  ['compiled, through the official binding', { ...compiled, runner: 'binding' }],
  ...(noNative ? [] : [['eager, on TensorFlow', native] as [string, EngineConfig]]),
];

/** Opened until the test ends. */
export async function open(config: EngineConfig, events: TrunklineEvent[] = []): Promise<Engine> {
  const engine = await openEngine(config, { events: (event) => events.push(event) });
  onTestFinished(() => engine.close());
  return engine;
}

const at = (inputs: Record<string, tf.Tensor>, name: string): tf.Tensor => inputs[name] as tf.Tensor;

/** The variable, under a name of our own. */
export function named(variable: tf.Variable, name: string): tf.Variable {
  nameVariable(variable, name);
  return variable;
}

/** Two heads on a trunk, with a moving mean, and dropout in front: a step with everything an update has to handle. */
export function twoHeads(): TrainerSpec & {
  readonly variables: Readonly<Record<'trunk' | 'a' | 'b' | 'mean', tf.Variable>>;
} {
  const variable = (rows: number, columns: number, seed: number, name: string): tf.Variable =>
    named(tf.variable(tf.tensor(numbers(rows * columns, seed), [rows, columns])), name);
  const variables = {
    trunk: variable(4, 6, 1, 'trunk'),
    a: variable(6, 1, 2, 'a'),
    b: variable(6, 1, 3, 'b'),
    mean: named(tf.variable(tf.zeros([1, 6]), false), 'mean'),
  };
  const drop = sequential({ layers: [layers.dropout({ inputShape: [4], rate: 0.25, name: 'drop' })] });
  return {
    variables,
    step: (inputs) => {
      const hidden = tf.tanh(tf.matMul(drop.apply(at(inputs, 'x'), { training: true }) as tf.Tensor, variables.trunk));
      variables.mean.assign(tf.add(tf.mul(variables.mean, 0.9), tf.mul(tf.mean(hidden, 0, true), 0.1)));
      const a = tf.mean(tf.squaredDifference(tf.matMul(hidden, variables.a), at(inputs, 'y')));
      const b = tf.mul(tf.mean(tf.square(tf.matMul(hidden, variables.b))), at(inputs, 'weight'));
      return { loss: tf.add(a, b), losses: { a, b }, outputs: { hidden } };
    },
    groups: [
      { name: 'trunk', variables: [variables.trunk, variables.mean] },
      { name: 'a', variables: [variables.a] },
      { name: 'b', variables: [variables.b] },
    ],
    optimizer: { type: 'adam', settings: { decay: 0.01 } },
    seed: 11,
  };
}

/** Shapes of its batches. */
export const specs = { x: { shape: [5, 4] }, y: { shape: [5, 1] }, weight: { shape: [] } };
/** Every group moves. */
export const everything: StepSettings = { present: [true, true, true], learningRates: [0.01, 0.02, 0.03] };

/** One step with numbers that follow from its number. */
export function run(
  prepared: PreparedStep,
  step: number,
  settings: StepSettings = everything,
  weight = 1,
): Promise<StepReport> {
  const slot = prepared.slots[step % 2] as Record<'x' | 'y' | 'weight', Float32Array>;
  slot.x.set(numbers(20, step + 5));
  slot.y.set(numbers(5, step + 9));
  slot.weight[0] = weight;
  return prepared.run(step % 2, settings);
}

/** The state as it is now. */
export const copy = (state: Readonly<Record<string, TypedArray>>): Record<string, (number | bigint)[]> =>
  Object.fromEntries(Object.entries(state).map(([name, values]) => [name, [...values]]));
