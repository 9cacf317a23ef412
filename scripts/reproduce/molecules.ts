import { Database, literal } from '../../data/database.ts';
import { fingerprintBits } from '../../data/fingerprint.ts';

/** Molecules with what is known of them, in memory. */
export interface MoleculeTable {
  readonly rows: number;
  /** `[rows, 2048]`: 1 where the bit is set. */
  readonly fp: { readonly values: Float32Array; readonly shape: readonly [number, number] };
  /** By head: rows, NaN where nothing is known. */
  readonly labels: Readonly<Record<string, Float32Array>>;
}

/** Reads a prepared file of molecules: all columns but `smiles` and `fp` are labels. */
export async function readMoleculeTable(path: string): Promise<MoleculeTable> {
  const database = await Database.open();
  try {
    const query = `SELECT * EXCLUDE (smiles) FROM ${literal(path)}`;
    const names = (await database.columns(query)).map(({ name }) => name);
    const rows = await database.rows(query);
    const values = new Float32Array(rows.length * fingerprintBits);
    const fp = names.indexOf('fp');
    rows.forEach((row, at) => {
      for (const place of row[fp] as readonly number[]) values[at * fingerprintBits + place] = 1;
    });
    const labels = names.flatMap((name, column) =>
      column === fp ? [] : [[name, Float32Array.from(rows, (row) => Number(row[column] ?? Number.NaN))] as const],
    );
    return {
      rows: rows.length,
      fp: { values, shape: [rows.length, fingerprintBits] },
      labels: Object.fromEntries(labels),
    };
  } finally {
    database.close();
  }
}
