import { layers } from '@tensorflow/tfjs-layers';
import type { Engine } from '../../src/engine/trainer.ts';
import { merges } from '../../src/merge/index.ts';
import { fork, GraphModel, type OutputOptions } from '../../src/model/index.ts';
import { optimizers } from '../../src/optimizer/index.ts';
import type { Batch } from '../../src/step/batch.ts';
import { StepRunner } from '../../src/step/runner.ts';

/** Numbers in [0, 1) that follow from their place and a seed. */
export const fractions = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, at) => {
    const value = Math.sin(at * 12.9898 + seed) * 43758.5453;
    return value - Math.floor(value);
  });

/** The layers that heads share: 1024-512-256. */
export const denseTrunk = () => [
  layers.dense({ units: 512, activation: 'relu' }),
  layers.dense({ units: 256, activation: 'relu' }),
];

/** A model with so many heads that say yes or no, under Adam. */
export function runnerOf(engine: Engine, heads: number, output: OutputOptions = {}): Promise<StepRunner> {
  const graph = new GraphModel();
  fork(graph.input('x', [1024]).add(...denseTrunk()), heads).forEach((branch, at) => {
    graph.output(`head${at}`, branch.add(layers.dense({ units: 1 })), { loss: 'binaryCrossentropy', ...output });
  });
  return StepRunner.open(graph.describe(), engine, {
    optimizer: optimizers.build({ type: 'adam' }, undefined, 'optimizer'),
    merge: merges.build({ type: 'sum' }, undefined, 'merge'),
    seed: 1,
  });
}

/** A batch of which this share of the labels is known. */
export function partialBatch(rows: number, heads: number, known: number): Batch {
  const labels = Array.from({ length: heads }, (_, at) => [
    `head${at}`,
    {
      values: fractions(rows, at).map(Math.round),
      present: Uint8Array.from(fractions(rows, 20 + at), (value) => Number(value < known)),
    },
  ]);
  return { rows, inputs: { x: fractions(rows * 1024, 1) }, labels: Object.fromEntries(labels) };
}
