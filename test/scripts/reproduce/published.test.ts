import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type Mode, PublishedTox21, type Split } from '../../../scripts/reproduce/published.ts';
import { formatSpread } from '../../../scripts/reproduce/score.ts';

const folder = fileURLToPath(new URL('../../../../shared/data/tox21/published', import.meta.url));
const published = new PublishedTox21(folder);

test.for<[Split, Mode, string, string]>([
  ['assay', 'single', '.780 ± .003', '.413 ± .009'],
  ['assay', 'multi', '.867 ± .004', '.503 ± .011'],
  ['compound', 'single', '.787 ± .004', '.417 ± .013'],
  ['compound', 'multi', '.826 ± .005', '.429 ± .010'],
])('the published table is what the score files say: %s, %s', async ([split, mode, rocAuc, mcc], context) => {
  context.skip(!existsSync(folder), 'needs ../shared/data/tox21/published');
  const row = await published.scores(split, mode);
  expect([formatSpread(row.rocAuc), formatSpread(row.mcc)]).toEqual([rocAuc, mcc]);
});

test('the published settings: one multi-task network, and one network for each assay', async (context) => {
  context.skip(!existsSync(folder), 'needs ../shared/data/tox21/published');
  expect(await published.networks('compound', 'multi')).toEqual(
    new Map([
      [
        'all',
        {
          hiddenLayers: 2,
          units: 1024,
          learningRate: 0.001,
          dropout: 0.5,
          l2: 0.0001,
          batchRows: 50,
          classWeight: 15,
          epochs: 10,
        },
      ],
    ]),
  );
  const single = await published.networks('assay', 'single');
  expect(single.size).toBe(12);
  expect(single.get('SR-MMP')).toMatchObject({ hiddenLayers: 1, units: 1024, dropout: 0, batchRows: 10, epochs: 3 });
});
