import { readMolecules, refusedLine } from './molecules.ts';
import type { DataSet, FoundFile } from './set.ts';
import { tenths } from './split.ts';

/** A set of MoleculeNet as one file, split at random: a molecule's part follows from its SMILES. */
export function moleculeNet(name: string, summary: string, labels: RegExp): DataSet {
  return {
    name,
    summary,
    origin: { repository: 'chemprop/chemprop', commit: 'b83635bc', licence: 'MIT' },
    folder: name,
    files: { all: [{ file: `${name}.parquet` }, { file: `${name}.csv` }] },
    molecules: labels,
    prepare: async ({ database, files, write, say }) => {
      const molecules = await readMolecules(database, name, files.all as FoundFile, labels);
      for (const line of refusedLine(name, molecules)) say(line);
      for (const [part, isIn] of Object.entries(tenths(`'${name}/' || smiles`)))
        await write(part, `SELECT * FROM ${name} WHERE ${isIn}`);
    },
  };
}
