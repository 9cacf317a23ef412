import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type SourceConfig, sources, type TableSource } from '../../src/source/index.ts';
import { runSql, temporaryFolder } from './fixture/folder.ts';
import { identities, messageOf, readings, rowsOf, saved } from './fixture/rows.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

type Options = Omit<Extract<SourceConfig, { type: 'parquet' }>, 'type'>;
const open = (options: Options): TableSource =>
  sources.build(
    { type: 'parquet', ...options },
    { name: 'train', where: 'sources.train', folder },
    'sources.train',
  ) as TableSource;

beforeAll(async () => {
  await runSql(`COPY (
    SELECT i AS id, 'name ' || i AS name, CASE WHEN i % 3 = 0 THEN NULL ELSE (i / 4)::FLOAT END AS dose,
      CASE WHEN i % 5 = 0 THEN NULL ELSE range(i % 4)::INTEGER[] END AS fp, i % 2 = 0 AS even
    FROM range(5000) t(i)) TO '${at('many.parquet')}' (ROW_GROUP_SIZE 2048)`);
  for (const part of [0, 1, 2, 3])
    await runSql(
      `COPY (SELECT ${part} AS part, i AS id FROM range(${part * 7}) t(i)) TO '${at(`part-${part}.parquet`)}'`,
    );
});

describe('what columns hold', () => {
  it.each([
    ['TRUE', 'number', 1],
    ['(-3)::TINYINT', 'number', -3],
    ['65535::USMALLINT', 'number', 65535],
    ['7::INTEGER', 'number', 7],
    ['4000000000::UINTEGER', 'number', 4e9],
    ['9007199254740993::BIGINT', 'number', 9007199254740992],
    ['0.5::FLOAT', 'number', 0.5],
    ['1.25::DECIMAL(9, 2)', 'number', 1.25],
    ["'infinity'::DOUBLE", 'number', Number.POSITIVE_INFINITY],
    ["DATE '1970-01-02'", 'number', 86_400_000],
    ["TIMESTAMP '1970-01-01 00:00:01.0005'", 'number', 1000.5],
    ["TIMESTAMPTZ '1970-01-01 01:00:00+01'", 'number', 0],
    ["'Ä 😀'", 'text', 'Ä 😀'],
    ["'a longer text of more than twelve bytes'", 'text', 'a longer text of more than twelve bytes'],
    ["TIME '01:02:03'", 'text', '01:02:03'],
    ["'\\x00\\xFF'::BLOB", 'bytes', Uint8Array.of(0, 255)],
    ['[1, NULL, 3]::INTEGER[]', 'numbers', [1, Number.NaN, 3]],
    ['[0.5, NULL]::FLOAT[]', 'numbers', [0.5, Number.NaN]],
    ['[]::DOUBLE[]', 'numbers', []],
    ['[1, 2, 3]::FLOAT[3]', 'numbers', [1, 2, 3]],
    ['[TRUE, FALSE]', 'numbers', [1, 0]],
    ["['a', NULL, '']", 'texts', ['a', null, '']],
    ["[DATE '1970-01-02']", 'numbers', [86_400_000]],
    ['[[1], [2, 3]]', 'mixed', [[1], [2, 3]]],
    ["{'a': 1, 'b': ['x']}", 'mixed', { a: 1, b: ['x'] }],
  ])('%s is of kind %s', async (expression, kind, value) => {
    const path = at('one.parquet');
    await runSql(`COPY (SELECT ${expression} AS value UNION ALL SELECT NULL) TO '${path}'`);
    const source = open({ path });
    expect(await source.columns()).toMatchObject([{ name: 'value', kind }]);
    expect(rowsOf(await readings(source))).toEqual([{ value }, { value: null }]);
  });

  it('reads lists that a filter took apart', async () => {
    const rows = rowsOf(await readings(open({ path: 'many.parquet', where: 'id % 7 = 3 AND id < 40' })));
    expect(rows.map(({ id, fp }) => [id, fp])).toEqual([
      [3, [0, 1, 2]],
      [10, null],
      [17, [0]],
      [24, []],
      [31, [0, 1, 2]],
      [38, [0, 1]],
    ]);
  });
});

