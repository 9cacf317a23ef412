import { readMolecules, refusedLine } from './molecules.ts';
import type { DataSet, FoundFile } from './set.ts';

const labels = /^[A-Z0-9]{6,10}_/;
const parts = ['train', 'valid', 'test'];

/** Activities (pChEMBL) of molecules on kinases, split as published (RGES: by structure, all heads alike). */
export function kinase(name: string, heads: number, known: string): DataSet {
  return {
    name,
    summary: `activity on ${heads} kinases, a number each, ${known} known`,
    origin: {
      repository: 'sohviluukkonen/kinase-modelling',
      commit: '16d34678',
      licence: 'data of Papyrus and ChEMBL, CC BY-SA',
    },
    folder: `${name}_rges`,
    files: Object.fromEntries(
      parts.map((part) => [
        part,
        [{ file: `${part}.parquet` }, { file: `${name}_RGES.csv.gz`, where: `Subset = '${part}'` }],
      ]),
    ),
    molecules: labels,
    prepare: async ({ database, files, write, say }) => {
      for (const part of parts) {
        const molecules = await readMolecules(database, part, files[part] as FoundFile, labels);
        for (const line of refusedLine(part, molecules)) say(line);
        await write(part, `SELECT * FROM ${part}`);
      }
    },
  };
}
