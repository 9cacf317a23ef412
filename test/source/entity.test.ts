import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIssue } from '../../src/core/error.ts';
import { type SourceConfig, sources, type TableSource } from '../../src/source/index.ts';
import { type SampleSource, samples } from '../../src/source/sample.ts';
import type { Position, Reading } from '../../src/source/source.ts';
import { runSql, temporaryFolder } from './fixture/folder.ts';
import { messageOf, saved } from './fixture/rows.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const never = new AbortController().signal;

interface Row {
  readonly pep: string | null;
  readonly head: string;
  readonly nm: number | null;
  readonly x: number | null;
}

interface Cut {
  readonly shard?: string;
  readonly chunkRows?: number;
}

function open(config: object, cut: Cut = {}): Promise<SampleSource> {
  const table = sources.build(
    { ...config, ...cut } as SourceConfig,
    { name: 'train', where: 'sources.train', folder },
    'sources.train',
  ) as TableSource;
  const labels = { head: 'head', value: 'nm', group: 'pep', heads: ['A', 'B', 'C'] };
  return samples(table, { features: { x: 'tensor' }, labels, maxRejectShare: 1 });
}

async function read(source: SampleSource, from?: Position): Promise<readonly Reading[]> {
  const all: Reading[] = [];
  for await (const reading of source.read({ signal: never, ...(from !== undefined && { from }) })) all.push(reading);
  return all;
}

/** Samples with all their labels, and what was rejected, as texts. */
const contentOf = (all: readonly Reading[]): readonly string[] =>
  all.flatMap(({ chunk: { rows, keys, labels }, rejected }) => [
    ...Array.from({ length: rows }, (_, row) => {
      const own = Object.entries(labels).flatMap(([head, { present, values }]) =>
        present[row] ? [`${head} ${values[row]}`] : [],
      );
      return `${keys[row]}: ${own.sort().join()}`;
    }),
    ...rejected.map(({ reason, issue }) => `${reason} ${formatIssue(issue)}`),
  ]);
const samplesOf = (all: readonly Reading[]): readonly string[] =>
  contentOf(all).filter((text) => /^-?\d+: /.test(text));

/** What a plain look at all rows gives: how many labels each sample has, in order. */
function labelCounts(rows: readonly Row[]): readonly number[] {
  const counts: number[] = [];
  let heads: Set<string> | undefined;
  for (const [row, { pep, head, nm, x }] of rows.entries()) {
    if (pep === null || pep !== rows[row - 1]?.pep) heads = undefined;
    if (x === null) continue;
    if (!heads || heads.has(head)) {
      counts.push(0);
      heads = new Set();
    }
    heads.add(head);
    if (nm !== null) counts[counts.length - 1] = (counts.at(-1) as number) + 1;
  }
  return counts;
}

const rowsOf: fc.Arbitrary<readonly Row[]> = fc.array(
  fc.record({
    pep: fc.constantFrom('p', 'p', 'q', 'r', null),
    head: fc.constantFrom('A', 'B', 'C'),
    nm: fc.option(fc.integer({ min: 1, max: 99 }), { freq: 4 }),
    x: fc.option(fc.constantFrom(1, 2), { freq: 9 }),
  }),
  { minLength: 1, maxLength: 40 },
);

/** What reads the rows of two files, or of none; lines that can't be read stand between them. */
const media = {
  memory: async (rows: readonly Row[]) => ({ type: 'memory', data: rows }),
  ndjson: async (rows: readonly Row[]) => {
    const lines = rows.flatMap((row, at) => (at % 7 === 3 ? ['bad', JSON.stringify(row)] : [JSON.stringify(row)]));
    const half = (lines.length + 1) >> 1;
    writeFileSync(at('e1.ndjson'), [...lines.slice(0, half), ''].join('\n'));
    writeFileSync(at('e2.ndjson'), [...lines.slice(half), ''].join('\n'));
    const kinds = { pep: 'text', head: 'text', nm: 'number', x: 'number' };
    return { type: 'ndjson', path: 'e*.ndjson', kinds };
  },
  csv: async (rows: readonly Row[]) => {
    const lines = rows.map(({ pep, head, nm, x }) => `${pep ?? ''},${head},${nm ?? ''},${x ?? ''}`);
    writeFileSync(
      at('e.csv'),
      ['pep,head,nm,x', ...lines.flatMap((line, at) => (at % 5 === 2 ? ['bad', line] : [line]))].join('\n'),
    );
    return { type: 'csv', path: 'e.csv', types: { nm: 'DOUBLE', x: 'DOUBLE', pep: 'VARCHAR' } };
  },
  parquet: async (rows: readonly Row[]) => {
    writeFileSync(at('e.json'), rows.map((row) => JSON.stringify(row)).join('\n'));
    const columns = "{ pep: 'VARCHAR', head: 'VARCHAR', nm: 'DOUBLE', x: 'DOUBLE' }";
    await runSql(`COPY (FROM read_json('${at('e.json')}', columns = ${columns})) TO '${at('e.parquet')}'`);
    return { type: 'parquet', path: 'e.parquet' };
  },
};

describe.each(Object.entries(media))('entities of %s', (type, write) => {
  it('are whole samples wherever tables end, in one shard, and once when reading goes on', async () => {
    await fc.assert(
      fc.asyncProperty(
        rowsOf,
        fc.constantFrom(1, 2, 3, 5, 2048),
        fc.constantFrom(1, 2, 3, 5, 2048),
        fc.integer({ min: 1, max: 3 }),
        fc.nat(),
        async (rows, one, other, of, pick) => {
          const config = await write(rows);
          const whole = await read(await open(config));
          const counts = samplesOf(whole).map((text) => text.split(/[:,]/).filter((part) => part.trim()).length - 1);
          expect(counts).toEqual(labelCounts(rows));

          const parts = [];
          for (let part = 1; part <= of; part++) {
            const shard = `${part}/${of}`;
            const all = await read(await open(config, { shard, chunkRows: one }));
            parts.push({ shard, all });
          }
          expect(parts.flatMap(({ all }) => contentOf(all)).sort()).toEqual([...contentOf(whole)].sort());

          const { shard, all } = parts[pick % of] as (typeof parts)[number];
          if (all.length === 0) return;
          const stop = pick % all.length;
          const position = saved(all[stop]?.position ?? null);
          const rest = await read(await open(config, { shard, chunkRows: other }), position);
          expect(contentOf(rest).toSorted()).toEqual(contentOf(all.slice(stop + 1)).toSorted());
          expect(samplesOf(rest)).toEqual(samplesOf(all.slice(stop + 1)));
        },
      ),
      { numRuns: type === 'memory' ? 60 : 10 },
    );
  }, 120_000);
});

it('an entity of very many rows does not gather in memory', async () => {
  const heads = Array.from({ length: 160_000 }, (_, row) => 'ABC'[row % 3] as string);
  const data = { pep: heads.map(() => 'p'), head: heads, nm: heads.map(() => 1), x: heads.map(() => 1) };
  const all = await read(await open({ type: 'memory', data }, { chunkRows: 30_000 }));
  expect(Math.max(...all.map(({ chunk }) => chunk.rows))).toBeLessThanOrEqual(130_000 / 3 + 1);
  expect(all.reduce((sum, { chunk }) => sum + chunk.rows, 0)).toBeGreaterThanOrEqual(160_000 / 3);
});

it('a position that is none of entities', async () => {
  expect(
    await messageOf(read(await open(await media.memory([{ pep: 'p', head: 'A', nm: 1, x: 1 }])), { row: 3 })),
  ).toBe('train: expected a position of entities: { inner, rows, rejected }; found an object with row');
});
