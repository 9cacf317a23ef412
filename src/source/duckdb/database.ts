import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { SourceError } from '../../core/error.ts';
import type { Glob } from '../file/list.ts';
import { exactPath, literal, messageOf } from './text.ts';

/** A DuckDB in memory, loaded when it is first needed. One thread: the cores are for training. */
async function open(): Promise<DuckDBInstance> {
  const driver = await import('@duckdb/node-api').catch((error: unknown) => {
    throw new SourceError(
      { where: '@duckdb/node-api', expected: 'the driver that reads files of tables', found: messageOf(error) },
      { cause: error },
    );
  });
  return driver.DuckDBInstance.create(':memory:', { threads: '1' });
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

/** A DuckDB that can read these files and nothing else outside of itself, whatever a query says. */
export async function openFor(files: readonly string[]): Promise<DuckDBInstance> {
  const instance = await open();
  const connection = await instance.connect();
  const settings = [
    // Paths are compared as queries write them.
    `allowed_paths = [${files.flatMap((file) => [literal(file), exactPath(file)]).join(', ')}]`,
    'enable_external_access = false',
    'autoinstall_known_extensions = false',
    'autoload_known_extensions = false',
    'lock_configuration = true',
  ];
  for (const setting of settings) await connection.run(`SET ${setting}`);
  connection.closeSync();
  return instance;
}

/** A connection that is interrupted when `signal` aborts. Whoever has it closes it. */
export async function connect(
  instance: DuckDBInstance,
  signal: AbortSignal | undefined,
): Promise<{ readonly connection: DuckDBConnection; close(): void }> {
  signal?.throwIfAborted();
  const connection = await instance.connect();
  const interrupt = (): void => connection.interrupt();
  signal?.addEventListener('abort', interrupt, { once: true });
  return {
    connection,
    close: () => {
      signal?.removeEventListener('abort', interrupt);
      connection.closeSync();
    },
  };
}
