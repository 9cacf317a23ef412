import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/** A name in SQL, whatever characters it has. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text in SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export interface ColumnType {
  readonly name: string;
  readonly type: string;
}

/** Tables in memory, read from files and written to files. */
export class Database {
  readonly #connection: DuckDBConnection;

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  static async open(): Promise<Database> {
    const instance = await DuckDBInstance.create(':memory:');
    return new Database(await instance.connect());
  }

  async run(sql: string): Promise<void> {
    await this.#connection.run(sql);
  }

  /** Rows of a query, as arrays in the order of its columns. */
  async rows(query: string): Promise<readonly (readonly unknown[])[]> {
    return (await this.#connection.runAndReadAll(query)).getRowsJS();
  }

  /** The columns of a table or query. */
  async columns(query: string): Promise<readonly ColumnType[]> {
    const rows = await this.rows(`SELECT column_name, column_type FROM (DESCRIBE ${query})`);
    return rows.map(([name, type]) => ({ name: name as string, type: type as string }));
  }

  /** Makes a table of one column of texts. */
  async createTexts(table: string, column: string, texts: Iterable<string | null>): Promise<void> {
    await this.run(`CREATE OR REPLACE TEMP TABLE ${identifier(table)} (${identifier(column)} VARCHAR)`);
    const appender = await this.#connection.createAppender(table, undefined, 'temp');
    for (const text of texts) {
      if (text === null) appender.appendNull();
      else appender.appendVarchar(text);
      appender.endRow();
    }
    appender.closeSync();
  }

  /** Writes the rows of a query, in their order. */
  async write(query: string, path: string): Promise<void> {
    await this.run(`COPY (${query}) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 10240)`);
  }

  close(): void {
    this.#connection.closeSync();
  }
}
