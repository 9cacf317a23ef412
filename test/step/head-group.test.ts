import { layers } from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { fork, GraphModel } from '../../src/model/index.ts';
import { groupHeads, trainedHeads } from '../../src/step/head-group.ts';

trunklineBackend();

test('heads that are alike are one group, without those that are to stay apart', () => {
  const model = new GraphModel();
  const trunk = model.input('x', [3]);
  trunk.add(layers.dense({ units: 2 }));
  const fused = { a: true, b: false, c: true, d: false };
  for (const [at, branch] of fork(trunk, Object.keys(fused)).entries()) {
    const [name, fuse] = Object.entries(fused)[at] as [string, boolean];
    model.output(name, branch.add(layers.dense({ units: 1 })), { loss: 'meanSquaredError', fuse });
  }
  const spec = model.describe();
  const groups = groupHeads(spec, trainedHeads(spec)).map(({ heads }) => heads.map(({ name }) => name));
  expect(groups).toEqual([['b'], ['d'], ['a', 'c']]);
});
