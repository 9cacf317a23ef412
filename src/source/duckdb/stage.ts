import type { DuckDBConnection, DuckDBInstance, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import type { RawColumn } from '../../core/table.ts';
import type { FileReader, Scanned, ScanOptions } from '../file/reader.ts';
import type { TableColumn } from '../source.ts';
import { connected, load, openFor } from './database.ts';
import { namesIn } from './expression.ts';
import { type Choice, columnsOf, type Relation, select } from './query.ts';
import { identifier } from './text.ts';

const table = '__trunkline_rows';
const relation: Relation = { from: table, row: '(row_number() OVER () - 1)' };

/** SQL types in which columns of each kind stand in DuckDB. */
const typeOf: Readonly<Record<TableColumn['kind'], string>> = {
  number: 'DOUBLE',
  text: 'VARCHAR',
  bytes: 'BLOB',
  numbers: 'DOUBLE[]',
  texts: 'VARCHAR[]',
  mixed: 'JSON',
};

/**
 * Lets SQL choose and compute from what a reader reads that knows no SQL: its rows pass through a table of DuckDB. The
 * reader itself where nothing is asked.
 */
export function choosing(reader: FileReader, format: string, choice: Choice): FileReader {
  if (choice.where === undefined && Object.keys(choice.derive).length === 0) return reader;
  let instance: Promise<DuckDBInstance> | undefined;
  const database = (): Promise<DuckDBInstance> => {
    instance ??= openFor([]);
    return instance;
  };

  async function* look(connection: DuckDBConnection, columns: readonly TableColumn[], what: string) {
    await makeTable(connection, columns);
    yield await columnsOf(connection, relation, choice, what);
  }

  const chosen = async (columns: readonly TableColumn[], what: string, signal?: AbortSignal) => {
    const fault = { where: what, expected: format };
    for await (const all of connected(database, fault, signal, (connection) => look(connection, columns, what)))
      return all;
    return [];
  };

  /** Those that are wanted or that SQL speaks of; one at least, as a table has one. */
  const neededOf = async (
    connection: DuckDBConnection,
    all: readonly TableColumn[],
    wanted: readonly TableColumn[],
  ): Promise<readonly TableColumn[]> => {
    const { where, derive } = choice;
    const names = await namesIn(connection, [...(where === undefined ? [] : [where]), ...Object.values(derive)]);
    const own = new Set(wanted.map(({ name }) => name));
    const needed = all.filter(({ name }) => own.has(name) || (names?.has(name.toLowerCase()) ?? true));
    return needed.length > 0 ? needed : all.slice(0, 1);
  };

  async function* scan(connection: DuckDBConnection, path: string, options: ScanOptions): AsyncGenerator<Scanned> {
    const columns = await neededOf(connection, await reader.columns(path, options.signal), options.columns);
    for await (const scanned of reader.scan(path, { ...options, columns })) {
      await makeTable(connection, columns);
      await fill(connection, scanned, columns);
      const parts = [];
      for await (const part of select(connection, relation, choice, options.columns)) parts.push(part);
      yield* chosenOf(scanned, parts);
    }
  }

  return {
    columns: async (path, signal) => chosen(await reader.columns(path, signal), path, signal),
    declared: async (signal) => {
      const columns = await reader.declared?.(signal);
      return columns && chosen(columns, 'the options', signal);
    },
    adopt: (columns) => reader.adopt?.(columns.filter(({ name }) => !(name in choice.derive))),
    forget: (path) => reader.forget?.(path),
    scan: (path, options) =>
      connected(database, { where: path, expected: format }, options.signal, (connection) =>
        scan(connection, path, options),
      ),
  };
}

async function makeTable(connection: DuckDBConnection, columns: readonly TableColumn[]): Promise<void> {
  const fields = columns.map(({ name, kind }) => `${identifier(name)} ${typeOf[kind]}`);
  await connection.run(`CREATE OR REPLACE TABLE ${table} (${fields.join(', ')})`);
}

async function fill(
  connection: DuckDBConnection,
  { columns, rows }: Scanned,
  described: readonly TableColumn[],
): Promise<void> {
  const driver = await load();
  const { DOUBLE, VARCHAR, BLOB, LIST, DuckDBDataChunk } = driver;
  const types: Readonly<Record<TableColumn['kind'], DuckDBType>> = {
    number: DOUBLE,
    text: VARCHAR,
    bytes: BLOB,
    numbers: LIST(DOUBLE),
    texts: LIST(VARCHAR),
    mixed: VARCHAR,
  };
  const appender = await connection.createAppender(table);
  for (let start = 0; start < rows.length; start += 2048) {
    const end = Math.min(start + 2048, rows.length);
    const chunk = DuckDBDataChunk.create(
      described.map(({ kind }) => types[kind]),
      end - start,
    );
    described.forEach(({ name }, at) => {
      const column = columns.get(name) as RawColumn;
      chunk.setColumnValues(
        at,
        Array.from({ length: end - start }, (_, row) => valueAt(driver, column, start + row)),
      );
    });
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}

function valueAt(driver: typeof import('@duckdb/node-api'), column: RawColumn, row: number): DuckDBValue {
  if ('valid' in column && column.valid[row] !== 1) return null;
  switch (column.kind) {
    case 'number':
      return Number(column.values[row]);
    case 'text':
      return column.values[row] ?? null;
    case 'bytes': {
      const bytes = column.values[row] ?? null;
      return bytes === null ? null : driver.blobValue(bytes);
    }
    case 'numbers':
      return driver.listValue(Array.from(column.values.subarray(column.starts[row], column.starts[row + 1]), Number));
    case 'texts':
      return driver.listValue(column.values.slice(column.starts[row], column.starts[row + 1]));
    case 'mixed': {
      const value = column.values[row] ?? null;
      return value === null ? null : JSON.stringify(value);
    }
  }
}

/** The chosen rows, with what was rejected between them. */
function* chosenOf(
  { rows, lines, rejected, mark, next }: Scanned,
  parts: readonly { readonly columns: Scanned['columns']; readonly rows: ArrayLike<number> }[],
): Generator<Scanned> {
  if (parts.length === 0 && rejected.length === 0) return;
  let first = Number.NEGATIVE_INFINITY;
  for (const [at, part] of parts.entries()) {
    const following = parts[at + 1]?.rows[0];
    const after =
      following === undefined ? next : { row: rows[following] as number, ...(mark !== undefined && { mark }) };
    yield {
      columns: part.columns,
      rows: Array.from(part.rows, (row) => rows[row] as number),
      ...(lines !== undefined && { lines: Array.from(part.rows, (row) => lines[row] as number) }),
      rejected: rejected.filter(({ row }) => row >= first && row < after.row),
      ...(mark !== undefined && { mark }),
      next: after,
    };
    first = after.row;
  }
}
