import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIssue } from '../../src/core/error.ts';
import { ignoreEvents } from '../../src/core/event.ts';
import { numberLabel } from '../../src/loss/label.ts';
import { NewHeads } from '../../src/source/new-heads.ts';
import { fitFeatures, type SampleSource, samples } from '../../src/source/sample.ts';
import type { MappingConfig } from '../../src/source/sample-mapping.ts';
import { readAll, recordSource } from './sample-table.ts';

const never = new AbortController().signal;
const long = { head: 'allele', value: 'nm' };
const rows = [
  { allele: 'A', pep: 'p', x: 1, nm: 10, ineq: '=', w: 1 },
  { allele: 'B', pep: 'p', x: 1, nm: 20, ineq: '<', w: 2 },
  { allele: 'B', pep: 'p', x: 1, nm: 30, ineq: '>', w: 1 },
  { allele: 'A', pep: 'q', x: 2, nm: null, ineq: '=', w: 1 },
  { allele: 'C', pep: 'q', x: 2, nm: 5, ineq: '=', w: 1 },
  { allele: 'A', pep: 'p', x: 1, nm: 40, ineq: null, w: 0 },
];

async function open(config: Partial<MappingConfig>, records: readonly object[] = rows, partRows?: number) {
  const source = await samples(recordSource(records, partRows), {
    features: { x: 'tensor' },
    maxRejectShare: 1,
    ...config,
  });
  await fitFeatures(source, never);
  return source;
}

/** Samples as `key: {head: label}`, and what was rejected. */
async function read(source: SampleSource) {
  const readings = await readAll(source);
  const found = readings.flatMap(({ chunk: { rows: count, keys, labels } }) =>
    Array.from({ length: count }, (_, row) => {
      const own = Object.entries(labels).flatMap(([head, { present, values }]) =>
        present[row] ? [[head, values[row]]] : [],
      );
      return { key: keys[row], ...Object.fromEntries(own) };
    }),
  );
  const rejected = readings.flatMap(({ rejected: list }) =>
    list.map(({ head, reason, issue }) => `${head ?? '*'}: ${reason}: ${formatIssue(issue)}`),
  );
  return { found, rejected, readings };
}

