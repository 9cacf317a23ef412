import { describe, expect, it, test } from 'vitest';
import { formatIssue } from '../../src/core/error.ts';
import { type LabelSpec, losses } from '../../src/loss/index.ts';
import { fitFeatures, type SampleSource, samples } from '../../src/source/sample.ts';
import type { MappingConfig } from '../../src/source/sample-mapping.ts';
import { readAll, recordSource } from './sample-table.ts';

const never = new AbortController().signal;
const records = [
  { x: 1, 'NR-A': 0, 'NR-B': null, 'SR-C': 1, other: 5 },
  { x: 2, 'NR-A': null, 'NR-B': null, 'SR-C': 0, other: 6 },
  { x: null, 'NR-A': 1, 'NR-B': 1, 'SR-C': 1, other: 7 },
  { x: 4, 'NR-A': 1, 'NR-B': null, 'SR-C': null, other: 8 },
];

async function open(rows: readonly object[], config: Partial<MappingConfig>, specs?: Record<string, LabelSpec>) {
  const source = await samples(recordSource(rows), { features: { x: 'tensor' }, maxRejectShare: 1, ...config });
  await fitFeatures(source, never);
  return specs ? source.withLabels(new Map(Object.entries(specs))) : source;
}

/** Labels of the first chunk by head, null where absent, and what was rejected. */
async function labelsOf(source: SampleSource) {
  const [reading] = await readAll(source);
  const { chunk, rejected } = reading as NonNullable<typeof reading>;
  const labels = Object.entries(chunk.labels).map(([head, { values, present }]) => {
    const size = values.length / chunk.rows;
    const of = (row: number) => Array.from(values.slice(row * size, (row + 1) * size) as Float32Array);
    return [head, Array.from(present, (is, row) => (is ? (size === 1 ? of(row)[0] : of(row)) : null))] as const;
  });
  return {
    labels: Object.fromEntries(labels),
    rejected: rejected.map(({ reason, issue, head }) => `${head ?? '*'}: ${reason}: ${formatIssue(issue)}`),
    chunk,
  };
}

const specOf = (type: string, output: readonly number[], more: object = {}): LabelSpec =>
  losses.build({ type, ...more }, undefined as never, 'loss').label(output, 'head');

