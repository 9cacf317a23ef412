import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, type Issue, TrunklineError } from '../src/core/error.ts';
import { Database, literal } from './database.ts';
import type { DataSet, FoundFile } from './set.ts';

/** A file that was written. */
export interface PreparedFile {
  readonly path: string;
  readonly rows: number;
  readonly columns: number;
  readonly sizeBytes: number;
}

/** Where a set's files may lie in a folder: by its name beside other sets, or on their own. */
function foldersIn(folder: string, { folder: own, name }: DataSet): readonly string[] {
  return [join(folder, own), join(folder, name), folder];
}

/**
 * The files of a set.
 * @param folder where they lie, or the folder of their folder
 * @throws ConfigError that names what is missing and where the public files are found
 */
export function findFiles(set: DataSet, folder: string): Readonly<Record<string, FoundFile>> {
  const issues: Issue[] = [];
  const found: Record<string, FoundFile> = {};
  for (const [name, alternatives] of Object.entries(set.files)) {
    const candidates = foldersIn(folder, set).flatMap((place) =>
      alternatives.map((alternative) => ({ ...alternative, path: join(place, alternative.file) })),
    );
    const file = candidates.find(({ path }) => existsSync(path));
    if (file) found[name] = file;
    else
      issues.push({
        where: `data set '${set.name}'`,
        expected: `${alternatives.map(({ file }) => file).join(' or ')} in ${folder}, or in ${set.folder} there`,
        found: existsSync(folder) ? 'no such file' : 'no such folder',
      });
  }
  if (issues.length > 0) throw new ConfigError(withHint(issues, set));
  return found;
}

/** The last of the issues says where to find the files. */
function withHint(issues: readonly Issue[], { name, origin }: DataSet): readonly Issue[] {
  const { repository, commit, licence } = origin;
  const where = commit === undefined ? repository : `the GitHub repository ${repository} at commit ${commit}`;
  const hint = `the public files are in ${where} (${licence}); then: npm run data -- ${name} --from <their folder>`;
  return issues.map((issue, at) => (at === issues.length - 1 ? { ...issue, hint } : issue));
}

/**
 * Prepares a set: writes what pipelines read.
 * @param from the folder its files lie in
 * @param to the folder that gets a folder of the set's name
 * @throws ConfigError when a file is missing, or not what it should be
 */
export async function prepare(
  set: DataSet,
  from: string,
  to: string,
  say: (line: string) => void,
): Promise<readonly PreparedFile[]> {
  const files = findFiles(set, from);
  const folder = join(to, set.name);
  mkdirSync(folder, { recursive: true });
  const written: PreparedFile[] = [];
  const database = await Database.open();
  try {
    await set.prepare({
      database,
      files,
      say,
      write: async (name, query) => {
        const path = join(folder, `${name}.parquet`);
        written.push(await writeWhole(database, query, path));
      },
    });
  } catch (error) {
    throw error instanceof TrunklineError ? error : unreadable(set, error);
  } finally {
    database.close();
  }
  return written;
}

function unreadable({ name }: DataSet, error: unknown): ConfigError {
  const [found = ''] = (error as Error).message.split('\n');
  const expected = 'files as data/README.md describes them';
  return new ConfigError({ where: `data set '${name}'`, expected, found }, { cause: error });
}

/** Writes beside, then renames: a file that is there is whole. */
async function writeWhole(database: Database, query: string, path: string): Promise<PreparedFile> {
  const partial = `${path}.partial`;
  try {
    await database.write(query, partial);
    renameSync(partial, path);
  } finally {
    rmSync(partial, { force: true });
  }
  const [row] = await database.rows(`SELECT count(*)::INTEGER FROM ${literal(path)}`);
  const columns = await database.columns(`SELECT * FROM ${literal(path)}`);
  return { path, rows: row?.[0] as number, columns: columns.length, sizeBytes: statSync(path).size };
}
