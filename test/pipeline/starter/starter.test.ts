import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { matchNames } from '../../../src/core/pattern.ts';
import { trunklineBackend } from '../../../src/engine/backend.ts';
import { assemble, type Pipeline } from '../../../src/pipeline/assemble.ts';
import { pipelineOf } from '../../../src/pipeline/load.ts';
import { probe } from '../../../src/pipeline/probe.ts';
import { starterPipeline } from '../../../src/pipeline/starter/index.ts';
import { isPlain, patternFor } from '../../../src/pipeline/starter/pattern.ts';
import { flow, list, scalar } from '../../../src/pipeline/starter/yaml.ts';
import { folderOf, ownCsv } from '../own.ts';

trunklineBackend();

interface Begun {
  readonly yaml: string;
  /** The YAML without comments. */
  readonly config: ReturnType<typeof parse>;
  readonly pipeline: Pipeline;
}

/** A starter for a file, which is put together and read: it must be right as it stands. */
async function begun(name: string, text: string, labels?: string): Promise<Begun> {
  const folder = folderOf({ [name]: text });
  const { yaml } = await starterPipeline(join(folder, name), labels);
  const config = parse(yaml);
  const pipeline = await assemble(pipelineOf(config));
  for (const source of pipeline.sources.values()) expect((await probe(source, 100_000)).rejected).toBe(0);
  return { yaml: yaml.replaceAll(folder, '…'), config, pipeline };
}

const lines = (records: readonly object[]): string => records.map((record) => `${JSON.stringify(record)}\n`).join('');
const many = <Item>(count: number, make: (at: number) => Item): readonly Item[] =>
  Array.from({ length: count }, (_, at) => make(at));

test('numbers, texts, and labels of three kinds', async () => {
  const { yaml, pipeline } = await begun('own.csv', ownCsv(200));
  expect(
    yaml,
  ).toBe(`# A starter for …/own.csv: what stands here was guessed from its first rows. Change what is wrong, then
#   trunkline check, trunkline explain, trunkline train
# Every option: trunkline schema.
name: own

sources:
  train:
    type: csv
    path: "…/own.csv"
    # Four rows in five, by what stands in them. With a file of its own for the test, leave both out.
    where: 'hash("id") % 5 <> 0'
    id: id
    # The inputs of the model, and how columns become them.
    features:
      numbers: { standardize: { columns: "age|weight" } }  # numbers
      kind: { oneHot: { unknown: zeros } }  # texts that repeat
    # The labels, because values are missing in them. A value that is missing is no label: the others of its row are trained.
    labels:
      toxic: {}  # 0 and 1
      soluble: { standardize: true }  # numbers; losses and errors are in standard deviations
      grade: {}  # whole numbers from 0 to 2
  # The other rows, which are not trained on.
  test:
    type: csv
    path: "…/own.csv"
    where: 'hash("id") % 5 = 0'
    like: train

stream: { from: train, shuffle: 200, batch: 32, epochs: 20 }

model:
  merges:
    all: { from: [numbers, kind], mode: concat }
  trunk:
    from: all
    layers:
      - dense: { units: 64, activation: relu }
      - dropout: { rate: 0.2 }
  # One head for each label. A loss is for what its labels are: 0 and 1, classes, or numbers.
  heads:
    - name: toxic
      layers: [{ dense: 1 }]
      loss: binaryCrossentropy
      metrics: [rocAuc, mcc]
    - name: soluble
      layers: [{ dense: 1 }]
      loss: meanSquaredError
      metrics: [r2, rootMeanSquaredError]
    - name: grade
      layers: [{ dense: 3 }]
      loss: sparseCategoricalCrossentropy
      metrics: [accuracy, mcc]

optimizer: { type: adam, learningRate: 0.001 }
evaluate: { from: test }
`);
  const rows = await Promise.all([...pipeline.sources.values()].map((source) => probe(source, 1000)));
  expect(rows.map(({ samples }) => samples).reduce((sum, count) => sum + count)).toBe(200);
});

test('numbers that are written with commas or a unit, times, a running number, and a class that is rare', async () => {
  const { yaml, config } = await begun(
    'own.csv',
    [
      'row,price,weight,size,when,state',
      ...many(120, (at) => {
        const [price, size] = [(1000 + 10.5 * at).toLocaleString('en-US'), at % 2 ? `${at} cm` : `${at} mm`];
        const state = at === 7 ? 'broken' : at % 3 === 0 ? '' : at % 2 ? 'good' : 'bad';
        return `${at + 1},"${price}",${at === 3 ? 'NA' : `${at / 4} kg`},${size},2025-01-${String(1 + (at % 28)).padStart(2, '0')},${state}`;
      }),
      '',
    ].join('\n'),
    'state',
  );
  expect(config.sources.train.id).toBe('row');
  expect(config.sources.train.derive).toEqual(config.sources.test.derive);
  expect(Object.keys(config.sources.train.derive)).toEqual(['price (number)', 'weight (number)']);
  expect(config.sources.train.features).toEqual({
    numbers: { standardize: { columns: 'when|price (number)|weight (number)', missing: 'mean' } },
  });
  expect(yaml).toContain('  # numbers, with when as milliseconds since 1970\n');
  // Of two units nobody knows what they come to.
  expect(yaml).toContain('#   size: its texts hardly repeat');
  expect(yaml).toContain('state: { classes: [bad, broken, good] }  # 3 different values; broken is rare, 1 of 80\n');
});

