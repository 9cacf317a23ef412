import type { Relation } from '../duckdb/query.ts';
import { literal } from '../duckdb/text.ts';

/** How fields are written. */
export interface CsvFormat {
  readonly delimiter: string;
  /** Whether the first line holds the names. */
  readonly header: boolean;
  /** Names of the columns, instead of those in the file. */
  readonly names: readonly string[] | undefined;
  /** Texts that mean that there is no value. */
  readonly nullText: readonly string[];
  /** SQL types of columns, by name, instead of those that the first rows have. */
  readonly types: Readonly<Record<string, string>>;
  readonly lineBytes: number;
  readonly maxBytes: number;
}

/** The fields of a line, as DuckDB takes them apart. */
export function fieldsOf(line: string, delimiter: string): readonly string[] {
  const fields: string[] = [];
  for (let at = 0; at <= line.length; at++) {
    const trimmed = line.slice(at).trimStart();
    if (trimmed.startsWith('"')) {
      const [quoted = '', text = ''] = /^"((?:[^"]|"")*)"?/.exec(trimmed) ?? [];
      at = line.length - trimmed.length + quoted.length;
      const end = endOf(line, delimiter, at);
      fields.push(text.replaceAll('""', '"') + line.slice(at, end));
      at = end;
    } else {
      const end = endOf(line, delimiter, at);
      fields.push(line.slice(at, end));
      at = end;
    }
  }
  return fields;
}

function endOf(line: string, delimiter: string, from: number): number {
  const end = line.indexOf(delimiter, from);
  return end === -1 ? line.length : end;
}

/** A file of lines without a header, read by DuckDB. What does not fit the columns is kept apart: see `rejectsOf`. */
export function csvRelation(
  path: string,
  columns: readonly { readonly name: string; readonly type: string }[],
  { delimiter, nullText, lineBytes }: CsvFormat,
): Relation {
  const options = [
    `columns = {${columns.map(({ name, type }) => `${literal(name)}: ${literal(type)}`).join(', ')}}`,
    'auto_detect = false',
    'header = false',
    `delim = ${literal(delimiter)}`,
    `quote = '"'`,
    `escape = '"'`,
    String.raw`new_line = '\n'`,
    `nullstr = [${nullText.map(literal).join(', ')}]`,
    `max_line_size = ${lineBytes + 1}`,
    `buffer_size = ${Math.max(8 << 20, lineBytes + 1)}`,
    'store_rejects = true',
    'rejects_limit = 0',
  ];
  return { from: `read_csv(${literal(path)}, ${options.join(', ')})`, row: '(row_number() OVER () - 1)' };
}
