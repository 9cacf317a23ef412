import { Database, literal } from './database.ts';
import { fingerprints } from './fingerprint.ts';

/** How our fingerprints agree with those that a file already has. */
export interface Agreement {
  readonly molecules: number;
  /** SMILES that RDKit does not take as molecules. */
  readonly refused: readonly string[];
  /** SMILES with another fingerprint than the file's. */
  readonly differing: readonly string[];
}

/**
 * Compares fingerprints computed from SMILES with the column `fp` of a file.
 * @param every how many rows there are for each that is compared
 */
export async function verifyFingerprints(path: string, every = 1): Promise<Agreement> {
  const database = await Database.open();
  try {
    const file = `read_parquet(${literal(path)}, file_row_number = true)`;
    const rows = await database.rows(
      `SELECT smiles, array_to_string(fp, ' ') FROM ${file} WHERE file_row_number % ${every} = 0`,
    );
    const smiles = rows.map(([text]) => text as string);
    const computed = await fingerprints(smiles);
    return {
      molecules: smiles.length,
      refused: smiles.filter((_, row) => computed[row] === null),
      differing: smiles.filter((_, row) => computed[row] && computed[row].join(' ') !== rows[row]?.[1]),
    };
  } finally {
    database.close();
  }
}

/** The share of agreeing fingerprints among the molecules that RDKit takes. */
export function shareAgreeing({ molecules, refused, differing }: Agreement): number {
  const taken = molecules - refused.length;
  return taken === 0 ? 1 : (taken - differing.length) / taken;
}
