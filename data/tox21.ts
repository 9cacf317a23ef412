import { identifier } from './database.ts';
import { readMolecules, refusedLine } from './molecules.ts';
import type { DataSet, Preparation } from './set.ts';
import { thousandth } from './split.ts';

const validShare = 200; // of 1,000

/**
 * Toxicity of chemicals in 12 assays. The published splits keep their names: `assay` hides cells of rows that have
 * others, `compound` hides rows. From each training file a validation part is cut for tuning, so that tuning never sees
 * what is tested: `assay_fit` and `assay_valid` (a fifth of its labelled cells) are together `assay_train`, and likewise
 * `compound_fit` and `compound_valid` (a fifth of its rows).
 */
export const tox21: DataSet = {
  name: 'tox21',
  summary: 'toxicity in 12 assays, yes or no, 83 % known',
  origin: { repository: 'mowal/Imputation_Paper', commit: 'e0400285', licence: 'MIT' },
  folder: 'tox21',
  files: Object.fromEntries(
    ['assay', 'compound'].flatMap((split) =>
      ['train', 'test'].map((part) => [
        `${split}_${part}`,
        [{ file: `${split}_${part}.parquet` }, { file: `${part}_set_${split}_based_Tox21.csv` }],
      ]),
    ),
  ),
  molecules: /^(NR|SR)-/,
  prepare: async (preparation) => {
    for (const split of ['assay', 'compound']) {
      const { labels } = await read(preparation, `${split}_train`);
      const parts = [
        ['fit', '>='],
        ['valid', '<'],
      ] as const;
      for (const [part, side] of parts) {
        const isIn = (text: string): string => `${thousandth(text)} ${side} ${validShare}`;
        await preparation.write(
          `${split}_${part}`,
          split === 'compound'
            ? `SELECT * FROM compound_train WHERE ${isIn("'tox21/compound/' || smiles")}`
            : `SELECT smiles, fp, ${labels.map((label) => cell(label, isIn)).join(', ')} FROM assay_train`,
        );
      }
      await read(preparation, `${split}_test`);
    }
  },
};

/** A label where its cell is in the part, else nothing. */
function cell(label: string, isIn: (text: string) => string): string {
  const name = identifier(label);
  return `CASE WHEN ${isIn(`'tox21/assay/' || smiles || '/${label}'`)} THEN ${name} END AS ${name}`;
}

async function read({ database, files, write, say }: Preparation, name: string) {
  const molecules = await readMolecules(database, name, files[name] as never, tox21.molecules as RegExp);
  for (const line of refusedLine(name, molecules)) say(line);
  await write(name, `SELECT * FROM ${name}`);
  return molecules;
}
