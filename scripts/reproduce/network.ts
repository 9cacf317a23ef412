import { layers } from '@tensorflow/tfjs-layers';
import { fingerprintBits } from '../../data/fingerprint.ts';
import { Graph } from '../../src/train/graph.ts';
import type { HeadScores } from '../../src/train/scores.ts';
import '../../src/index.ts';
import type { MoleculeTable } from './molecules.ts';
import type { Network } from './published.ts';
import { meanOf } from './score.ts';

export interface Scores {
  readonly rocAuc: number;
  readonly mcc: number;
}

/**
 * Trains one of the published networks, and scores it: the mean over its heads.
 *
 * What the authors' program (Keras 2.1 in TensorFlow) does is written in our terms. Its loss is the mean over all cells
 * of the batch, absent ones being 0: denominator `batch`, and weight 1 / heads. `l2(λ)` adds λ Σ w², whose gradient is
 * 2 λ w. Adam's epsilon is 1e-7. Deviation: theirs leaves biases and the last layer out of the penalty.
 * @param positiveWeight 1 as they trained: they hand `class_weight` to Keras as a number, which it ignores there
 */
export async function trainPublished(
  network: Network,
  train: MoleculeTable,
  test: MoleculeTable,
  heads: readonly string[],
  seed: number,
  positiveWeight: number,
): Promise<Scores> {
  const graph = new Graph({ seed });
  let trunk = graph.input('fp', [fingerprintBits]);
  for (let layer = 0; layer < network.hiddenLayers; layer++) {
    trunk = trunk.add(layers.dense({ units: network.units, activation: 'relu' }));
    if (network.dropout > 0) trunk = trunk.add(layers.dropout({ rate: network.dropout }));
  }
  const branches = heads.length > 1 ? graph.fork(trunk, heads) : [trunk];
  heads.forEach((head, at) => {
    graph.output(head, branches[at]?.add(layers.dense({ units: 1 })) ?? trunk, {
      loss: { type: 'binaryCrossentropy', positiveWeight },
      weight: 1 / heads.length,
      denominator: 'batch',
      metrics: [{ type: 'rocAuc', bins: 8192 }, 'mcc'],
    });
  });
  const { learningRate, l2, batchRows, epochs } = network;
  graph.compile({ optimizer: { type: 'adam', learningRate, epsilon: 1e-7, l2: 2 * l2 }, seed });
  try {
    const known = { missing: 'nan' as const };
    await graph.fit(train.fp, only(train.labels, heads), { ...known, batchRows, epochs, seed });
    const found = await graph.evaluate<Readonly<Record<string, HeadScores>> | HeadScores>(
      test.fp,
      only(test.labels, heads),
      known,
    );
    return meanScores(isOfOne(found) ? [found] : Object.values(found));
  } finally {
    await graph.close();
  }
}

function only<T>(labels: Readonly<Record<string, T>>, heads: readonly string[]): Record<string, T> {
  return Object.fromEntries(heads.map((head) => [head, labels[head] as T]));
}

/** Of a graph with one output, scores are that output's own. */
function isOfOne(found: Readonly<Record<string, HeadScores>> | HeadScores): found is HeadScores {
  return typeof found.labels === 'number';
}

/** As the authors count: a network that says no to all has an MCC of 0. */
function meanScores(scores: readonly HeadScores[]): Scores {
  return {
    rocAuc: meanOf(scores.map(({ metrics }) => metrics.rocAuc as number)),
    mcc: meanOf(scores.map(({ metrics }) => metrics.mcc ?? 0)),
  };
}