describe('wide labels by pattern', () => {
  it('are a head of each column, absent where null; a row without its feature is rejected', async () => {
    const source = await open(records, { labels: { columns: 'NR-*|SR-*' }, id: 'other' });
    expect(source.heads).toEqual(['NR-A', 'NR-B', 'SR-C']);
    expect(source.inputs).toEqual({ x: { shape: [1], dtype: 'float32' } });
    const { chunk, labels, rejected } = await labelsOf(source);
    expect(labels).toEqual({ 'NR-A': [0, null, 1], 'SR-C': [1, 0, null] });
    expect(chunk).toMatchObject({ rows: 3, ids: ['5', '6', '8'], keys: Int32Array.of(0, 1, 3) });
    expect(chunk.inputs.x).toEqual({ kind: 'dense', size: 1, values: Float32Array.of(1, 2, 4) });
    expect(rejected).toEqual(["*: missing: train, record 2, input 'x': expected a number; found null or NaN"]);
    const [reading] = await readAll(source);
    expect(reading?.rejected[0]).toMatchObject({ id: '7', record: { ...records[2] } });
  });

  it('go on at a position', async () => {
    const source = await samples(recordSource(records, 1), { features: { x: 'tensor' }, labels: { columns: 'NR-*' } });
    const all = await readAll(source);
    expect(all.map(({ position }) => position)).toEqual([1, 2, 3, 4]);
    expect(await readAll(source, 2)).toEqual(all.slice(2));
  });

  it('have weights, and those of their samples', async () => {
    const rows = [
      { x: 1, a: 1, b: 2, a_w: 0.5, b_w: 2, w: 3 },
      { x: 1, a: 1, b: null, a_w: -1, b_w: null, w: 1 },
      { x: 1, a: 1, b: 2, a_w: 1, b_w: 1, w: null },
    ];
    const source = await open(rows, { labels: { columns: 'a|b', weight: '*_w' }, weight: 'w' });
    const { chunk, labels, rejected } = await labelsOf(source);
    expect(labels).toEqual({ a: [1, null], b: [2, null] });
    expect(chunk.labels.a?.weight?.[0]).toBe(1.5);
    expect(chunk.labels.b?.weight?.[0]).toBe(6);
    expect(rejected).toEqual([
      "*: badWeight: train, record 2, column 'w': expected a finite number, at least 0; found null",
      "a: badWeight: train, record 1, column 'a_w': expected a finite number, at least 0; found -1",
    ]);
  });

  it('take NaN for absent when told so, and hint at it', async () => {
    const rows = [
      { x: 1, a: Number.NaN },
      { x: 2, a: 3 },
    ];
    expect((await labelsOf(await open(rows, { labels: { columns: 'a', missing: 'nan' } }))).labels).toEqual({
      a: [null, 3],
    });
    const { labels, rejected } = await labelsOf(await open(rows, { labels: { columns: 'a' } }));
    expect(labels).toEqual({ a: [null, 3] });
    expect(rejected).toEqual([
      "a: labelOutOfRange: train, record 0, column 'a': expected a finite number that float32 can hold; found NaN\n  hint: say missing: nan when NaN means that there is no label",
    ]);
  });

  it('are checked against what losses take, one by one', async () => {
    const rows = [
      { x: 1, bin: 2, cls: 3, num: 1e300 },
      { x: 1, bin: 1, cls: 0.5, num: 1 },
    ];
    const specs = {
      bin: specOf('binaryCrossentropy', [1]),
      cls: specOf('sparseCategoricalCrossentropy', [3]),
      num: specOf('meanSquaredError', [1]),
    };
    const { labels, rejected, chunk } = await labelsOf(await open(rows, { labels: { columns: 'bin|cls|num' } }, specs));
    expect(labels).toEqual({ bin: [null, 1], num: [null, 1] });
    expect(chunk.rows).toBe(2);
    expect(rejected).toEqual([
      "bin: labelOutOfRange: train, record 0, column 'bin': expected a number from 0 to 1; found 2",
      "cls: labelOutOfRange: train, record 0, column 'cls': expected a class from 0 to 2; found 3",
      "cls: labelOutOfRange: train, record 1, column 'cls': expected a class from 0 to 2; found 0.5",
      "num: labelOutOfRange: train, record 0, column 'num': expected a finite number that float32 can hold; found 1e+300",
    ]);
  });

  it('are standardized over the training source, and say how', async () => {
    const rows = [{ a: 10 }, { a: 14 }, { a: null }, { a: 12 }].map((row) => ({ x: 1, ...row, b: 100 }));
    const source = await open(rows, { labels: { columns: 'a|b', standardize: true } });
    const scale = Math.sqrt(8 / 3);
    expect(source.labelScales()).toEqual(
      new Map([
        ['a', { mean: [12], scale: [scale], log10: false }],
        ['b', { mean: [100], scale: [1], log10: false }],
      ]),
    );
    const { labels } = await labelsOf(source);
    expect(labels.a).toEqual([Math.fround(-2 / scale), Math.fround(2 / scale), null, 0]);
    expect(labels.b).toEqual([0, 0, 0, 0]);
    const other = await samples(recordSource(rows), {
      features: { x: 'tensor' },
      labels: { columns: 'a|b', standardize: true },
    });
    other.restore(JSON.parse(JSON.stringify(source.state())));
    expect(await readAll(other)).toEqual(await readAll(source));
  });
});

