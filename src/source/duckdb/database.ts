import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { SourceError, TrunklineError } from '../../core/error.ts';
import type { Glob } from '../file/list.ts';
import { exactPath, literal, messageOf } from './text.ts';

/**
 * The driver, loaded when it is first needed.
 * @throws SourceError when it can't be loaded here
 */
export async function load(): Promise<typeof import('@duckdb/node-api')> {
  return import('@duckdb/node-api').catch((error: unknown) => {
    throw new SourceError(
      { where: '@duckdb/node-api', expected: 'the driver that reads files of tables', found: messageOf(error) },
      { cause: error },
    );
  });
}

/** A DuckDB in memory. One thread: the cores are for training. */
async function open(): Promise<DuckDBInstance> {
  const { DuckDBInstance } = await load();
  return DuckDBInstance.create(':memory:', { threads: '1' });
}

/** The files that a pattern means. */
export const glob: Glob = async (pattern) => {
  const connection = await (await open()).connect();
  try {
    const reader = await connection.runAndReadAll(`SELECT file FROM glob(${literal(pattern)})`);
    return reader.getRows().map(([file]) => String(file));
  } finally {
    connection.closeSync();
  }
};

/** A DuckDB that can read these files, and use these folders, and nothing else outside of itself, whatever a query says. */
export async function openFor(files: readonly string[], folders: readonly string[] = []): Promise<DuckDBInstance> {
  const instance = await open();
  const connection = await instance.connect();
  const settings = [
    // Paths are compared as queries write them.
    `allowed_paths = [${files.flatMap((file) => [literal(file), exactPath(file)]).join(', ')}]`,
    `allowed_directories = [${folders.flatMap((folder) => [literal(`${folder}/`), exactPath(`${folder}/`)]).join(', ')}]`,
    'enable_external_access = false',
    'autoinstall_known_extensions = false',
    'autoload_known_extensions = false',
    "TimeZone = 'UTC'",
    'lock_configuration = true',
  ];
  for (const setting of settings) await connection.run(`SET ${setting}`);
  connection.closeSync();
  return instance;
}

/**
 * What `use` gives with a connection of its own, which is interrupted when `signal` aborts.
 * @param fault what to say when DuckDB fails: the file, and what was expected of it
 * @throws the signal's reason; SourceError when DuckDB fails
 */
export async function* connected<Value>(
  database: () => Promise<DuckDBInstance>,
  fault: { readonly where: string; readonly expected: string },
  signal: AbortSignal | undefined,
  use: (connection: DuckDBConnection) => AsyncIterable<Value>,
): AsyncGenerator<Value> {
  signal?.throwIfAborted();
  const connection = await (await database()).connect();
  const interrupt = (): void => connection.interrupt();
  signal?.addEventListener('abort', interrupt, { once: true });
  try {
    yield* use(connection);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof TrunklineError) throw error;
    throw new SourceError({ ...fault, found: messageOf(error) }, { cause: error });
  } finally {
    signal?.removeEventListener('abort', interrupt);
    connection.closeSync();
  }
}
