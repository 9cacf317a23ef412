import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIssue } from '../../src/core/error.ts';
import { type SourceConfig, sources, type TableReading, type TableSource } from '../../src/source/index.ts';
import { temporaryFolder } from './fixture/folder.ts';
import { identities, messageOf, readings, rowsOf, saved } from './fixture/rows.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

type Options = Omit<Extract<SourceConfig, { type: 'csv' }>, 'type'>;
const open = (options: Options, type: 'csv' | 'tsv' = 'csv'): TableSource =>
  sources.build(
    { type, ...options },
    { name: 'train', where: 'sources.train', folder },
    'sources.train',
  ) as TableSource;

/** Reads a file of that content. */
const read = (text: string | Buffer, options: Partial<Options> = {}): Promise<TableReading[]> => {
  writeFileSync(at('one.csv'), text);
  return readings(open({ path: 'one.csv', ...options }));
};
const rejects = (all: readonly TableReading[]): string[] =>
  all.flatMap(({ rejected }) =>
    rejected.map(({ reason, issue, record }) => `${reason} ${formatIssue(issue).replace(folder, '.')} <${record}>`),
  );

describe('what columns hold', () => {
  it('types that nearly all of the first values have, names from the first line', async () => {
    const all = await read('id,name,dose,known,at\n1,"a, ""b""",0.5,true,2020-01-02\n2,,,false,\n');
    expect(await open({ path: 'one.csv' }).columns()).toEqual([
      { name: 'id', kind: 'number', type: 'DOUBLE' },
      { name: 'name', kind: 'text', type: 'VARCHAR' },
      { name: 'dose', kind: 'number', type: 'DOUBLE' },
      { name: 'known', kind: 'number', type: 'BOOLEAN' },
      { name: 'at', kind: 'number', type: 'TIMESTAMP' },
    ]);
    expect(rowsOf(all)).toEqual([
      { id: 1, name: 'a, "b"', dose: 0.5, known: 1, at: 1577923200000 },
      { id: 2, name: null, dose: null, known: 0, at: null },
    ]);
  });

  it('names, types and texts for null as they are given', async () => {
    const all = await read('1;NA\n2;-\n3;7\n', {
      header: false,
      delimiter: ';',
      names: ['id', 'dose'],
      nullText: ['NA', '-'],
      types: { id: 'VARCHAR' },
    });
    expect(rowsOf(all)).toEqual([
      { id: '1', dose: null },
      { id: '2', dose: null },
      { id: '3', dose: 7 },
    ]);
    expect(rowsOf(await read('1,2\n', { header: false }))).toEqual([{ column1: 1, column2: 2 }]);
  });

  it('byte order mark, ends of lines of both kinds, blank lines, no last one, lines in quotes', async () => {
    const all = await read('\uFEFFa,b\r\n1,x\r\n\n2,"y\nz"\n\r\n3,"w"');
    expect(rowsOf(all)).toEqual([
      { a: 1, b: 'x' },
      { a: 2, b: 'y\nz' },
      { a: 3, b: 'w' },
    ]);
    expect([0, 1, 2].map((row) => all[0]?.table.place(row))).toEqual(
      [2, 4, 7].map((line) => `${at('one.csv')}:${line}`),
    );
  });

  it('tab-separated, packed, several files with the types of the first', async () => {
    writeFileSync(at('t1.tsv.gz'), gzipSync('a\tb\n1\tx\n'));
    writeFileSync(at('t2.tsv.gz'), Buffer.concat([gzipSync('a\tb\nq\t5\n'), gzipSync('2\t6\n')]));
    const all = await readings(open({ path: 't*.tsv.gz' }, 'tsv'));
    expect(rowsOf(all)).toEqual([
      { a: 1, b: 'x' },
      { a: 2, b: '6' },
    ]);
    expect(rejects(all)).toEqual(["badType ./t2.tsv.gz:2: expected DOUBLE in column 'a'; found 'q' <q\t5>"]);
  });

  it('chosen rows and computed columns', async () => {
    const all = await read('a,b\n1,x\n2,y\nbad,z\n3,x\n', {
      where: "double > 2 AND b <> 'q'",
      derive: { double: 'a * 2' },
      types: { a: 'DOUBLE' },
    });
    expect(rowsOf(all)).toEqual([
      { a: 2, b: 'y', double: 4 },
      { a: 3, b: 'x', double: 6 },
    ]);
    expect(rejects(all)).toEqual(["badType ./one.csv:4: expected DOUBLE in column 'a'; found 'bad' <bad,z>"]);
  });
});