describe('named labels', () => {
  it('are classes, truth values, lists, or several columns', async () => {
    const rows = [
      { x: 1, income: '- 50000.', ok: true, box: [1, 2], y1: 1, y2: 2, grade: 7 },
      { x: 1, income: '50000+.', ok: null, box: [1], y1: 1, y2: null, grade: 9 },
      { x: 1, income: 'much', ok: false, box: null, y1: null, y2: null, grade: 8 },
      { x: 1, income: null, ok: 1, box: [null, 3], y1: 1, y2: 4, grade: null },
    ];
    const source = await open(rows, {
      labels: {
        income: { classes: ['- 50000.', '50000+.'] },
        good: { column: 'ok', classes: [false, true] },
        box: { size: 2 },
        both: { columns: 'y?' },
        grade: { classes: [7, 9] },
      },
    });
    const { labels, rejected, chunk } = await labelsOf(source);
    expect(labels).toEqual({
      income: [0, 1, null, null],
      good: [1, null, 0, 1],
      box: [[1, 2], null, null, null],
      both: [[1, 2], null, null, [1, 4]],
      grade: [0, 1, null, null],
    });
    expect(chunk.labels.income?.values).toBeInstanceOf(Int32Array);
    expect(rejected).toEqual([
      "income: unknownClass: train, record 2, column 'income': expected one of '- 50000.', '50000+.'; found 'much'",
      "box: badLength: train, record 1, column 'box': expected 2 numbers; found 1",
      "box: labelOutOfRange: train, record 3, column 'box': expected a finite number that float32 can hold; found NaN\n  hint: a label is there as a whole or not at all: make each number a head of its own",
      "both: missing: train, record 1, columns 'y1' to 'y2': expected all 2 numbers of a label, or none; found 1\n  hint: make each column a head of its own when some may be missing",
      "grade: unknownClass: train, record 2, column 'grade': expected one of 7, 9; found 8",
    ]);
  });

  it('go with bounds', async () => {
    const rows = [
      { x: 1, nm: 5, ineq: '<' },
      { x: 1, nm: 6, ineq: null },
      { x: 1, nm: 7, ineq: '~' },
      { x: 1, nm: 100, ineq: '>' },
    ];
    const source = await open(
      rows,
      { labels: { nm: { bound: 'ineq', log10: true } } },
      { nm: specOf('censored', [1]) },
    );
    const { labels, rejected, chunk } = await labelsOf(source);
    expect(labels.nm).toEqual([Math.fround(Math.log10(5)), Math.fround(Math.log10(6)), null, 2]);
    expect(Array.from(chunk.labels.nm?.bound ?? [])).toEqual([-1, 0, 0, 1]);
    expect(source.labelScales().get('nm')).toEqual({ mean: [0], scale: [1], log10: true });
    expect(rejected).toEqual([
      "nm: badBound: train, record 2, column 'ineq': expected one of '<', '<=', '=', '>', '>=', -1, 0, 1; found '~'",
    ]);
  });

  it('that are distributions have to sum to 1', async () => {
    const rows = [
      { x: 1, p: [0.5, 0.5] },
      { x: 1, p: [0.5, 0.4] },
    ];
    const source = await open(rows, { labels: { p: {} } }, { p: specOf('categoricalCrossentropy', [2]) });
    expect((await labelsOf(source)).rejected).toEqual([
      "p: labelOutOfRange: train, record 1, column 'p': expected probabilities that sum to 1; found a sum of 0.9",
    ]);
  });
});

