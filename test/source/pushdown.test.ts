import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBConnection } from '@duckdb/node-api';
import * as arrow from 'apache-arrow';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { choosing } from '../../src/source/duckdb/stage.ts';
import type { FileReader } from '../../src/source/file/reader.ts';
import { type SourceConfig, sources, type TableSource } from '../../src/source/index.ts';
import { lineReader } from '../../src/source/ndjson.ts';
import { runSql, temporaryFolder } from './fixture/folder.ts';
import { readings, rowsOf } from './fixture/rows.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const open = (config: SourceConfig): TableSource =>
  sources.build(config, { name: 'train', where: 'sources.train', folder }, 'sources.train') as TableSource;

interface PlanNode {
  readonly name: string;
  readonly children: readonly PlanNode[];
  readonly extra_info: Readonly<Record<string, unknown>>;
}

/** What DuckDB's scans are asked for, query by query: columns, and conditions on their rows. */
function watchScans(): readonly { readonly columns: readonly string[]; readonly filters: string }[] {
  const scans: { readonly columns: readonly string[]; readonly filters: string }[] = [];
  const { stream } = DuckDBConnection.prototype;
  const look = ({ name, children, extra_info: info }: PlanNode): void => {
    if (/^(READ_PARQUET|READ_CSV|SEQ_SCAN)/.test(name.trim()))
      scans.push({ columns: [info.Projections ?? []].flat().map(String), filters: String(info.Filters ?? '') });
    for (const child of children) look(child);
  };
  vi.spyOn(DuckDBConnection.prototype, 'stream').mockImplementation(async function (this: DuckDBConnection, query) {
    const explained = await this.runAndReadAll(`EXPLAIN (FORMAT json) ${query}`);
    for (const node of JSON.parse(String(explained.getRows()[0]?.[1])) as PlanNode[]) look(node);
    return stream.call(this, query);
  });
  return scans;
}
afterEach(() => vi.restoreAllMocks());

describe('what is read of Parquet', () => {
  it('are the wanted columns, and the rows that are chosen or come after a position', async () => {
    await runSql(`COPY (SELECT i AS id, i % 3 AS kind, 'n' || i AS name, [i, i] AS fp FROM range(10000) t(i))
      TO '${at('a.parquet')}' (ROW_GROUP_SIZE 2048)`);
    const source = open({ type: 'parquet', path: 'a.parquet', where: 'id > 9000', derive: { twice: 'kind * 2' } });
    await source.columns();
    const scans = watchScans();
    expect(rowsOf(await readings(source, { columns: ['name'] }))).toHaveLength(999);
    expect(scans).toEqual([{ columns: ['name'], filters: 'id>9000' }]);
    await readings(source, { columns: ['twice'], from: { file: 0, row: 9500 } });
    expect(scans[1]?.columns).toEqual(['kind']);
    expect(scans[1]?.filters).toContain('id>9000');
    expect(scans[1]?.filters).toContain('file_row_number>=9500');
  });
});

describe('what is read of CSV', () => {
  it('are the wanted columns and those that SQL speaks of; rows are chosen there too', async () => {
    writeFileSync(at('a.csv'), 'id,kind,name,more\n1,2,a,4\n2,3,b,5\n3,3,c,5\n');
    const source = open({ type: 'csv', path: 'a.csv', where: 'id > 1', derive: { twice: 'kind * 2' } });
    await source.columns();
    const scans = watchScans();
    expect(rowsOf(await readings(source, { columns: ['name'] }))).toEqual([{ name: 'b' }, { name: 'c' }]);
    expect(rowsOf(await readings(source, { columns: ['twice'] }))).toEqual([{ twice: 6 }, { twice: 6 }]);
    expect(scans.map(({ columns }) => columns)).toEqual([
      ['id', 'name'],
      ['id', 'kind'],
    ]);
  });
});