it('a type of a column that is not there, or that SQL does not know', async () => {
  expect(await messageOf(read('dose\n1\n', { types: { does: 'DOUBLE' } }))).toBe(
    "sources.train.types: expected a column 'does'; found 'dose'\n  hint: did you mean 'dose'?",
  );
  expect(await messageOf(read('dose\n1\n', { types: { dose: 'DUOBLE' } }))).toMatch(
    /^.*one\.csv: expected a file of CSV; found .*DUOBLE/,
  );
});

describe('bad lines', () => {
  it('are rejected alone, with line, reason and text', async () => {
    const text = Buffer.concat([
      Buffer.from('a,b,c\n1,x,0.5\n2,y\n3,z,1,extra\nfour,w,2\n5,"q\nuoted",3\n6,'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from(`,4\n7,"unclosed"x,5\n\n8,é,NA\n9,${'long'.repeat(100)},6\n10,"never closed,7\n11,x\ry,8\n12,x,8\n`),
    ]);
    const all = await read(text, { lineBytes: 200, types: { a: 'DOUBLE', c: 'DOUBLE' } });
    expect(rowsOf(all).map(({ a }) => a)).toEqual([1, 5, 12]);
    expect(rejects(all)).toEqual([
      'columnCount ./one.csv:3: expected 3 fields; found 2 <2,y>',
      'columnCount ./one.csv:4: expected 3 fields; found more <3,z,1,extra>',
      "badType ./one.csv:5: expected DOUBLE in column 'a'; found 'four' <four,w,2>",
      'encoding ./one.csv:8: expected text in UTF-8; found bytes that are none <6,\uFFFD\uFFFD,4>',
      'malformed ./one.csv:9: expected a line of CSV; found Value with unterminated quote found. <7,"unclosed"x,5>',
      "badType ./one.csv:11: expected DOUBLE in column 'c'; found 'NA'\n" +
        '  hint: if it means that there is no value, add it to nullText <8,é,NA>',
      `lineTooLong ./one.csv:12: expected a line of at most 200 bytes; found a longer one <9,${'long'.repeat(100)},6>`,
      'malformed ./one.csv:13: expected quotes in pairs; found a quote that is not closed within 200 bytes <10,"never closed,7>',
      'malformed ./one.csv:14: expected a line of CSV; found The CSV Parser state machine reached an invalid state. ' +
        '<11,x\ry,8>',
    ]);
  });

  it('have too few fields before they have bad ones, also where no line says what types there are', async () => {
    const all = await read('a,b,c\nx,y\nz,w\n');
    expect(rejects(all)).toEqual([
      'columnCount ./one.csv:2: expected 3 fields; found 2 <x,y>',
      'columnCount ./one.csv:3: expected 3 fields; found 2 <z,w>',
    ]);
  });

  it('are looked for in the wanted columns alone', async () => {
    writeFileSync(at('one.csv'), 'a,b\n1,x\nbad,y\n2\n');
    const all = await readings(open({ path: 'one.csv', types: { a: 'DOUBLE' } }), { columns: ['b'] });
    expect(rowsOf(all)).toEqual([{ b: 'x' }, { b: 'y' }]);
    expect(rejects(all)).toEqual(['columnCount ./one.csv:4: expected 2 fields; found 1 <2>']);
  });

  it('of many megabytes, packed, are passed over', async () => {
    writeFileSync(at('long.csv.gz'), gzipSync(`a,b\n1,x\n2,${'y'.repeat(20 << 20)}\n3,z\n`));
    const all = await readings(open({ path: 'long.csv.gz' }));
    expect(rowsOf(all)).toEqual([
      { a: 1, b: 'x' },
      { a: 3, b: 'z' },
    ]);
    expect(all.flatMap(({ rejected }) => rejected).map(({ reason, issue }) => `${reason} ${issue.where}`)).toEqual([
      `lineTooLong ${at('long.csv.gz')}:3`,
    ]);
  });
});

describe('files that are broken as a whole', () => {
  it.each<[string, string | Buffer, Partial<Options>, string]>([
    ['empty', '', {}, 'one.csv: expected a line with the names of the columns; found an empty file'],
    [
      'a name twice',
      'a,A\n1,2\n',
      {},
      "one.csv:1: expected columns with names of their own, capitals aside; found 'A', twice",
    ],
    ['no name', 'a,\n1,2\n', {}, "one.csv:1: expected columns with names of their own, capitals aside; found ''"],
    [
      'another delimiter',
      'a;b\n1;2\n',
      {},
      "one.csv:1: expected the names of columns, parted by ','; found one column, 'a;b'\n  hint: they are parted by ';': type: csv, delimiter: ';'",
    ],
    [
      'tabs, and no row',
      'a\tb\n',
      {},
      "one.csv:1: expected the names of columns, parted by ','; found one column, 'a\tb'\n  hint: they are parted by '\t': type: tsv",
    ],
    [
      'half of a gzip',
      gzipSync('a,b\n1,2\n').subarray(0, 20),
      {},
      'one.csv: expected a whole file, packed by gzip; found unexpected end of file',
    ],
    [
      'no gzip after all',
      Buffer.of(0x1f, 0x8b, 1, 2, 3),
      {},
      'one.csv: expected a whole file, packed by gzip; found unknown compression method',
    ],
    [
      'a bomb',
      gzipSync(Buffer.alloc(1 << 24, 'a,b\n')),
      { maxBytes: 1 << 20 },
      'one.csv: expected a file of at most 1.0 MiB once it is unpacked; found more\n  hint: raise maxBytes if that is right',
    ],
  ])('%s', async (_, content, options, message) => {
    expect(await messageOf(read(content, options))).toBe(join(folder, message));
  });

  it('commas between fields of a file of tabs', async () => {
    writeFileSync(at('commas.tsv'), 'a,b\n1,2\n');
    expect(await messageOf(readings(open({ path: 'commas.tsv' }, 'tsv')))).toBe(
      `${at('commas.tsv')}:1: expected the names of columns, parted by '\t'; found one column, 'a,b'\n  hint: they are parted by ',': type: csv`,
    );
  });

  it('one column is one column, whatever its texts have in them', async () => {
    for (const content of ['a;b\n1;2\n3\n', '"a;b"\n1\n', 'a\n1;2\n'])
      expect((await read(content)).length).toBeGreaterThan(0);
    expect(rowsOf(await read('a;b\n1;2\n', { names: ['texts'] }))).toEqual([{ texts: '1;2' }]);
  });

  it('a folder', async () => {
    expect(await messageOf(readings(open({ path: '.' })))).toBe(
      `sources.train.path: expected a file; found a folder, '${folder}'\n  hint: the files in it: '*'`,
    );
  });
});

it('SQL can read no other file, not even the declared one', async () => {
  writeFileSync(at('one.csv'), 'a,b\n1,2\n');
  const source = open({ path: 'one.csv', derive: { stolen: `(SELECT content FROM read_text('${at('one.csv')}'))` } });
  expect(await messageOf(readings(source))).toMatch(/file system operations are disabled by configuration/);
});

describe('any content', () => {
  const field = fc.oneof(
    fc.constantFrom(
      '',
      '1',
      '2.5',
      'x',
      '"',
      '""',
      '"a,b"',
      '"a\nb"',
      ' ',
      '\r',
      '\0',
      'é',
      'NA',
      '"x"y',
      '\t',
      '"a""b"',
    ),
    fc.string({ maxLength: 4 }),
  );
  const line = fc.array(field, { minLength: 1, maxLength: 4 }).map((fields) => fields.join(','));
  const content = fc.oneof(
    fc.array(line, { maxLength: 30 }).map((lines) => Buffer.from(`a,b,c\n${lines.join('\n')}`)),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  );

  it('ends in rows and rejects whose lines ascend, or in one located error', async () => {
    await fc.assert(
      fc.asyncProperty(content, fc.constantFrom(8, 64, 1 << 20), async (bytes, lineBytes) => {
        writeFileSync(at('any.csv'), bytes);
        const all = await readings(open({ path: 'any.csv', lineBytes })).catch((error: Error) => {
          expect(error.name).toBe('SourceError');
          expect(error.message).toMatch(/any\.csv/);
          return [];
        });
        const lines = all.flatMap(({ table, rejected }) => [
          ...Array.from({ length: table.rows }, (_, row) => Number(table.place(row).split(':').at(-1))),
          ...rejected.map(({ issue }) => Number(issue.where.split(':').at(-1))),
        ]);
        expect(new Set(lines).size).toBe(lines.length);
        for (const number of lines) expect(number).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
  });

  it('is read on from any position, in any shard', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 60 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(1, 3, 7, 2048),
        fc.nat(),
        async (lines, isPacked, of, chunkRows, pick) => {
          const bytes = Buffer.from(`a,b,c\n${lines.join('\n')}\n`);
          writeFileSync(at('any.csv'), isPacked ? gzipSync(bytes) : bytes);
          const types = { a: 'DOUBLE', b: 'VARCHAR', c: 'VARCHAR' };
          const options = { path: ['any.csv', 'one.csv'], types, lineBytes: 40 };
          writeFileSync(at('one.csv'), 'a,b,c\n1,x,y\nbad,x,y\n3,x,y\n');
          const all = await readings(open(options));
          const shards = Array.from({ length: of }, (_, n) => open({ ...options, chunkRows, shard: `${n + 1}/${of}` }));
          const parts: TableReading[][] = [];
          for (const shard of shards) parts.push(await readings(shard));
          const everything = (list: readonly TableReading[]): string[] =>
            [...identities(list), ...rejects(list)].sort();
          expect(everything(parts.flat())).toEqual(everything(all));
          const [shard, own] = [shards[pick % of] as TableSource, parts[pick % of] ?? []];
          if (own.length === 0) return;
          const stop = pick % own.length;
          const rest = await readings(shard, { from: saved(own[stop]?.position ?? null) });
          expect(identities(rest)).toEqual(identities(own.slice(stop + 1)));
          expect(rejects(rest)).toEqual(rejects(own.slice(stop + 1)));
        },
      ),
      { numRuns: 12 },
    );
  });
});

it('reads on in the middle of a file of many blocks', async () => {
  const rows = Array.from(
    { length: 60_000 },
    (_, id) =>
      `${id},${id % 7 === 0 ? 'x'.repeat(5) : '"quoted, with a comma"'},${id % 1000 === 3 ? 'bad' : id / 4}${id % 3 ? '\r' : ''}`,
  );
  for (const packed of [false, true]) {
    const text = `id,text,dose\n${rows.join('\n')}\n`.repeat(1);
    writeFileSync(at('many.csv'), packed ? gzipSync(text) : text);
    const source = open({ path: 'many.csv', columns: 'id|dose' });
    const all = await readings(source);
    expect(rowsOf(all).map(({ id }) => id)).toEqual(rows.map((_, id) => id).filter((id) => id % 1000 !== 3));
    expect(rejects(all)).toHaveLength(60);
    for (const stop of [0, 7, 20, all.length - 2]) {
      const rest = await readings(source, { from: saved(all[stop]?.position ?? null) });
      expect(identities(rest)).toEqual(identities(all.slice(stop + 1)));
      expect(rejects(rest)).toEqual(rejects(all.slice(stop + 1)));
    }
  }
});
