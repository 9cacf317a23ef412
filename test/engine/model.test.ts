import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { openEngine } from '../../src/engine/index.ts';
import type { Trainer } from '../../src/engine/trainer.ts';
import { expectClose } from '../trace/oracle.ts';
import { type TrainedModel, trainedModels } from './trained-models.ts';

const steps = 10;

async function train(trainer: Trainer, trained: TrainedModel, learningRate: number): Promise<number[]> {
  const prepared = await trainer.prepare(trained.specs);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const slot = prepared.slots[step % 2] as Record<string, Float32Array>;
    for (const [name, values] of Object.entries(trained.batch(step))) slot[name]?.set(values);
    const { loss } = await prepared.run(step % 2, { present: [true], learningRates: [learningRate] });
    losses.push(loss as number);
  }
  return losses;
}

describe.each(Object.entries(trainedModels))('%s', (_, make) => {
  it(`learns the same compiled and eager: losses within 1e-5 over ${steps} steps`, async () => {
    tf.setBackend('cpu');
    const trained = make();
    const initial = trained.variables.map((variable) => variable.dataSync().slice());
    const spec = {
      step: trained.step,
      groups: [{ name: 'all', variables: trained.variables }],
      optimizer: { type: 'sgd' },
      seed: 5,
    } as const;
    const compiledEngine = await openEngine({ type: 'onnx-cpu', threads: 1, worker: false });
    const compiled = await compiledEngine.train(spec);
    const losses = await train(compiled, trained, 0.1);
    compiled.pull();
    const learned = trained.variables.map((variable) => variable.dataSync().slice());
    trained.variables.forEach((variable, at) => {
      variable.assign(tf.tensor(initial[at] as Float32Array, variable.shape, variable.dtype));
    });
    const eagerEngine = await openEngine({ type: 'tfjs-cpu' });
    const eager = await eagerEngine.train(spec);
    const expected = await train(eager, trained, 0.1);
    expectClose(losses, expected, 'loss', { relative: 1e-5, absolute: 0 });
    expect(new Set(expected).size).toBe(steps);
    trained.variables.forEach((variable, at) => {
      expectClose(learned[at] as Float32Array, variable.dataSync(), variable.name, { relative: 1e-4, absolute: 1e-5 });
    });
    await compiledEngine.close();
    await eagerEngine.close();
  });
});