describe('which rows and columns', () => {
  it('reads files of a pattern by name, and says of each row where it stands', async () => {
    const all = await readings(open({ path: 'part-*.parquet' }));
    expect(rowsOf(all).map(({ part }) => part)).toEqual([
      ...Array(7).fill(1),
      ...Array(14).fill(2),
      ...Array(21).fill(3),
    ]);
    expect(all[1]?.table.place(2)).toBe(`${at('part-2.parquet')}, row 3`);
    const keys = all.flatMap(({ table }) => [...table.keys]);
    expect(new Set(keys).size).toBe(42);
  });

  it('offers the columns of a pattern, and reads those that are wanted, in that order', async () => {
    const source = open({ path: 'many.parquet', columns: ['d*|f*', 'id'] });
    expect((await source.columns()).map(({ name }) => name)).toEqual(['id', 'dose', 'fp']);
    const [first] = await readings(source, { columns: ['fp', 'id'] });
    expect([...(first?.table.columns.keys() ?? [])]).toEqual(['fp', 'id']);
    const none = await readings(source, { columns: [] });
    expect(none.reduce((sum, { table }) => sum + table.rows, 0)).toBe(5000);
  });

  it('computes columns, and chooses rows by them', async () => {
    const source = open({ path: 'many.parquet', derive: { 'twice, or so': 'id * 2' }, where: '"twice, or so" < 6' });
    expect(rowsOf(await readings(source, { columns: ['twice, or so'] }))).toEqual(
      [0, 2, 4].map((value) => ({ 'twice, or so': value })),
    );
  });

  it('counts rows without reading them, of a shard too, and not where rows are chosen', async () => {
    expect(await open({ path: 'part-*.parquet' }).countRows?.()).toBe(42);
    const counts = [1, 2, 3, 4].map((part) => open({ path: 'part-*.parquet', shard: `${part}/4` }).countRows?.());
    const lengths = [1, 2, 3, 4].map(async (part) => {
      const all = await readings(open({ path: 'part-*.parquet', shard: `${part}/4` }));
      return rowsOf(all).length;
    });
    expect(await Promise.all(counts)).toEqual(await Promise.all(lengths));
    expect(open({ path: 'part-*.parquet', where: 'TRUE' }).countRows).toBeUndefined();
  });
});

