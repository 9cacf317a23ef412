import { ConfigError } from '../src/core/error.ts';
import { type Database, identifier, literal } from './database.ts';
import { fingerprints } from './fingerprint.ts';
import type { FoundFile } from './set.ts';

const smilesNames = ['smiles', 'standardised_smiles', 'SMILES'];

export interface Molecules {
  /** Names of the columns that are labels, in the file's order. */
  readonly labels: readonly string[];
  /** SMILES that are no molecule for RDKit: they have no fingerprint, and are left out. */
  readonly refused: readonly string[];
}

/**
 * Reads a file of molecules into a table: `smiles`, `fp` (the file's own, or computed from the SMILES) and labels as
 * nullable floats.
 * @param isLabel which columns are labels
 * @throws ConfigError when there are no SMILES, or no label
 */
export async function readMolecules(
  database: Database,
  table: string,
  { path, file, where = 'true' }: FoundFile,
  isLabel: RegExp,
): Promise<Molecules> {
  const all = `SELECT * FROM ${literal(path)} WHERE ${where}`;
  const columns = await database.columns(all);
  const smiles = columns.find(({ name }) => smilesNames.includes(name))?.name;
  const hasFingerprint = columns.some(({ name, type }) => name === 'fp' && type === 'INTEGER[]');
  const labels = columns
    .map(({ name }) => name)
    .filter((name) => name !== smiles && name !== 'fp' && isLabel.test(name));
  const found = columns.map(({ name }) => name).join(', ');
  if (!smiles) throw new ConfigError({ where: file, expected: `a column ${smilesNames.join(' or ')}`, found });
  if (labels.length === 0) throw new ConfigError({ where: file, expected: `labels: columns like ${isLabel}`, found });

  const chosen = labels.map((name) => `TRY_CAST(${identifier(name)} AS FLOAT) AS ${identifier(name)}`);
  const fp = hasFingerprint ? ['fp'] : [];
  await database.run(
    `CREATE OR REPLACE TEMP TABLE ${identifier(table)} AS
     SELECT ${[`${identifier(smiles)} AS smiles`, ...fp, ...chosen].join(', ')} FROM (${all})`,
  );
  return { labels, refused: hasFingerprint ? [] : await addFingerprints(database, table) };
}

/** @returns the SMILES of the rows that were taken out, because they have no fingerprint */
async function addFingerprints(database: Database, table: string): Promise<readonly string[]> {
  const name = identifier(table);
  const smiles = (await database.rows(`SELECT smiles FROM ${name} ORDER BY rowid`)).map(([text]) => String(text));
  const places = await fingerprints(smiles);
  await database.createTexts(
    'fingerprint',
    'places',
    places.map((list) => list && `[${list.join(', ')}]`),
  );
  await database.run(
    `CREATE OR REPLACE TEMP TABLE ${name} AS
     SELECT smiles, places::INTEGER[] AS fp, molecules.* EXCLUDE (smiles)
     FROM ${name} AS molecules JOIN fingerprint ON molecules.rowid = fingerprint.rowid
     WHERE places IS NOT NULL ORDER BY molecules.rowid`,
  );
  return smiles.filter((_, row) => places[row] === null);
}

/** A line that says which molecules were left out; nothing when none was. */
export function refusedLine(table: string, { refused }: Molecules): readonly string[] {
  if (refused.length === 0) return [];
  const shown = refused.slice(0, 3).join(', ');
  return [`${table}: left out ${refused.length} that RDKit does not take as molecules: ${shown}, …`];
}