describe('what is wrong with a mapping', () => {
  const complaint = async (config: MappingConfig, specs?: Record<string, LabelSpec>): Promise<string> => {
    const rows = [{ x: 1, 'NR-A': 1, text: 'a', list: [1, 2] }];
    try {
      const source = await samples(recordSource(rows), config, { where: 'sources.train' });
      if (specs) source.withLabels(new Map(Object.entries(specs)));
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('it was accepted');
  };

  test('is said at once', async () => {
    expect(await complaint({ features: { y: 'tensor', text: 'tensor' }, labels: { columns: 'NR-B' }, id: 'key' })).toBe(
      `sources.train.features.y: expected a column 'y'; found 'x', 'NR-A', 'text', 'list'
sources.train.features.text: expected columns of numbers; found text in column 'text'
  hint: text goes through oneHot, vocabulary, hash, sequence or characters
sources.train.labels.columns: expected a column 'NR-B'; found 'x', 'NR-A', 'text', 'list'
  hint: did you mean 'NR-A'?
sources.train: expected a column 'key'; found 'x', 'NR-A', 'text', 'list'`,
    );
  });

  test.each<[MappingConfig, string]>([
    [
      { features: { x: 'tensor' }, lables: {} } as MappingConfig,
      "sources.train.lables: expected an option out of 'features', 'labels', 'id', 'weight', 'time', 'maxRejectShare', 'minRejects'; found 'lables'\n  hint: did you mean 'labels'?",
    ],
    [
      { features: { x: 'tensro' } } as never,
      "sources.train.features.x: expected one of 'tensor', 'standardize', 'minMax', 'log1p', 'oneHot', 'multiHot', 'hash', 'vocabulary', 'sequence', 'characters', 'image'; found 'tensro'\n  hint: did you mean 'tensor'?",
    ],
    [
      { labels: { columns: 'NR-A' } },
      'sources.train.features: expected the inputs of the model, and how columns become them; found none\n  hint: features: { x: tensor }',
    ],
    [
      { features: { x: 'tensor' }, labels: { columns: 'NR-*', standardise: true } as never },
      "sources.train.labels.standardise: expected an option out of 'columns', 'weight', 'bound', 'classes', 'missing', 'standardize', 'log10', 'bounds'; found 'standardise'\n  hint: did you mean 'standardize'?",
    ],
    [
      { features: { x: 'tensor' }, labels: { text: {} } },
      "sources.train.labels.text: expected labels that are numbers, or the names of classes; found text in column 'text', and no classes\n  hint: list them, as classes: ['no', 'yes']",
    ],
    [
      { features: { x: 'tensor' }, labels: { list: { standardize: true } } },
      'sources.train.labels.list: expected the number of numbers in a label, because its column holds lists; found no size\n  hint: size: 3',
    ],
    [
      { features: { x: 'tensor' }, labels: { head: 'text', value: 'NR-a' } },
      "sources.train.labels.value: expected a column 'NR-a'; found 'x', 'NR-A', 'text', 'list'\n  hint: did you mean 'NR-A'?",
    ],
    [
      { features: { x: 'tensor' }, labels: { a: { column: 'x', columns: 'y' } } },
      "sources.train.labels.a: expected 'column' or 'columns', not both; found an object with column, columns",
    ],
  ])('%j', async (config, message) => {
    expect(await complaint(config)).toBe(message);
  });

  test.each<[MappingConfig['labels'], Record<string, LabelSpec>, string]>([
    [
      { columns: 'x' },
      { y: specOf('meanSquaredError', [1]) },
      `sources.train.labels: expected labels of heads of the model: y; found 'x'\n  hint: leave it out of the labels, or give the model such a head`,
    ],
    [
      { columns: 'x' },
      { x: specOf('categoricalCrossentropy', [3]) },
      `sources.train.labels, head "x": expected labels [3]: 3 numbers; found 1\n  hint: class numbers go with sparseCategoricalCrossentropy`,
    ],
    [
      { columns: 'x', standardize: true },
      { x: specOf('binaryCrossentropy', [1]) },
      `sources.train.labels, head "x": expected a loss of any numbers, because labels are moved; found one whose labels have limits\n  hint: leave standardize out for this head`,
    ],
    [
      { columns: 'x' },
      { x: specOf('censored', [1]) },
      `sources.train.labels, head "x": expected a column of bounds, which the loss takes; found none\n  hint: name it, as bound: …`,
    ],
    [
      { x: { bound: 'text' } },
      { x: specOf('meanSquaredError', [1]) },
      `sources.train.labels, head "x": expected a loss that takes bounds; found one that would take bounds for values\n  hint: use the loss 'censored', or leave the rows with bounds out`,
    ],
    [
      { text: { classes: ['a', 'b', 'c'] } },
      { text: specOf('sparseCategoricalCrossentropy', [2]) },
      `sources.train.labels, head "text": expected at most 2 classes, as the head has; found 3\n  hint: give the head's last layer 3 units`,
    ],
  ])('%j does not fit its loss', async (labels, specs, message) => {
    expect(await complaint({ features: { x: 'tensor' }, ...(labels && { labels }) }, specs)).toBe(message);
  });
});