describe('long labels', () => {
  it('are one in each row, of the heads that the training source has', async () => {
    const source = await open({ labels: { ...long, weight: 'w' } });
    expect(source.heads).toEqual(['A', 'B', 'C']);
    const { found, rejected, readings } = await read(source);
    expect(found).toEqual([
      { key: 0, A: 10 },
      { key: 1, B: 20 },
      { key: 2, B: 30 },
      { key: 3 },
      { key: 4, C: 5 },
      { key: 5, A: 40 },
    ]);
    expect(rejected).toEqual([]);
    expect(Array.from(readings[0]?.chunk.labels.A?.weight ?? [])).toEqual([1, 1, 1, 1, 1, 0]);
  });

  it('of one entity become one sample where rows follow each other, unless they are of the same head', async () => {
    const source = await open({ labels: { ...long, group: 'pep', bound: 'ineq' } });
    const { found, readings } = await read(source);
    expect(found).toEqual([
      { key: 0, A: 10, B: 20 },
      { key: 2, B: 30 },
      { key: 3, C: 5 },
      { key: 5, A: 40 },
    ]);
    // What could have gone on after the table comes last, alone.
    const [chunk, last] = readings.map((reading) => reading.chunk);
    expect(Array.from(chunk?.labels.B?.bound ?? [])).toEqual([-1, 1, 0]);
    expect(chunk?.inputs.x).toMatchObject({ values: Float32Array.of(1, 1, 2) });
    expect(last?.labels).toEqual({ A: expect.objectContaining({ bound: Float32Array.of(0) }) });
    expect(last?.inputs.x).toMatchObject({ values: Float32Array.of(1) });
  });

  it('of heads that the model has not are rejected, or left out', async () => {
    const specs = new Map([['A', numberLabel([1])]]);
    const rejecting = await samples(recordSource(rows), { features: { x: 'tensor' }, labels: long, maxRejectShare: 1 });
    const { found, rejected } = await read(rejecting.withLabels(specs));
    expect(found.map(({ key }) => key)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(rejected[0]).toBe(
      "__unknown__: unknownHead: train, record 1, column 'allele': expected a head of the model (there are 1); found 'B'",
    );
    expect(rejected).toHaveLength(3);
    const leaving = await open({ labels: { ...long, heads: ['A'], others: 'ignore' } });
    expect(leaving.needsFit).toBe(false);
    expect((await read(leaving.withLabels(specs))).found).toEqual([{ key: 0, A: 10 }, { key: 3 }, { key: 5, A: 40 }]);
  });

  it('of heads that nobody named are waited with, those that are good and have a name that may be one', async () => {
    const specs = new Map([['A', numberLabel([1], { least: 0 })]]);
    const newHeads = (max: number, made: readonly string[] = []) =>
      new NewHeads({
        names: '!no*',
        max,
        made,
        taken: new Set(['trunk']),
        spec: numberLabel([1], { least: 0 }),
        events: ignoreEvents,
      });
    const records = ['A', 'trunk', 'none', 'B', 'A', 'C', 'D', 'E', 'F'].map((allele, row) => ({
      allele,
      x: 1,
      nm: [1, 1, 1, null, 2, -1, 4, 'much', 5][row],
    }));
    const config = { features: { x: 'tensor' as const }, labels: { ...long, others: 'ignore' as const } };
    const source = await samples(recordSource(records), config, { makesHeads: true });
    expect([source.needsFit, source.takesAnyHead, source.heads]).toEqual([false, true, []]);
    const stop = new AbortController();
    const wanting = newHeads(2);
    wanting.onWanted(() => stop.abort('wanted'));
    const reading = source.withLabels(specs, wanting).read({ signal: stop.signal });
    await expect(reading[Symbol.asyncIterator]().next()).rejects.toBe('wanted');
    expect(wanting.wanted).toEqual(['D', 'F']);
    const full = source.withLabels(specs, newHeads(1, ['made']));
    const { found, rejected } = await read(full);
    expect(found.flatMap(({ A }) => A ?? [])).toEqual([1, 2]);
    expect(rejected.map((text) => text.split(':', 2).join(':'))).toEqual([
      '__unknown__: badType',
      '__unknown__: badHeadName',
      '__unknown__: unknownHead',
      '__unknown__: tooManyHeads',
      '__unknown__: tooManyHeads',
      '__unknown__: tooManyHeads',
    ]);
  });

  it('that make heads are not standardized, and are what the template takes', async () => {
    const labels = { ...long, standardize: true };
    await expect(
      samples(recordSource(rows), { features: { x: 'tensor' }, labels }, { makesHeads: true }),
    ).rejects.toThrow(
      'train.labels.standardize: expected false, as nobody has seen the labels of heads that come later; found true\n  hint: log10: true',
    );
    const source = await samples(recordSource(rows), { features: { x: 'tensor' }, labels: long }, { makesHeads: true });
    const spec = numberLabel([3]);
    const newHeads = new NewHeads({ names: '*', max: 1, made: [], taken: new Set(), spec, events: ignoreEvents });
    expect(() => source.withLabels(new Map(), newHeads)).toThrow(
      'train.labels, head "auto": expected labels [3]: 3 numbers; found 1',
    );
  });

  it('are rejected alone when bad; rows without a head or features are rejected whole', async () => {
    const bad = [
      { allele: null, x: 1, nm: 1 },
      { allele: 'A', x: null, nm: 1 },
      { allele: 'A', x: 1, nm: 'much' },
      { allele: 'A', x: 1, nm: -3 },
      { allele: 'A', x: 1, nm: 1 },
    ];
    const { found, rejected } = await read(await open({ labels: { ...long, log10: true } }, bad));
    expect(found).toEqual([{ key: 2 }, { key: 3 }, { key: 4, A: 0 }]);
    expect(rejected).toEqual([
      "*: missing: train, record 1, input 'x': expected a number; found null or NaN",
      "*: missing: train, record 0, column 'allele': expected the name of a head; found null",
      "A: badType: train, record 2, column 'nm': expected a number; found 'much'",
      "A: labelOutOfRange: train, record 3, column 'nm': expected a number above 0, for its logarithm; found -3",
    ]);
  });

  it('are standardized head by head, and what was fitted is kept', async () => {
    const config = { labels: { ...long, standardize: true } };
    const source = await open(config);
    expect(source.labelScales().get('B')).toEqual({ mean: [25], scale: [5], log10: false });
    expect((await read(source)).found[1]).toEqual({ key: 1, B: -1 });
    const other = await samples(recordSource(rows), { features: { x: 'tensor' }, ...config });
    expect(other.needsFit).toBe(true);
    await expect(readAll(other)).rejects.toThrow(
      'train: expected features and labels that were fitted on the training source; found some that were not\n  hint: fit them (fitFeatures), or restore what was fitted before',
    );
    other.restore(JSON.parse(JSON.stringify(source.state())));
    expect(await readAll(other)).toEqual(await readAll(source));
  });

  it('lose none and invent none, however rows are grouped and parted', async () => {
    const row = fc.record({
      allele: fc.constantFrom('A', 'B', 'C'),
      pep: fc.constantFrom('p', 'q', null),
      x: fc.constantFrom(1, 2, 3, null),
      nm: fc.option(fc.integer({ min: 1, max: 99 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 30 }), fc.nat({ max: 9 }), async (records, part) => {
        const labels = { ...long, heads: ['A', 'B', 'C'], group: 'pep' };
        const { found } = await read(await open({ labels }, records, part + 1));
        const expected = records.flatMap(({ allele, nm, x }) => (nm === null || x === null ? [] : [`${allele}${nm}`]));
        const seen = found.flatMap(({ key: _, ...own }) =>
          Object.entries(own).map(([head, value]) => `${head}${value}`),
        );
        expect([...seen].sort()).toEqual([...expected].sort());
      }),
      { numRuns: 60 },
    );
  });
});