describe('what is read of what DuckDB does not read', () => {
  const records = [1, 2, 3].map((id) => ({ id, kind: id * 2, name: `n${id}`, fp: [id], Meta: { deep: id } }));
  /** Reads with SQL, and tells what the reader below was asked for. */
  async function asked(
    reader: FileReader,
    path: string,
    wanted: readonly string[],
    where: string | undefined,
    derive: Readonly<Record<string, string>> = {},
  ) {
    const scanned: string[][] = [];
    const watched: FileReader = {
      ...reader,
      scan: (file, options) => {
        scanned.push(options.columns.map(({ name }) => name));
        return reader.scan(file, options);
      },
    };
    const choosy = choosing(watched, 'a file', { where, derive, placeOf: (option) => option.join('.') });
    const signal = new AbortController().signal;
    const columns = (await choosy.columns(path)).filter(({ name }) => wanted.includes(name));
    const options = { file: 0, from: 0, mark: undefined, shard: undefined, columns, signal };
    const ids: number[] = [];
    for await (const { rows } of choosy.scan(path, options)) ids.push(...Array.from(rows));
    return { columns: scanned, ids };
  }

  it('are the wanted columns, and those that SQL speaks of', async () => {
    const path = at('a.ndjson');
    writeFileSync(path, records.map((record) => JSON.stringify(record)).join('\n'));
    const reader = lineReader({ kinds: {}, lineBytes: 1 << 20, maxBytes: 1 << 20 });
    const found = (wanted: readonly string[], where?: string, derive?: Readonly<Record<string, string>>) =>
      asked(reader, path, wanted, where, derive);
    expect(await found(['name'], 'id > 1')).toEqual({ columns: [['id', 'name']], ids: [1, 2] });
    expect(await found(['twice'], 'twice > 4', { twice: 'KIND' })).toEqual({ columns: [['kind']], ids: [2] });
    expect(await found(['fp'], 'list_sum(list_transform(fp, lambda x: x + kind)) > 5')).toEqual({
      columns: [['kind', 'fp']],
      ids: [1, 2],
    });
    expect(await found([], "CAST(meta ->> '$.deep' AS INTEGER) = 2")).toEqual({ columns: [['Meta']], ids: [1] });
    expect(await found(['name'], "len(struct_pack(*COLUMNS('n|m.*'))::VARCHAR) > 0")).toEqual({
      columns: [['id', 'kind', 'name', 'fp', 'Meta']],
      ids: [0, 1, 2],
    });
    expect(await found([], 'pi() < 4')).toEqual({ columns: [['id']], ids: [0, 1, 2] });
    expect(await found(['name'], '(SELECT max(v) FROM (SELECT kind AS v)) > 2')).toEqual({
      columns: [['kind', 'name']],
      ids: [1, 2],
    });
  });

  it('are the wanted columns of Arrow and of JSON lines: what is wrong in others is not seen', async () => {
    writeFileSync(at('b.ndjson'), '{"id":1,"x":1}\n{"id":2,"x":"none"}\n');
    const kinds = { id: 'number', x: 'number' } as const;
    for (const where of [{}, { where: 'id > 0' }]) {
      const source = open({ type: 'ndjson', path: 'b.ndjson', kinds, ...where });
      const all = await readings(source, { columns: ['id'] });
      expect(rowsOf(all)).toEqual([{ id: 1 }, { id: 2 }]);
      expect(all.flatMap(({ rejected }) => rejected)).toEqual([]);
    }
    const table = new arrow.Table({
      id: arrow.vectorFromArray([1, 2], new arrow.Int32()),
      x: arrow.vectorFromArray(['a', 'b'], new arrow.Utf8()),
    });
    writeFileSync(at('b.arrow'), arrow.tableToIPC(table, 'file'));
    const got = vi.spyOn(arrow.Vector.prototype, 'get');
    for (const where of [{}, { where: 'id > 1' }]) {
      const all = await readings(open({ type: 'arrow', path: 'b.arrow', ...where }), { columns: ['id'] });
      expect([...(all[0]?.table.columns.keys() ?? [])]).toEqual(['id']);
      expect(rowsOf(all)).toEqual((where.where ? [2] : [1, 2]).map((id) => ({ id })));
    }
    // Numbers are copied as arrays; texts would be asked for one by one.
    expect(got).not.toHaveBeenCalled();
  });
});
