import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as arrow from 'apache-arrow';
import fc from 'fast-check';
import type { Observable } from 'rxjs';
import { beforeAll, expect, it } from 'vitest';
import { sources, type TableSource } from '../../src/source/index.ts';
import { samples } from '../../src/source/sample.ts';
import { batch } from '../../src/stream/batch.ts';
import { fromSource } from '../../src/stream/from-source.ts';
import type { StreamBatch } from '../../src/stream/item.ts';
import { shuffle } from '../../src/stream/shuffle.ts';
import type { StreamState } from '../../src/stream/state.ts';
import { runSql, temporaryFolder } from '../source/fixture/folder.ts';
import { trained } from './sample.ts';
import { run, stopAfter } from './stop.ts';

const folder = temporaryFolder();

/** Rows of three files, one of them empty where a format has that; a third has no label. */
const files = [0, 1, 2].map((file) =>
  Array.from({ length: [40, 1, 23][file] as number }, (_, row) => {
    const id = 100 * file + row;
    return { id: `r${id}`, x: id / 4, fp: [id, 1], y: id % 3 ? id : null };
  }),
);
const allIds = files.flat().map(({ id }) => id);

/** Of each kind: its files, and lines in them that can't be read. */
const kinds = {
  parquet: { type: 'parquet', path: 'part-*.parquet', bad: 0 },
  csv: { type: 'csv', path: 'part-*.csv', bad: 2 },
  packedCsv: { type: 'csv', path: 'part-*.csv.gz', bad: 2 },
  ndjson: { type: 'ndjson', path: 'part-*.ndjson', bad: 2 },
  arrow: { type: 'arrow', path: 'part-*.arrow', bad: 0 },
} as const;

beforeAll(async () => {
  for (const [file, rows] of files.entries()) {
    const at = (extension: string): string => join(folder, `part-${file}.${extension}`);
    const lines = rows.map((row) => JSON.stringify(row));
    writeFileSync(join(folder, 'rows.json'), lines.join('\n'));
    await runSql(`COPY (FROM read_json('${join(folder, 'rows.json')}')) TO '${at('parquet')}'`);
    const fields = rows.map(({ id, x, y }) => `${id},${x},${y ?? ''}`);
    if (file !== 1) {
      lines.splice(7, 0, '{ bad');
      fields.splice(7, 0, 'too,many,fields,here');
    }
    writeFileSync(at('ndjson'), lines.join('\n'));
    writeFileSync(at('csv'), `id,x,y\n${fields.join('\n')}\n`);
    writeFileSync(at('csv.gz'), gzipSync(`id,x,y\n${fields.join('\n')}\n`));
    const table = new arrow.Table({
      id: arrow.vectorFromArray(
        rows.map(({ id }) => id),
        new arrow.Utf8(),
      ),
      x: arrow.vectorFromArray(
        rows.map(({ x }) => x),
        new arrow.Float32(),
      ),
      y: arrow.vectorFromArray(
        rows.map(({ y }) => y),
        new arrow.Float32(),
      ),
    });
    writeFileSync(at('arrow'), arrow.tableToIPC(table, 'stream'));
  }
});

interface Plan {
  readonly kind: keyof typeof kinds;
  readonly epochs: number;
  readonly windowRows: number;
  readonly batchRows: number;
}

interface Cut {
  readonly shard: string;
  readonly chunkRows: number;
  readonly restore?: StreamState;
}

async function open(
  { kind, epochs, windowRows, batchRows }: Plan,
  { restore, ...cut }: Cut,
): Promise<Observable<StreamBatch>> {
  const { bad, ...options } = kinds[kind];
  const table = sources.build(
    { ...options, ...cut },
    { name: 'train', where: 'train', folder },
    'train',
  ) as TableSource;
  const mapping = { features: { x: 'tensor' }, labels: { y: {} }, id: 'id', maxRejectShare: 1 } as const;
  return fromSource(await samples(table, mapping), { epochs, rows: 8, ...(restore && { restore }) }).pipe(
    shuffle({ rows: windowRows, seed: 5 }),
    batch({ rows: batchRows, keepUnlabelled: true }),
  );
}

it('goes on in files from any state, in any shard and window; shards together are the whole, once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        kind: fc.constantFrom(...(Object.keys(kinds) as (keyof typeof kinds)[])),
        epochs: fc.integer({ min: 1, max: 2 }),
        windowRows: fc.integer({ min: 1, max: 50 }),
        batchRows: fc.integer({ min: 1, max: 12 }),
      }),
      fc.integer({ min: 1, max: 3 }),
      fc.array(fc.constantFrom(1, 3, 10, 2048), { minLength: 2, maxLength: 2 }),
      fc.nat(),
      async (plan, of, [one = 1, other = 1], pick) => {
        const shards = Array.from({ length: of }, (_, at) => `${at + 1}/${of}`);
        const wholes = [];
        for (const shard of shards)
          wholes.push(await run((await open(plan, { shard, chunkRows: one })).pipe(trained())));
        const ids = wholes.flatMap(({ batches }) =>
          (batches as { readonly ids?: readonly string[] }[]).flatMap((batch) => batch.ids ?? []),
        );
        const everyEpoch = Array.from({ length: plan.epochs }, () => allIds).flat();
        expect(ids.toSorted()).toEqual(everyEpoch.toSorted());
        const rejected = wholes.reduce((sum, { counts }) => sum + (counts?.outcomes.rejected ?? 0), 0);
        expect(rejected).toBe(plan.epochs * kinds[plan.kind].bad);

        const shard = shards[pick % of] as string;
        const whole = wholes[pick % of] as (typeof wholes)[number];
        const count = 1 + (pick % whole.batches.length);
        const state = await stopAfter(await open(plan, { shard, chunkRows: one }), count);
        expect(state).toBeDefined();
        if (!state) return;
        const rest = await run((await open(plan, { shard, chunkRows: other, restore: state })).pipe(trained()));
        expect(rest.batches).toEqual(whole.batches.slice(count));
        if (rest.counts) expect(rest.counts).toEqual(whole.counts);
      },
    ),
    { numRuns: 14 },
  );
}, 120_000);
