import { describe, expect, it } from 'vitest';
import { type SourceConfig, sources, type TableReading, type TableSource } from '../../src/source/index.ts';
import { expectGoingOn, rejects } from './fixture/going-on.ts';
import { identities, messageOf, readings, rowsOf } from './fixture/rows.ts';

type Options = Omit<Extract<SourceConfig, { type: 'generator' }>, 'type'>;
const open = (options: Options): TableSource =>
  sources.build({ type: 'generator', ...options }, { name: 'train' }, 'train') as TableSource;

describe('samples of assays', () => {
  it('have features, labels and, when asked for, the truth', async () => {
    const source = open({ rows: 3, size: 4, heads: 10, truth: true });
    const names = (await source.columns()).map(({ name }) => name);
    expect(names).toEqual([
      'id',
      'x',
      ...Array.from({ length: 10 }, (_, at) => `head${String(at + 1).padStart(2, '0')}`),
      ...Array.from({ length: 10 }, (_, at) => `truth${String(at + 1).padStart(2, '0')}`),
    ]);
    const [row] = rowsOf(await readings(source));
    expect(row?.x).toHaveLength(4);
  });

  it('miss as many labels as asked for, and have as many wrong ones', async () => {
    const rows = rowsOf(await readings(open({ rows: 4000, heads: 3, missing: [0.7, 0, 1], noise: 0.1, truth: true })));
    const known = (head: string): Record<string, unknown>[] => rows.filter((row) => row[head] !== null);
    expect(known('head1').length / 4000).toBeCloseTo(0.3, 1);
    expect(known('head2')).toHaveLength(4000);
    expect(known('head3')).toHaveLength(0);
    expect(known('head2').filter(({ head2, truth2 }) => head2 !== truth2).length / 4000).toBeCloseTo(0.1, 1);
    const yes = rows.filter(({ truth2 }) => truth2 === 1).length / 4000;
    expect(yes).toBeGreaterThan(0.4);
    expect(yes).toBeLessThan(0.6);
    const x = rows.flatMap((row) => row.x as number[]);
    expect(x.reduce((sum, value) => sum + value, 0) / x.length).toBeCloseTo(0, 1);
    expect(x.reduce((sum, value) => sum + value * value, 0) / x.length).toBeCloseTo(1, 1);
  });

  it('can be learned: the label of a sample is that of its nearest neighbour more often than by chance', async () => {
    const rows = rowsOf(await readings(open({ rows: 600, size: 4, heads: 1, missing: 0, noise: 0 })));
    const distance = (a: number[], b: number[]): number =>
      a.reduce((sum, value, at) => sum + (value - (b[at] as number)) ** 2, 0);
    const right = rows.filter((row) => {
      const others = rows.filter((other) => other !== row);
      const nearest = others.reduce((best, other) =>
        distance(other.x as number[], row.x as number[]) < distance(best.x as number[], row.x as number[])
          ? other
          : best,
      );
      return nearest.head1 === row.head1;
    });
    expect(right.length / 600).toBeGreaterThan(0.75);
  });

  it('have values with noise of the deviation asked for', async () => {
    const rows = rowsOf(
      await readings(open({ rows: 4000, heads: 1, missing: 0, noise: 0.5, task: 'value', truth: true })),
    );
    const mean = (of: (row: Record<string, unknown>) => number): number =>
      rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
    const noise = Math.sqrt(mean(({ head1, truth1 }) => ((head1 as number) - (truth1 as number)) ** 2));
    const spread = Math.sqrt(mean(({ truth1 }) => (truth1 as number) ** 2));
    expect(noise / spread).toBeGreaterThan(0.4);
    expect(noise / spread).toBeLessThan(0.6);
  });

  it('depend on seed and number alone', async () => {
    const all = rowsOf(await readings(open({ rows: 40, seed: 3 })));
    expect(rowsOf(await readings(open({ rows: 10, first: 20, seed: 3 })))).toEqual(all.slice(20, 30));
    expect(rowsOf(await readings(open({ rows: 40, seed: 4 })))).not.toEqual(all);
    await expectGoingOn((cut) => open({ rows: 300, ...cut }), [1, 64, 2048]);
  });

  it('go on without end where no number of rows is given', async () => {
    const source = open({ heads: 1, size: 1, chunkRows: 100 });
    expect(source.countRows).toBeUndefined();
    const read: TableReading[] = [];
    for await (const reading of source.read({ signal: new AbortController().signal }))
      if (read.push(reading) === 50) break;
    expect(new Set(identities(read)).size).toBe(5000);
  });

  it('ask for shares that are some', () => {
    expect(() => open({ heads: 3, missing: [0.1, 0.2], noise: 2 })).toThrow(
      'train.missing: expected a share for each of 3 heads; found a list of 2\n' +
        'train.noise: expected a share, at most 1; found 2',
    );
  });
});

describe('records of a function', () => {
  it('are made of the row and its own random numbers', async () => {
    const record = (row: number, random: () => number) =>
      row === 7 ? null : { row, x: [random(), random()], y: row % 2 ? 1 : null };
    const source = open({ rows: 20, seed: 5, record });
    const all = await readings(source);
    expect(rowsOf(all)).toHaveLength(19);
    expect(rejects(all)).toEqual([
      'malformed train, row 8: expected an object with a value for each column; found null <null>',
    ]);
    await expectGoingOn((cut) => open({ rows: 20, seed: 5, record, ...cut }), [1, 3, 2048]);
  });

  it('stop the reading when the function fails', async () => {
    const record = (row: number): unknown => {
      if (row === 300) throw new Error('no row 300');
      return { row };
    };
    expect(await messageOf(readings(open({ rows: 1000, record })))).toBe('no row 300');
  });
});
