import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TrunklineEvent } from '../../src/core/event.ts';
import { classLabel, numberLabel } from '../../src/loss/label.ts';
import { NewHeads } from '../../src/source/new-heads.ts';
import { samples } from '../../src/source/sample.ts';
import type { MappingConfig } from '../../src/source/sample-mapping.ts';
import { readAll, recordSource } from './sample-table.ts';

type Labels = MappingConfig['labels'];

const specs = new Map([
  ['one', numberLabel([1])],
  ['two', numberLabel([2])],
]);

async function read(maps: readonly unknown[], labels: Labels, newHeads?: NewHeads, given = specs, share = 1) {
  const records = maps.map((map) => ({ x: 1, map }));
  const config = { features: { x: 'tensor' as const }, labels, maxRejectShare: share, minRejects: 1 };
  const source = (await samples(recordSource(records), config)).withLabels(given, newHeads);
  const readings = await readAll(source);
  const found = readings.flatMap(({ chunk }) =>
    Array.from({ length: chunk.rows }, (_, row) =>
      Object.fromEntries(
        Object.entries(chunk.labels).flatMap(([head, { values, present }]) => {
          const size = values.length / chunk.rows;
          return present[row] ? [[head, [...values.slice(row * size, (row + 1) * size)]]] : [];
        }),
      ),
    ),
  );
  const rejected = readings.flatMap((reading) => reading.rejected);
  return { found, rejected: rejected.map(({ reason, head, issue }) => `${head}: ${reason}: ${issue.found}`) };
}

const heads = (max: number, made: readonly string[] = [], events: (event: TrunklineEvent) => void = () => {}) =>
  new NewHeads({ names: '!no*', max, made, taken: new Set(['trunk']), spec: numberLabel([1]), events });

describe('labels in a map', () => {
  it('are numbers, truth values and lists, in objects or their JSON; null is none', async () => {
    const { found, rejected } = await read(
      [{ one: 1.5, two: [1, 2] }, '{ "one": true, "two": null }', null, {}, { one: 2, two: [3] }],
      { map: 'map' },
    );
    expect(found).toEqual([{ one: [1.5], two: [1, 2] }, { one: [1] }, {}, {}, { one: [2] }]);
    expect(rejected).toEqual(['two: badLength: 1']);
  });

  it('are rejected alone when bad; a row whose map is none is rejected whole', async () => {
    const { found, rejected } = await read([{ one: 'much', two: 1 }, [1], '{ "one": 1, "one": 2 }', 'no'], {
      map: 'map',
    });
    expect(found).toEqual([{}]);
    expect(rejected).toEqual([
      "one: badType: 'much'",
      'two: badLength: 1',
      'undefined: badType: a list of 1',
      "undefined: duplicateKey: 'one' more than once",
      expect.stringContaining('undefined: malformed: '),
    ]);
  });

  it('are the names of classes, where there are any', async () => {
    const given = new Map([['one', classLabel([2], 'one')]]);
    const labels = { map: 'map', classes: ['no', 'yes'] };
    const { found, rejected } = await read([{ one: 'yes' }, { one: 'no' }, { one: 'so' }], labels, undefined, given);
    expect(found).toEqual([{ one: [1] }, { one: [0] }, {}]);
    expect(rejected).toEqual(["one: unknownClass: 'so'"]);
  });

  it('of heads that there are none of are rejected once for a row, or left out', async () => {
    const maps = [{ one: 1, three: 1, four: 2, five: 3 }, { three: null }];
    const { found, rejected } = await read(maps, { map: 'map' });
    expect(found).toEqual([{ one: [1] }, {}]);
    expect(rejected).toEqual(["__unknown__: unknownHead: 'three' and 2 more"]);
    expect((await read(maps, { map: 'map', others: 'ignore' })).rejected).toEqual([]);
  });

  it('need a column of objects', async () => {
    const source = recordSource([{ x: 1, map: 1 }]);
    await expect(samples(source, { features: { x: 'tensor' }, labels: { map: 'map' } })).rejects.toThrow(
      "labels.map: expected a column of objects, or of their JSON; found 'map' of kind 'number'",
    );
    await expect(samples(source, { features: { x: 'tensor' }, labels: { map: 'mop' } })).rejects.toThrow(
      "did you mean 'map'?",
    );
  });
});

describe('labels of heads that may be made', () => {
  it('are waited with, those with a good label and a name that may be one', async () => {
    const newHeads = heads(3, ['made']);
    const stop = new AbortController();
    newHeads.onWanted(() => stop.abort('wanted'));
    const records = [
      { x: 1, map: { one: 1 } },
      { x: null, map: { unseen: 1 } },
      { x: 1, map: { three: 'much', four: 4, five: [1, 2], trunk: 1, none: 1, six: 6, seven: 7 } },
    ];
    const source = await samples(recordSource(records), { features: { x: 'tensor' }, labels: { map: 'map' } });
    const reading = source.withLabels(specs, newHeads).read({ signal: stop.signal });
    await expect(reading[Symbol.asyncIterator]().next()).rejects.toBe('wanted');
    expect(newHeads.wanted).toEqual(['four', 'six']);
  });

  it('are rejected when there is no room, which is said once and ends no reading', async () => {
    const events: TrunklineEvent[] = [];
    const newHeads = heads(1, ['made'], (event) => events.push(event));
    const maps = Array.from({ length: 50 }, (_, row) => ({ [`head${row}`]: 1, one: 1 }));
    const { found, rejected } = await read(maps, { map: 'map' }, newHeads, specs, 0.1);
    expect(found).toEqual(maps.map(() => ({ one: [1] })));
    expect(new Set(rejected.map((text) => text.split(':', 2).join(':')))).toEqual(
      new Set(['__unknown__: tooManyHeads']),
    );
    expect(events).toEqual([{ type: 'headRefused', source: 'train', head: 'head0', max: 1 }]);
  });

  it('have names that anything can be called by', () => {
    const name = fc.oneof(
      fc.string(),
      fc.string({ unit: 'grapheme' }),
      fc.stringMatching(/^[\w./-]{1,120}$/),
      fc.constantFrom(...Object.getOwnPropertyNames(Object.prototype), 'trunk', 'not', '../x', 'a/b', 'a\nb'),
    );
    fc.assert(
      fc.property(name, (text) => {
        if (heads(1).refusal(text, 0)) return;
        expect(text).toMatch(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/);
        expect(text.length).toBeLessThanOrEqual(100);
        expect(text in {} || text === 'trunk' || text.startsWith('no')).toBe(false);
      }),
    );
  });
});