test('a label that is written with a unit is found by the name of its column', async () => {
  const { config, pipeline } = await begun(
    'own.csv',
    ['a,dose', ...many(60, (at) => `${(at * 7) % 13},${at ** 2 / 10} mg`), ''].join('\n'),
    'dose',
  );
  expect(config.sources.train.labels).toEqual({ 'dose (number)': { standardize: true } });
  const probes = await Promise.all([...pipeline.sources.values()].map((source) => probe(source, 1000)));
  expect(probes.flatMap(({ labels }) => [...labels.values()]).reduce((sum, count) => sum + count)).toBe(60);
});

test('fingerprints, vectors, peptides, and labels that are many alike', async () => {
  const letters = 'ACDEFGHIKLMNPQRSTVWY';
  const { config, yaml } = await begun(
    'panel.ndjson',
    lines(
      many(300, (at) => ({
        fp: [at % 7, 20 + (at % 13), 100 + (at % 27)],
        embedding: [at / 300, Math.sin(at), 0.5],
        peptide: many(8 + (at % 4), (place) => letters[(at * at + place * ((at % 17) + 3)) % 20]).join(''),
        notes: `free text number ${at}`,
        constant: 1,
        ...Object.fromEntries(many(20, (head) => [`assay_${head}`, (at + head) % 3 === 0 ? null : (at + head) % 2])),
      })),
    ),
  );
  expect(config.sources.train.features).toEqual({
    fp: { multiHot: { size: 128 } },
    embedding: { tensor: { shape: [3] } },
    peptide: { characters: { length: 11 } },
  });
  expect(config.sources.train.labels).toEqual({ columns: 'assay_*' });
  expect(config.model.branches).toEqual({ peptide_flat: { from: 'peptide', layers: ['flatten'] } });
  expect(config.model.heads).toHaveLength(1);
  expect(yaml).toContain(
    '#   notes: its texts hardly repeat: `vocabulary`, `hash` or `characters` could make ids of them',
  );
  expect(yaml).toContain('#   constant: it has one value only');
});

test('classes by name, and names that patterns or YAML would take for something else', async () => {
  const { config } = await begun(
    'odd.csv',
    [
      '"a|b","yes","c*","x y","risk","answer"',
      ...many(120, (at) =>
        [
          at * 3,
          at * 2,
          (at % 10) + 0.5,
          at % 2 ? 'p' : 'q',
          at % 4 ? ['low', 'mid', 'high'][at % 3] : '',
          at % 3 ? ['neg', 'pos'][at % 2] : '',
        ].join(','),
      ),
    ].join('\n'),
  );
  expect(config.sources.train.labels).toEqual({
    risk: { classes: ['high', 'low', 'mid'] },
    answer: { classes: ['neg', 'pos'] },
  });
  expect(config.sources.train.features).toMatchObject({
    yes: { standardize: {} },
    a_b: { standardize: { columns: 'a|b' } },
    c_: { standardize: { columns: 'c*' } },
    x_y: { oneHot: { columns: 'x y', unknown: 'zeros' } },
  });
  expect(config.model.heads.map(({ layers }: { layers: unknown }) => layers)).toEqual([[{ dense: 3 }], [{ dense: 1 }]]);
});

test('a text that stands for no value between numbers is none', async () => {
  const { config, yaml } = await begun(
    'marked.csv',
    [
      'dose,origin,potency,grade,mass',
      ...many(120, (at) =>
        [
          at + 0.5,
          ['NA', 'US', 'DE'][at % 3],
          at % 3 ? (at * 0.7).toFixed(2) : 'n/a',
          at % 4 ? ['low', 'high'][at % 2] : '-',
          // So few that it is a column of numbers all the same.
          at % 40 ? at * 3 : '?',
        ].join(','),
      ),
    ].join('\n'),
  );
  expect(config.sources.train.nullText).toEqual(['', 'n/a', '?']);
  expect(config.sources.test.nullText).toEqual(['', 'n/a', '?']);
  expect(yaml).toContain('    nullText: ["", n/a, "?"]  # texts between numbers: no values\n');
  // Where nothing but texts has it, as the country NA, it is a value like others.
  expect(config.sources.train.features.categories).toEqual({ oneHot: { columns: 'origin|grade', unknown: 'zeros' } });
  // In which a few are missing, while a third is in others.
  expect(config.sources.train.features.numbers).toEqual({ standardize: { columns: 'dose|mass', missing: 'mean' } });
  expect(config.sources.train.labels).toEqual({ potency: { standardize: true } });
});

