import { expect, test } from 'vitest';
import { trunklineBackend } from '../../../src/engine/backend.ts';
import { assemble } from '../../../src/pipeline/assemble.ts';
import { pipelineOf } from '../../../src/pipeline/load.ts';
import { manifestOf, manifestSince } from '../../../src/pipeline/run/manifest.ts';
import { scalesOf, unitLines, unitsOf } from '../../../src/pipeline/run/scale.ts';

trunklineBackend();

const moved = {
  plain: {},
  standard: { standardize: true },
  potency: { log10: true },
  both: { standardize: true, log10: true },
  ...Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`assay${at}`, { standardize: true }])),
};

/** A pipeline with numbers of these heads in each row. */
const pipelineWith = (labels: Readonly<Record<string, object>>) => {
  const heads = Object.keys(labels);
  const data = [1, 10, 100].map((value) => ({ x: 1, ...Object.fromEntries(heads.map((head) => [head, value])) }));
  return assemble(
    pipelineOf({
      name: 'moved',
      sources: { train: { type: 'memory', data, features: { x: 'tensor' }, labels } },
      stream: { from: 'train' },
      model: { heads: heads.map((name) => ({ name, layers: [{ dense: 1 }], loss: 'meanSquaredError' })) },
    }),
  );
};

test('what losses and errors are in is said where labels are moved', async () => {
  const pipeline = await pipelineWith(moved);
  expect(unitLines(unitsOf(scalesOf(pipeline)))).toEqual([
    'losses and errors of standard, assay0, assay1, assay2, assay3, assay4, assay5, assay6, … (10): in standard deviations of the labels',
    'losses and errors of potency: in logarithms of the labels',
    'losses and errors of both: in standard deviations of the logarithms of the labels',
  ]);
  const { scales } = await manifestOf(pipeline, 'moved.yaml', '2026-01-01');
  expect(scales).toMatchObject({
    standard: { mean: [37], log10: false },
    potency: { mean: [0], scale: [1], log10: true },
    both: { mean: [1], log10: true },
  });
  expect(scales).not.toHaveProperty('plain');
});

test('a run that goes on without such heads says nothing of them', async () => {
  const plain = await pipelineWith({ plain: {} });
  const before = await manifestOf(
    await pipelineWith({ plain: {}, potency: { log10: true } }),
    'moved.yaml',
    '2026-01-01',
  );
  expect(manifestSince(before, plain)).not.toHaveProperty('scales');
  expect(manifestSince(await manifestOf(plain, 'moved.yaml', '2026-01-01'), plain)).toBeUndefined();
});
