import type { DuckDBConnection } from '@duckdb/node-api';
import { ConfigError } from '../../core/error.ts';
import { quote } from '../../core/format.ts';
import type { RawColumn } from '../../core/table.ts';
import type { TableColumn } from '../source.ts';
import { checkExpression } from './expression.ts';
import { identifier } from './text.ts';
import { readerOf } from './type.ts';
import { columnOf } from './vector.ts';

/** Rows of columns that SQL knows, and the expression that gives each row's number. */
export interface Relation {
  readonly from: string;
  readonly row: string;
}

/** What a user asks of rows in SQL. */
export interface Choice {
  readonly where: string | undefined;
  /** Expressions of computed columns, by name. */
  readonly derive: Readonly<Record<string, string>>;
  /** The place of an option, for errors. */
  readonly placeOf: (option: readonly string[]) => string;
}

/** The name of a row's number inside of queries. */
export const rowName = '__trunkline_row';

/**
 * Names and kinds of a relation's columns, computed ones last.
 * @param what the relation is, for errors: a path
 * @throws ConfigError when an expression is none, or a computed column has the name of another
 */
export async function columnsOf(
  connection: DuckDBConnection,
  relation: Relation,
  { where, derive, placeOf }: Choice,
  what: string,
): Promise<readonly TableColumn[]> {
  const own = await describe(connection, `SELECT * FROM ${relation.from}`);
  // Names differ for SQL when they differ by more than capitals.
  const names = new Set(own.map(({ name }) => name.toLowerCase()));
  const taken = Object.keys(derive).filter((name) => names.has(name.toLowerCase()));
  if (taken.length > 0)
    throw new ConfigError(
      taken.map((name) => ({
        where: placeOf(['derive', name]),
        expected: 'a name that no column has',
        found: `column ${quote(name)} in ${what}`,
      })),
    );
  for (const [name, expression] of Object.entries(derive))
    await checkExpression(connection, expression, relation.from, placeOf(['derive', name]), what);
  const all = everythingOf(relation, derive);
  if (where !== undefined) await checkExpression(connection, where, `(${all})`, placeOf(['where']), what);
  return (await describe(connection, all)).slice(0, -1);
}

/** Rows of one answer, at most about two thousand. */
export interface Rows {
  readonly columns: ReadonlyMap<string, RawColumn>;
  readonly rows: Float64Array;
}

/**
 * The rows that are chosen, in the relation's order.
 * @param conditions more of them, in SQL
 */
export async function* select(
  connection: DuckDBConnection,
  relation: Relation,
  { where, derive }: Choice,
  columns: readonly TableColumn[],
  conditions: readonly string[] = [],
): AsyncGenerator<Rows> {
  const values = columns.map(({ name, type }) => readerOf(type).expression(identifier(name)));
  const all = [...conditions, ...(where === undefined ? [] : [`(\n${where}\n)`])];
  const filter = all.length === 0 ? '' : ` WHERE ${all.join(' AND ')}`;
  const query = `SELECT ${[...values, `${rowName}::DOUBLE`].join(', ')} FROM (${everythingOf(relation, derive)})${filter}`;
  const result = await connection.stream(query);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return;
    const read = new Map(columns.map(({ name, kind }, at) => [name, columnOf(chunk.getColumnVector(at), kind)]));
    const rows = columnOf(chunk.getColumnVector(columns.length), 'number') as RawColumn & { kind: 'number' };
    yield { columns: read, rows: rows.values as Float64Array };
  }
}

/** All columns, computed ones after the relation's own, and the row's number. */
function everythingOf({ from, row }: Relation, derive: Choice['derive']): string {
  const computed = Object.entries(derive).map(([name, expression]) => `(\n${expression}\n) AS ${identifier(name)}`);
  return `SELECT ${['*', ...computed, `${row} AS ${rowName}`].join(', ')} FROM ${from}`;
}

/** The types of a query's columns. */
async function describe(connection: DuckDBConnection, query: string): Promise<readonly TableColumn[]> {
  const reader = await connection.runAndReadAll(`DESCRIBE ${query}`);
  return reader.getRows().map(([name, type]) => {
    const text = String(type);
    return { name: String(name), kind: readerOf(text).kind, type: text };
  });
}