test('fields that something else parts than a comma', async () => {
  const { config } = await begun(
    'half.csv',
    ['a;b;y', ...many(60, (at) => [at, `"x; ${at % 3}"`, at % 3 ? at % 2 : ''].join(';'))].join('\n'),
  );
  expect(config.sources).toMatchObject({ train: { delimiter: ';' }, test: { delimiter: ';' } });
  expect(config.sources.train.labels).toEqual({ y: {} });
});

test('a column that is said to be a label, and can be none, is told why', async () => {
  const text = ['id,x,y', ...many(60, (at) => [`s${at}`, at, at % 2].join(','))].join('\n');
  await expect(begun('ids.csv', text, 'id')).rejects.toThrow(
    "data: expected columns that can be features, and others that can be labels; found no label; 'id': it has too many different texts",
  );
});

describe('which columns are labels', () => {
  const table = (header: string, row: (at: number) => string): string => [header, ...many(100, row)].join('\n');
  const heads = async (text: string, labels?: string): Promise<readonly string[]> =>
    (await begun('data.csv', text, labels)).pipeline.model.heads.map(({ name }) => name);

  test('those that the user says', async () => {
    const text = table('a,b,c', (at) => `${at},${at % 2},${at % 3 ? at : ''}`);
    expect(await heads(text, 'b')).toEqual(['b']);
  });

  test('those with missing values, else those with a name, else the last', async () => {
    expect(await heads(table('a,b,y', (at) => `${at},${at % 3 ? at % 2 : ''},${at % 2}`))).toEqual(['b']);
    expect(await heads(table('y,a,b', (at) => `${at % 2},${at},${at % 5}`))).toEqual(['y']);
    expect(await heads(table('a,b,c', (at) => `${at % 7},${at},${at % 2}`))).toEqual(['c']);
  });

  test.each([
    [
      'a pattern that means nothing',
      table('a,b', (at) => `${at},${at % 2}`),
      'tox*',
      "--labels: expected a column 'tox*'; found 'a', 'b'",
    ],
    [
      'nothing to learn from',
      table('a,b', (at) => `${at % 9 ? at : ''},${at % 2 ? 1 : ''}`),
      undefined,
      "data: expected columns that can be features, and others that can be labels; found no feature beside 'a'\n  hint: say which columns are labels: --labels 'tox*|sol*'",
    ],
  ])('%s is an error', async (_, text, labels, message) => {
    await expect(begun('data.csv', text, labels)).rejects.toThrow(message);
  });

  test('a file without rows', async () => {
    await expect(begun('data.csv', 'a,b\n')).rejects.toThrow('data: expected rows; found none');
  });

  test('a file that is not there, or that nothing reads', async () => {
    const folder = folderOf({ 'measured.csv': '' });
    await expect(starterPipeline(join(folder, 'mesured.csv'))).rejects.toThrow(
      `data: expected a file; found none at '${join(folder, 'mesured.csv')}'\n  hint: did you mean 'measured.csv'?`,
    );
    await expect(starterPipeline('data.xlsx')).rejects.toThrow(
      "data: expected a file that ends in one of '.parquet', '.csv', '.tsv', '.ndjson', '.jsonl', '.arrow', '.feather'; found 'data.xlsx'",
    );
  });
});

test('a pattern means the names it is for, whatever others there are', () => {
  const name = fc.stringMatching(/^[A-C]{1,2}[-_ ]?[0-9a-c]{0,3}$/);
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 40 }), fc.nat(), (all, seed) => {
      const names = all.filter((_, at) => (at * 7 + seed) % 3 > 0).filter(isPlain);
      if (names.length === 0) return;
      expect(matchNames(patternFor(names, all), all)).toEqual(names);
    }),
  );
});

test('texts are read from YAML as they were written', () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.oneof(fc.string(), fc.integer())), (text, values) => {
      const written = parse(`a: ${flow({ [text]: list(values), other: scalar(text) })}`);
      const escaped = (value: string | number) => (typeof value === 'string' ? value.replaceAll('${', '$${') : value);
      if (text === 'other' || text === '__proto__') return;
      expect(written.a).toEqual({ [escaped(text)]: values.map(escaped), other: escaped(text) });
    }),
  );
});