describe('going on', () => {
  it('reads exactly the remaining rows from any position, in any shard and any size of tables', async () => {
    const whole = new Map<string, readonly string[]>();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('many.parquet', 'part-*.parquet'),
        fc.constantFrom(undefined, 'id % 3 = 1'),
        fc.integer({ min: 1, max: 3 }),
        fc.nat(2),
        fc.constantFrom(1000, 2048, 3000, 37),
        fc.nat(),
        async (path, where, of, part, chunkRows, pick) => {
          const chosen = where === undefined ? {} : { where };
          const id = `${path} ${where}`;
          const all = whole.get(id) ?? identities(await readings(open({ path, ...chosen })));
          whole.set(id, all);
          const shards = Array.from({ length: of }, (_, n) =>
            open({ path, ...chosen, chunkRows, shard: `${n + 1}/${of}` }),
          );
          const read = await Promise.all(shards.map((shard) => readings(shard)));
          expect(read.flatMap((shard) => identities(shard)).sort()).toEqual([...all].sort());
          const source = shards[part % of] as TableSource;
          const own = read[part % of] ?? [];
          if (own.length === 0) return;
          const stop = pick % own.length;
          const rest = await readings(source, { from: saved(own[stop]?.position ?? null) });
          expect(identities(rest)).toEqual(identities(own.slice(stop + 1)));
          for (const { table } of own) expect(table.rows).toBeLessThanOrEqual(chunkRows);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('refuses a position when the list of files has changed', async () => {
    const source = open({ path: 'part-*.parquet' });
    const from = { file: 2, row: 3, name: 'part-1.parquet' };
    expect(await messageOf(readings(source, { from }))).toBe(
      "train: expected 'part-1.parquet' as file 3 of the list, where reading is to go on; found '" +
        `${at('part-2.parquet')}'\n` +
        '  hint: files may be added after the others by name, and taken away only once they are read',
    );
    expect(await messageOf(readings(source, { from: 7 }))).toBe(
      'train: expected a position of files: { file, row }; found 7',
    );
  });

  it('ends with the reason of its signal, also while a query runs', async () => {
    const controller = new AbortController();
    const source = open({
      path: 'many.parquet',
      derive: { slow: '(SELECT count(*) FROM range(1000000000) t(j) WHERE j % 7 = many.id % 7)'.replace('many.', '') },
    });
    await source.columns();
    const reading = readings(source, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 50);
    expect(await messageOf(reading)).toBe('enough');
  });
});

describe('what is refused', () => {
  it('names every file that is not there', async () => {
    expect(await messageOf(open({ path: ['none.parquet', 'no-*.parquet'] }).columns())).toBe(
      `sources.train.path: expected a file; found none at '${at('none.parquet')}'\n` +
        `sources.train.path: expected files like this; found none at '${at('no-*.parquet')}'`,
    );
  });

  it('takes a file whose name has wildcards for that file', async () => {
    mkdirSync(at('b[1]'), { recursive: true });
    writeFileSync(at('b[1]/x[2]*.parquet'), readFileSync(at('part-1.parquet')));
    writeFileSync(at('b[1]/x2.parquet'), 'no Parquet');
    expect(rowsOf(await readings(open({ path: 'b[1]/x[2]*.parquet' })))).toHaveLength(7);
  });

  it.each([
    ['empty', Buffer.alloc(0)],
    ['of text', Buffer.from('smiles,fp\n')],
  ])('says that a file %s is no Parquet file', async (_, bytes) => {
    writeFileSync(at('bad.parquet'), bytes);
    const message = await messageOf(readings(open({ path: 'bad.parquet' })));
    expect(message).toMatch(/^.*bad\.parquet: expected a Parquet file; found .*(too small|No magic bytes)/);
    expect(message.split('\n')).toHaveLength(1);
  });

  it('suggests columns that are there', async () => {
    const source = open({ path: 'part-*.parquet', columns: 'prat' });
    expect(await messageOf(source.columns())).toBe(
      `sources.train.columns, ${at('part-0.parquet')}: expected a column 'prat'; found 'part', 'id'\n` +
        "  hint: did you mean 'part'?",
    );
    expect(await messageOf(readings(open({ path: 'part-1.parquet' }), { columns: ['id', 'parts'] }))).toBe(
      `${at('part-1.parquet')}: expected a column 'parts'; found 'part', 'id'\n  hint: did you mean 'part'?`,
    );
  });

  it.each([
    ['id >', 'syntax error at or near ")"'],
    ["1); COPY (SELECT 1) TO 'x.csv'; SELECT (1", 'Only SELECT statements can be serialized to json!'],
  ])('where: %s', async (where, hint) => {
    expect(await messageOf(open({ path: 'part-1.parquet', where }).columns())).toBe(
      `sources.train.where: expected one SQL expression; found '${where.replaceAll("'", "\\'")}'\n  hint: ${hint}`,
    );
  });

  it.each(['1), (2', '1) FROM range(3', '*', '1); SELECT (2', '1) UNION SELECT (2', '1) WHERE (TRUE'])(
    'derive: %s',
    async (text) => {
      const message = await messageOf(open({ path: 'part-1.parquet', derive: { x: text } }).columns());
      expect(message).toMatch(/^sources\.train\.derive\.x: expected one SQL expression; found /);
    },
  );

  it.each([
    ['random() < 0.5', 'random'],
    ["list_sum(list_transform([id], lambda x: x + random())) > 1 AND uuid() > ''", 'random, uuid'],
    ["now() > TIMESTAMP '2024-01-01'", 'now'],
    ["Age(TIMESTAMP '2024-01-01') > INTERVAL 1 DAY", 'age'],
    ["Current_Date > DATE '2024-01-01' OR ago(INTERVAL 1 DAY) IS NULL", 'current_date, ago'],
  ])('what differs from one reading to the next: %s', async (where, found) => {
    const names = found.split(', ').map((name) => `'${name}'`);
    expect(await messageOf(open({ path: 'part-1.parquet', where }).columns())).toBe(
      `sources.train.where: expected an expression that says the same of a row whenever it is read; found ${names.join(', ')}\n` +
        '  hint: write a date as it is, or as ${SINCE}; samples are mixed by stream.shuffle',
    );
  });

  it.each([
    ['sum(id)', 'WHERE clause cannot contain aggregates!'],
    ['id - avg(id) OVER ()', 'WHERE clause cannot contain window functions!'],
    ['unnest([id, id])', 'UNNEST'],
  ])('what depends on other rows, or makes more of them: %s', async (text, hint) => {
    const message = await messageOf(open({ path: 'part-1.parquet', derive: { x: text } }).columns());
    expect(message).toContain(`sources.train.derive.x, ${at('part-1.parquet')}: expected one SQL expression; found `);
    expect(message).toContain(hint);
  });

  it('a column may be called as what differs', async () => {
    await runSql(`COPY (SELECT 3 AS "current_date") TO '${at('named.parquet')}'`);
    const source = open({
      path: 'named.parquet',
      where:
        "current_date = 3 AND age(DATE '2024-01-02', DATE '2024-01-01') > INTERVAL 0 DAY AND (SELECT max(v) FROM (SELECT 4 AS v)) > 3",
    });
    expect(rowsOf(await readings(source))).toEqual([{ current_date: 3 }]);
  });

  it('a computed column that is there already, or of what is not there', async () => {
    expect(await messageOf(open({ path: 'part-1.parquet', derive: { PART: '1' } }).columns())).toBe(
      `sources.train.derive.PART: expected a name that no column has; found column 'PART' in ${at('part-1.parquet')}`,
    );
    expect(await messageOf(open({ path: 'part-1.parquet', derive: { x: 'prt + 1' } }).columns())).toBe(
      `sources.train.derive.x, ${at('part-1.parquet')}: expected one SQL expression; found 'prt + 1'\n` +
        '  hint: Referenced column "prt" not found in FROM clause!',
    );
  });

  it('columns of one name, capitals aside', async () => {
    await runSql(`COPY (SELECT 1 AS dose, 2 AS doze) TO '${at('twice.parquet')}'`);
    const bytes = readFileSync(at('twice.parquet'), 'latin1').replaceAll('doze', 'Dose');
    writeFileSync(at('twice.parquet'), bytes, 'latin1');
    expect(await messageOf(open({ path: 'twice.parquet' }).columns())).toBe(
      `${at('twice.parquet')}: expected columns with names of their own, capitals aside, none of them 'file_row_number'; ` +
        "found 'Dose', twice",
    );
    await runSql(`COPY (SELECT 1 AS FILE_row_number) TO '${at('row.parquet')}'`);
    expect(await messageOf(open({ path: 'row.parquet' }).columns())).toBe(
      `${at('row.parquet')}: expected columns with names of their own, capitals aside, none of them 'file_row_number'; ` +
        "found 'FILE_row_number'",
    );
  });

  it.each(['0/4', '5/4', '1/0', 'a', '1/2/3'])('shard: %s', (shard) => {
    expect(() => open({ path: 'x', shard })).toThrow(
      `sources.train.shard: expected a part out of equal parts, counted from 1, as 1/4; found '${shard}'`,
    );
  });
});

describe('safety', () => {
  it.each([
    "(SELECT content FROM read_text('/etc/hostname'))",
    "(SELECT count(*) FROM glob('/*'))",
    `(SELECT count(*) FROM read_parquet('FOLDER/part-1.parquet'))`,
    "(SELECT count(*) FROM read_csv('/etc/passwd'))",
  ])('SQL can read the declared files alone: %s', async (text) => {
    const source = open({ path: 'part-2.parquet', derive: { stolen: text.replace('FOLDER', folder) } });
    expect(await messageOf(readings(source))).toMatch(/file system operations are disabled by configuration/);
  });
});

describe('any file', () => {
  it('cut off or changed at any place: rows or one located error', async () => {
    const whole = readFileSync(at('part-3.parquet'));
    const footerBytes = whole.readInt32LE(whole.length - 8) + 8;
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.nat(),
        fc.boolean(),
        fc.uint8Array({ minLength: 1, maxLength: 8 }),
        async (isCut, place, isInFooter, noise) => {
          const bytes = Buffer.from(isCut ? whole.subarray(0, place % whole.length) : whole);
          const begin = isInFooter ? Math.max(0, bytes.length - footerBytes) : 0;
          if (!isCut) Buffer.from(noise).copy(bytes, begin + (place % (bytes.length - begin)));
          writeFileSync(at('any.parquet'), bytes);
          await readings(open({ path: 'any.parquet' })).catch((error: Error) => {
            expect(error.name).toBe('SourceError');
            expect(error.message.startsWith(at('any.parquet'))).toBe(true);
          });
        },
      ),
      { numRuns: 40 },
    );
  });
});
