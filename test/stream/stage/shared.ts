import { layers } from '@tensorflow/tfjs-layers';
import { pipe } from 'rxjs';
import type { Batch } from '../../../src/step/batch.ts';
import type { InputShape } from '../../../src/stream/stage/describer.ts';
import { branch, fork, mergeLosses, mse, type Selector, sum, trunk } from '../../../src/stream/stage/index.ts';
import { fractions } from '../../contract/plan.ts';

const { activation, batchNormalization, dense } = layers;
const rows = 5;

export const sharedInputs: Readonly<Record<string, InputShape>> = { x: { shape: [3] } };

/** Two heads whose branches pass through the same layers, which normalise batches. */
export function sharedSelector(): Selector<'a' | 'b'> {
  const both = [dense({ units: 3, name: 'both' }), batchNormalization({ momentum: 0.75, name: 'norm' })] as const;
  return (batch$) =>
    batch$.pipe(
      trunk(dense({ units: 4, activation: 'tanh' })),
      fork({
        a: pipe(trunk(dense({ units: 4 }), ...both), branch(dense({ units: 1 }), mse())),
        b: pipe(trunk(activation({ activation: 'sigmoid' }), ...both), branch(dense({ units: 1 }), mse())),
      }),
      mergeLosses(sum({ a: 1, b: 0.5 })),
    );
}

/** A batch in which heads are known, or not at all. */
export function sharedBatch(known: { readonly a: boolean; readonly b: boolean }, step: number, filling = 0): Batch {
  const labels = Object.entries(known).map(([head, isKnown], at) => [
    head,
    {
      values: Float32Array.from(fractions(rows, step + 20 * at + 1), (value) => (isKnown ? value : filling)),
      present: new Uint8Array(rows).fill(Number(isKnown)),
    },
  ]);
  return {
    rows,
    inputs: { x: Float32Array.from(fractions(rows * 3, step + 7)) },
    labels: Object.fromEntries(labels),
  };
}
