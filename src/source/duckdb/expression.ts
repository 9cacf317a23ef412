import type { DuckDBConnection } from '@duckdb/node-api';
import { ConfigError } from '../../core/error.ts';
import { formatValue } from '../../core/format.ts';
import { literal, messageOf } from './text.ts';

/** Words that are functions where no column has that name. */
const wordsOfTime = ['current_date', 'current_time', 'current_timestamp', 'localtime', 'localtimestamp'];

/** What DuckDB calls volatile, or the same only within a query; asking it takes longer than reading a small file. */
const changingFunctions = (
  'age ago currval gen_random_uuid get_current_time get_current_timestamp nextval now random setseed sleep_ms today ' +
  'transaction_timestamp txid_current uuid uuidv4 uuidv7'
).split(' ');

/**
 * Checks that text is one SQL expression over a relation and nothing else, so that it can stand inside a query without
 * changing what the query does; and that it says the same of a row whenever it is read, and whichever others are read
 * with it, so that reading can go on anywhere.
 * @param what the relation is, for errors: a path
 * @throws ConfigError naming `where`, and `what` when the expression does not fit it
 */
export async function checkExpression(
  connection: DuckDBConnection,
  text: string,
  relation: string,
  where: string,
  what: string,
): Promise<void> {
  const refuse = (hint?: string, place = where): never => {
    throw new ConfigError({
      where: place,
      expected: 'one SQL expression',
      found: formatValue(text),
      ...(hint !== undefined && { hint }),
    });
  };
  const parsed = (await parse(connection, text).catch((error) => refuse(messageOf(error)))) as Serialized;
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
  // Conditions can't look at other rows: aggregates, windows and UNNEST are refused there.
  await connection
    .run(`DESCRIBE SELECT 1 FROM ${relation} WHERE (\n${text}\n)::VARCHAR = ''`)
    .catch((error) => refuse(messageOf(error), `${where}, ${what}`));
  const changing = await changingIn(connection, parsed, relation);
  if (changing.length > 0)
    throw new ConfigError({
      where,
      expected: 'an expression that says the same of a row whenever it is read',
      found: changing.map((name) => `'${name}'`).join(', '),
      hint: 'write a date as it is, or as ${SINCE}; samples are mixed by stream.shuffle',
    });
}

/** Functions in an expression whose values differ from one reading to the next. */
async function changingIn(connection: DuckDBConnection, parsed: unknown, relation: string): Promise<readonly string[]> {
  const functions = new Set<string>();
  const words = new Set<string>();
  for (const { class: kind, function_name: called, children, column_names: found } of nodesIn(parsed)) {
    // An age of one time is counted from today.
    if (kind === 'FUNCTION' && (called !== 'age' || children?.length === 1))
      functions.add(String(called).toLowerCase());
    if (kind === 'COLUMN_REF' && found?.length === 1) words.add(String(found[0]).toLowerCase());
  }
  const ofTime = wordsOfTime.filter((word) => words.has(word));
  const columns = ofTime.length === 0 ? [] : await firstColumn(connection, `DESCRIBE SELECT * FROM ${relation}`);
  const isColumn = (word: string): boolean => columns.some((name) => name.toLowerCase() === word);
  return [...ofTime.filter((word) => !isColumn(word)), ...changingFunctions.filter((name) => functions.has(name))];
}

async function firstColumn(connection: DuckDBConnection, query: string): Promise<readonly string[]> {
  return (await connection.runAndReadAll(query)).getRows().map(([value]) => String(value));
}

/** The parts we look at of a node of what DuckDB parsed. */
interface Node {
  readonly class?: unknown;
  readonly function_name?: unknown;
  readonly children?: readonly unknown[];
  readonly column_names?: readonly unknown[];
}

function* nodesIn(node: unknown): Generator<Node> {
  if (typeof node !== 'object' || node === null) return;
  yield node;
  for (const child of Object.values(node)) yield* nodesIn(child);
}

/**
 * Names that expressions speak of, in small letters, columns among them.
 * @returns undefined when they may mean every column
 */
export async function namesIn(
  connection: DuckDBConnection,
  texts: readonly string[],
): Promise<ReadonlySet<string> | undefined> {
  const names = new Set<string>();
  let isEvery = false;
  for (const text of texts)
    for (const { class: kind, column_names: found = [] } of nodesIn(await parse(connection, text))) {
      isEvery ||= kind === 'STAR';
      if (kind === 'COLUMN_REF') for (const name of found) names.add(String(name).toLowerCase());
    }
  return isEvery ? undefined : names;
}

async function parse(connection: DuckDBConnection, text: string): Promise<unknown> {
  const reader = await connection.runAndReadAll(`SELECT json_serialize_sql(${literal(`SELECT (\n${text}\n)`)})`);
  return JSON.parse(String(reader.getRows()[0]?.[0]));
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
