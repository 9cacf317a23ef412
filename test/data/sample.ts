import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { Database } from '../../data/database.ts';

/** A folder that exists for the time of a test: what is in `path` then. */
export function temporaryFolder(): { path: string } {
  const folder = { path: '' };
  beforeEach(() => {
    folder.path = mkdtempSync(join(tmpdir(), 'trunkline-data-'));
  });
  afterEach(() => rmSync(folder.path, { recursive: true }));
  return folder;
}

/** What a query gives, as objects. */
export async function select(query: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const database = await Database.open();
  try {
    const columns = (await database.columns(query)).map(({ name }) => name);
    const rows = await database.rows(query);
    return rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at]])));
  } finally {
    database.close();
  }
}
