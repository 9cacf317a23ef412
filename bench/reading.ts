import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { formatBytes } from '../src/core/format.ts';
import { type SourceConfig, sources, type TableSource } from '../src/source/index.ts';
import { setting, table, writeSection } from './measure/results.ts';
import { type Contender, interleave } from './measure/timing.ts';

// How fast files become tables: `npm run bench -- reading`. Rows a second, on DuckDB's one thread and Node's.

const rounds = 7;
const [load = 0] = loadavg();
const shared = new URL('../../shared/data/', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'trunkline-bench-'));

async function runSql(statements: readonly string[]): Promise<void> {
  const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  for (const statement of statements) await connection.run(statement);
  connection.closeSync();
}

/** A contender whose one step is to read everything, or from a place on. */
function reading(name: string, config: SourceConfig, from?: unknown): Contender & { readonly source: TableSource } {
  const source = sources.build(config, { name }, name) as TableSource;
  const read = async (): Promise<number> => {
    const begin = performance.now();
    const position = from === undefined ? {} : { from: from as never };
    for await (const { table } of source.read({ signal: new AbortController().signal, ...position })) void table.rows;
    return performance.now() - begin;
  };
  return {
    name,
    source,
    steps: async (count) => {
      const times = [];
      for (let step = 0; step < count; step++) times.push(await read());
      return times;
    },
    close: () => {},
  };
}

const embeddings = join(folder, 'embeddings.parquet');
const lines = (extension: string): string => join(folder, `assay.${extension}`);
await runSql([
  `COPY (SELECT list_transform(range(1024), lambda j: hash(i * 1024 + j)::FLOAT) AS embedding, (i % 2)::FLOAT AS label
    FROM range(20000) t(i)) TO '${embeddings}' (ROW_GROUP_SIZE 2048, COMPRESSION zstd)`,
  `CREATE TABLE assay AS SELECT i AS id, 'CCO' || i AS smiles, ${Array.from(
    { length: 24 },
    (_, head) =>
      `CASE WHEN hash(i * 24 + ${head}) % 10 < 7 THEN NULL ELSE (hash(i + ${head}) % 1000) / 1000 END AS head${head}`,
  ).join(', ')} FROM range(100000) t(i)`,
  `COPY assay TO '${lines('parquet')}'`,
  `COPY assay TO '${lines('csv')}'`,
  `COPY assay TO '${lines('csv.gz')}' (FORMAT csv, COMPRESSION gzip)`,
  `COPY assay TO '${lines('ndjson')}' (FORMAT json)`,
]);

const contenders = [
  ['tox21, 2,048 places', { type: 'parquet', path: join(shared, 'tox21/assay_train.parquet') }],
  ['kinase1000, 2,048 places, 66 heads', { type: 'parquet', path: join(shared, 'kinase1000_rges/train.parquet') }],
  ['1,024 floats, zstd', { type: 'parquet', path: embeddings }],
  ['26 columns, Parquet', { type: 'parquet', path: lines('parquet') }],
  ['26 columns, CSV', { type: 'csv', path: lines('csv') }],
  ['26 columns, CSV packed by gzip', { type: 'csv', path: lines('csv.gz') }],
  ['26 columns, JSON lines', { type: 'ndjson', path: lines('ndjson') }],
] as const satisfies readonly (readonly [string, SourceConfig])[];
const present = contenders.filter(([, { path }]) => existsSync(path));
const absent = contenders.filter(([, { path }]) => !existsSync(path)).map(([name]) => name);

const measured = present.map(([name, config]) => reading(name, config));
const timings = await interleave(measured, rounds, 1);
const rows: string[][] = [];
for (const [at, { median, fast }] of timings.entries()) {
  const [name] = present[at] as (typeof contenders)[number];
  let count = 0;
  let bytes = 0;
  for await (const { table } of (measured[at] as (typeof measured)[number]).source.read({
    signal: new AbortController().signal,
  })) {
    count += table.rows;
    for (const column of table.columns.values())
      if (ArrayBuffer.isView(column.values)) bytes += column.values.byteLength;
  }
  const rate = (ms: number): string => `${Math.round(count / ms)}k`;
  rows.push([name, String(count), `${rate(median)} (${rate(fast)})`, `${formatBytes((bytes / median) * 1000)}/s`]);
}

const last = [
  ['1,024 floats, zstd', { type: 'parquet', path: embeddings }, { file: 0, row: 19_900 }],
  ['26 columns, Parquet', { type: 'parquet', path: lines('parquet') }, { file: 0, row: 99_900 }],
] as const;
const resumed = await interleave(
  last.map(([name, config, from]) => reading(name, config, from)),
  rounds,
  1,
);

const body = [
  `Files to tables, all columns, thousands of rows a second: median (and of the fastest tenth) of ${rounds} turns, with the`,
  'queries that check the columns. Numbers: how much the arrays of numbers in the tables hold.',
  `${setting()}; load average ${load.toFixed(1)} at the beginning.`,
  ...(absent.length === 0 ? [] : ['', `Not there: ${absent.join('; ')}.`]),
  '',
  table(['', 'rows', 'rows a second', 'numbers'], rows),
  '',
  `Going on 100 rows before the end: ${resumed.map(({ name, median }) => `${name}: ${median.toFixed(1)} ms`).join('; ')}.`,
].join('\n');
console.log(body);
writeSection('Reading', body);
rmSync(folder, { recursive: true, force: true });
process.exit(0);
