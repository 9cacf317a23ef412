import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { trunklineBackend } from '../../src/engine/backend.ts';
import type { Engine } from '../../src/engine/trainer.ts';
import type { Branch } from '../../src/model/index.ts';
import { Graph } from '../../src/train/graph.ts';

const opened: Engine[] = [];
vi.mock(import('../../src/engine/index.ts'), async (original) => {
  const actual = await original();
  return {
    ...actual,
    openEngine: async (...given: Parameters<typeof actual.openEngine>) => {
      const engine = await actual.openEngine(...given);
      opened.push(engine);
      return engine;
    },
  };
});

trunklineBackend();

beforeEach(() => {
  tf.setBackend('cpu');
});

const x = Array.from({ length: 6 }, (_, row) => [0, 1, 2].map((at) => Math.sin(row * 3 + at)));
const y = x.map(([first]) => first as number);

/** One head that stays, and a trunk that others may begin from. */
function growing(): { readonly graph: Graph; readonly trunk: Branch } {
  const graph = new Graph();
  const trunk = graph.input('x', [3]).add(layers.dense({ units: 4, activation: 'tanh' }));
  graph.output('stays', graph.fork(trunk, ['stays'])[0].add(layers.dense({ units: 1 })), { loss: 'meanSquaredError' });
  graph.compile({ optimizer: 'adam', engine: { type: 'onnx-cpu', threads: 1, worker: false } });
  onTestFinished(() => graph.close());
  return { graph, trunk };
}

function add({ graph, trunk }: ReturnType<typeof growing>, name: string): Branch {
  const [branch] = graph.fork(trunk, [name]);
  const end = branch.add(layers.dense({ units: 5 }), layers.dense({ units: 1 }));
  graph.output('comes', end, { loss: 'meanSquaredError' });
  return end;
}

it('heads that come and go leave nothing behind', async () => {
  const grown = growing();
  const { graph, trunk } = grown;
  const held: unknown[] = [];
  for (let round = 0; round < 8; round++) {
    add(grown, `branch${round}`);
    await graph.trainOnBatch(x, { stays: y, comes: y });
    graph.retire('comes');
    await graph.trainOnBatch(x, y);
    held.push({
      ...(await opened.at(-1)?.status()),
      variables: Object.keys(tf.engine().registeredVariables).length,
      continuing: trunk.tensor.sourceLayer.outboundNodes.length,
    });
  }
  expect(held[0]).toMatchObject({ programs: 1, sessions: 1 });
  for (const later of held) expect(later).toEqual(held[0]);
});

it('a branch that was retired may be made an output again, as it was', async () => {
  const grown = growing();
  const { graph } = grown;
  const end = add(grown, 'again');
  await graph.fit(x, { stays: y, comes: y }, { epochs: 30 });
  const before = (await graph.predict(x)).comes?.values.slice();
  graph.retire('comes');
  await graph.predict(x);
  graph.output('comes', end, { loss: 'meanSquaredError' });
  expect((await graph.predict(x)).comes?.values).toEqual(before);
  const parameters = async () => (await graph.state()).arrays['parameter/again/dense/kernel']?.slice();
  const kernel = await parameters();
  await graph.trainOnBatch(x, { comes: y });
  expect(await parameters()).not.toEqual(kernel);
});

it('a layer that another model uses stays known to it', async () => {
  const [one, two] = [growing(), growing()];
  const shared = layers.dense({ units: 1, name: 'shared' });
  for (const { graph, trunk } of [one, two])
    graph.output('comes', graph.fork(trunk, ['shared'])[0].add(shared), { loss: 'meanSquaredError' });
  await two.graph.trainOnBatch(x, { comes: y });
  one.graph.retire('comes');
  const known = Object.values(tf.engine().registeredVariables);
  for (const weight of shared.weights) expect(known).toContain(weight.read());
});

it('nothing changes while fit is running', async () => {
  const grown = growing();
  const { graph } = grown;
  add(grown, 'b');
  const fitting = graph.fit(
    x,
    { stays: y, comes: y },
    {
      onStep: () =>
        expect(() => graph.retire('comes')).toThrow(
          'graph: expected nothing of it until fit has ended; found a change of the model',
        ),
    },
  );
  await fitting;
  expect(graph.describe().heads.map(({ name }) => name)).toEqual(['stays', 'comes']);
});
