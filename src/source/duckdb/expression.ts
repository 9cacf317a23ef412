import type { DuckDBConnection } from '@duckdb/node-api';
import { ConfigError } from '../../core/error.ts';
import { formatValue } from '../../core/format.ts';
import { literal, messageOf } from './text.ts';

/**
 * Checks that text is one SQL expression over a relation and nothing else, so that it can stand inside a query without
 * changing what the query does.
 * @throws ConfigError naming `where`
 */
export async function checkExpression(
  connection: DuckDBConnection,
  text: string,
  relation: string,
  where: string,
): Promise<void> {
  const refuse = (hint?: string): never => {
    throw new ConfigError({
      where,
      expected: 'one SQL expression',
      found: formatValue(text),
      ...(hint !== undefined && { hint }),
    });
  };
  const query = `SELECT json_serialize_sql(${literal(`SELECT (\n${text}\n)`)})`;
  const reader = await connection.runAndReadAll(query).catch((error) => refuse(messageOf(error)));
  const parsed = JSON.parse(String(reader.getRows()[0]?.[0])) as Serialized;
  if (parsed.error) refuse(parsed.error_message);
  const node = parsed.statements?.length === 1 ? parsed.statements[0]?.node : undefined;
  const isExpression =
    node?.type === 'SELECT_NODE' &&
    node.select_list?.length === 1 &&
    node.select_list[0]?.class !== 'STAR' &&
    node.select_list[0]?.alias === '' &&
    node.from_table?.type === 'EMPTY' &&
    node.where_clause === null &&
    node.modifiers?.length === 0;
  if (!isExpression) refuse();
  await connection.run(`DESCRIBE SELECT (\n${text}\n) FROM ${relation}`).catch((error) => refuse(messageOf(error)));
}

/** The parts we look at of what DuckDB's `json_serialize_sql` gives. */
interface Serialized {
  readonly error: boolean;
  readonly error_message?: string;
  readonly statements?: readonly {
    readonly node: {
      readonly type: string;
      readonly select_list?: readonly { readonly class: string; readonly alias: string }[];
      readonly from_table?: { readonly type: string };
      readonly where_clause?: unknown;
      readonly modifiers?: readonly unknown[];
    };
  }[];
}
