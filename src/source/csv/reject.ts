import type { DuckDBConnection } from '@duckdb/node-api';
import type { Fault } from '../../core/fault.ts';
import { formatValue, quote } from '../../core/format.ts';

/**
 * What DuckDB could not read on this connection: the first fault of each record, by its place in the file. Where fields
 * are missing it is that, whatever the others were taken for.
 */
export async function rejectsOf(
  connection: DuckDBConnection,
  typeOf: (column: string) => string,
): Promise<ReadonlyMap<number, Fault>> {
  const query = `SELECT line, error_type, column_name, error_message FROM reject_errors
    ORDER BY line, error_type = 'CAST', column_idx`;
  const rows = (await connection.runAndReadAll(query)).getRows();
  await forgetRejects(connection);
  const faults = new Map<number, Fault>();
  for (const [line, type, column, message] of rows) {
    const record = Number(line) - 1;
    if (!faults.has(record)) faults.set(record, faultOf(String(type), String(column), String(message), typeOf));
  }
  return faults;
}

/** Forgets what DuckDB could not read on this connection. */
export async function forgetRejects(connection: DuckDBConnection): Promise<void> {
  await connection.run('DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans');
}

function faultOf(type: string, column: string, message: string, typeOf: (column: string) => string): Fault {
  if (type === 'CAST') {
    const [, text] = /Could not convert string "(.*)" to '/s.exec(message) ?? [];
    const expected = `${typeOf(column)} in column ${quote(column)}`;
    return {
      reason: 'badType',
      expected,
      found: formatValue(text ?? message),
      ...(text !== undefined &&
        /^\W*(na|n\/a|nan|null|none|)\W*$/i.test(text) && {
          hint: `if it means that there is no value, add it to nullText`,
        }),
    };
  }
  const [, expected, found] = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(message) ?? [];
  if (expected !== undefined && found !== undefined)
    return {
      reason: 'columnCount',
      expected: `${expected} fields`,
      found: type === 'TOO MANY COLUMNS' ? 'more' : found,
    };
  return { reason: 'malformed', expected: 'a line of CSV', found: message.split('\n')[0] as string };
}
