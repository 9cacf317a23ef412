import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastValueFrom, toArray } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { TrunklineError } from '../../src/core/error.ts';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { openEngine } from '../../src/engine/index.ts';
import { formatModel } from '../../src/model/index.ts';
import { assemble, type Pipeline } from '../../src/pipeline/assemble.ts';
import { loadPipeline, pipelineOf } from '../../src/pipeline/load.ts';
import { sources } from '../../src/source/index.ts';
import { StepRunner } from '../../src/step/runner.ts';
import { takeSteps } from '../../src/stream/take-steps.ts';
import { folderOf, ownFolder, ownYaml } from './own.ts';

trunklineBackend();

async function assembled(yaml = ownYaml): Promise<Pipeline> {
  const { folder, file } = ownFolder(yaml);
  return assemble(await loadPipeline(file, { FOLDER: folder }));
}

/** The error's text, the folder's name left out. */
async function messageOf(yaml: string): Promise<string> {
  const { folder, file } = ownFolder(yaml);
  try {
    await assemble(await loadPipeline(file, { FOLDER: folder }));
    return 'nothing is wrong';
  } catch (error) {
    if (!(error instanceof TrunklineError)) throw error;
    return error.message.replaceAll(file, 'own.yaml');
  }
}

describe('a pipeline that was put together', () => {
  test('has all that a run needs', async () => {
    const pipeline = await assembled();
    expect(pipeline).toMatchObject({
      name: 'own',
      seed: 0,
      trained: ['train'],
      directory: join('runs', 'own'),
      deadLetter: join('runs', 'own', 'dead-letters.ndjson'),
      evaluation: { from: ['test'], everyEpochs: 1, batchRows: 512 },
      checkpoint: { everyEpochs: 1, keep: 3 },
      engine: { type: 'onnx-cpu' },
      remarks: [],
    });
    expect([...pipeline.sources.keys()]).toEqual(['train', 'test']);
    expect(pipeline.runner.optimizer.type).toBe('adam');
    expect(JSON.stringify(pipeline.written)).toContain('${FOLDER}/own.csv');
    expect(formatModel(pipeline.model)).toBe(
      [
        'x: input float32 [2]',
        'kind: input float32 [3]',
        'both/concatenate = Concatenate(x, kind) axis=-1',
        'trunk/dense = Dense(both/concatenate) units=16 activation="relu"',
        'toxic/dense = Dense(trunk/dense) units=1',
        'soluble/dense = Dense(trunk/dense) units=1',
        'grade/dense = Dense(trunk/dense) units=3',
        'toxic: output [1] = toxic/dense loss={"type":"binaryCrossentropy","positiveWeight":1,"labelSmoothing":0} denominator=present',
        'soluble: output [1] = soluble/dense loss={"type":"meanSquaredError"} denominator=present',
        'grade: output [3] = grade/dense loss={"type":"sparseCategoricalCrossentropy","labelSmoothing":0} denominator=present',
      ].join('\n'),
    );
  });

  test('trains: its batches go into its model', async () => {
    const pipeline = await assembled(ownYaml.replace('epochs: 2', 'epochs: 20'));
    const engine = await openEngine({ type: 'onnx-cpu', threads: 1, worker: false });
    const runner = await StepRunner.open(pipeline.model, engine, pipeline.runner);
    try {
      const items = await lastValueFrom(pipeline.batches().pipe(takeSteps(runner), toArray()));
      const steps = items.flatMap((item) => ('heads' in item ? [item] : []));
      const losses = steps.flatMap(({ heads }) => (heads.toxic ? [heads.toxic.loss] : []));
      const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
      expect(steps).toHaveLength(20 * 7);
      expect(mean(losses.slice(-14))).toBeLessThan(0.7 * mean(losses.slice(0, 14)));
    } finally {
      await runner.close();
      await engine.close();
    }
  });

  test('goes on with what its features learned', async () => {
    const first = await assembled();
    const { folder, file } = ownFolder();
    const looked: string[] = [];
    const again = await assemble(await loadPipeline(file, { FOLDER: folder }), {
      fitted: JSON.parse(JSON.stringify(first.fitted())),
      onFit: (name) => looked.push(name),
    });
    expect(looked).toEqual([]);
    expect(again.fitted()).toEqual(first.fitted());
    expect(again.sources.get('test')?.inputs).toEqual(first.sources.get('train')?.inputs);
  });

  test('several sources are joined', async () => {
    const yaml = ownYaml
      .replace('from: train,', 'from: { train: 1, test: 3 }, route: [{ source: test, heads: toxic }],')
      .replace('evaluate: { from: test }\n', '');
    const pipeline = await assembled(yaml);
    const batches = await lastValueFrom(pipeline.batches().pipe(toArray()));
    expect(pipeline.trained).toEqual(['train', 'test']);
    const origins = new Set(batches.flatMap((batch) => [...(batch.origins ?? [])]));
    expect([...origins].sort()).toEqual([0, 1]);
  });

  test('rules know rows by the tags of their source, which like does not hand on', async () => {
    const yaml = ownYaml
      .replace('    id: id\n', '    id: id\n    tags: [lab, old]\n')
      .replace('like: train }', 'like: train, tags: [field] }')
      .replace(
        'from: train,',
        "from: { train: 1, test: 1 }, route: [{ tag: old, heads: toxic }, { tag: 'f*', heads: grade }],",
      )
      .replace('evaluate: { from: test }\n', '');
    const batches = await lastValueFrom((await assembled(yaml)).batches().pipe(toArray()));
    const labelled: Record<string, number>[] = [{}, {}];
    for (const { rows, origins, labels } of batches)
      for (const [head, { present }] of Object.entries(labels))
        for (let row = 0; row < rows; row++) {
          const counts = labelled[origins?.[row] as number] as Record<string, number>;
          counts[head] = (counts[head] ?? 0) + (present[row] as number);
        }
    expect(labelled).toEqual([
      { toxic: 2 * 120, grade: 0 },
      { toxic: 0, grade: 2 * 45 },
    ]);
  });

  test('can be made by a program, too', async () => {
    const { folder } = ownFolder();
    const source = { type: 'csv', path: join(folder, 'own.csv') };
    const loaded = pipelineOf({
      name: 'made',
      sources: {
        train: { ...source, features: { x: { standardize: { columns: 'age' } } }, labels: { columns: 'toxic' } },
      },
      stream: { from: 'train' },
      model: { heads: [{ columns: '*', layers: [{ dense: 1 }], loss: 'hinge' }] },
    });
    expect((await assemble(loaded)).model.heads.map(({ name }) => name)).toEqual(['toxic']);
    expect(() => pipelineOf({ name: 'made' })).toThrow('sources: expected an object; found nothing');
  });
});

describe('what is wrong is said with its place in the file', () => {
  test.each<[string, (yaml: string) => string, string]>([
    [
      'a file that is not there',
      (yaml) => yaml.replace('own.csv', 'nope.csv'),
      "own.yaml:5:5  sources.train.path: expected a file; found none at '${FOLDER}/nope.csv'",
    ],
    [
      'files that are not there, of a source and of one that is like it',
      (yaml) => yaml.replace('own.csv', 'nope.csv').replace('/test.csv', '/none.csv'),
      [
        "own.yaml:5:5  sources.train.path: expected a file; found none at '${FOLDER}/nope.csv'",
        "own.yaml:14:22  sources.test.path: expected a file; found none at '${FOLDER}/none.csv'",
      ].join('\n'),
    ],
    [
      'nothing to learn features from',
      (yaml) => yaml.replace('    id: id\n', "    id: id\n    where: 'age > 1000'\n"),
      'own.yaml:3:3  sources.train: expected rows that features or labels can learn from; found none',
    ],
    [
      'a head of two numbers, and labels of one, in a source that another is like',
      (yaml) => yaml.replace('dense: 1', 'dense: 2'),
      [
        'own.yaml:10:5  sources.train.labels, head "toxic": expected labels [2]: 2 numbers; found 1',
        "  hint: give the head's last layer fewer units: { dense: 1 } for most losses; one of 2 classes goes with sparseCategoricalCrossentropy",
      ].join('\n'),
    ],
    [
      'sources that are not there',
      (yaml) => yaml.replace('from: train,', 'from: trian,').replace('from: test }', 'from: [test, valid] }'),
      [
        "own.yaml:15:11  stream.from: expected one of 'train', 'test'; found 'trian'",
        "  hint: did you mean 'train'?",
        "own.yaml:28:26  evaluate.from[1]: expected one of 'train', 'test'; found 'valid'",
      ].join('\n'),
    ],
    [
      'a source that is like nothing',
      (yaml) => yaml.replace('like: train', 'like: trian'),
      [
        "own.yaml:14:50  sources.test.like: expected one of 'train', 'test'; found 'trian'",
        "  hint: did you mean 'train'?",
      ].join('\n'),
    ],
    [
      'sources that are like each other',
      (yaml) => yaml.replace('    id: id', '    like: test'),
      [
        "own.yaml:6:5  sources.train.like: expected another source; found 'train', in the end",
        "own.yaml:14:50  sources.test.like: expected another source; found 'test', in the end",
      ].join('\n'),
    ],
    [
      'columns of features and labels that are not there',
      (yaml) => yaml.replace('age|weight', 'agee').replace('toxic: {}', 'toxicc: {}'),
      [
        "own.yaml:8:7  sources.train.features.x: expected a column 'agee'; found 'id', 'age', 'weight', 'kind', 'toxic', 'soluble', 'grade'",
        "  hint: did you mean 'age'?",
        "own.yaml:11:7  sources.train.labels.toxicc: expected a column 'toxicc'; found 'id', 'age', 'weight', 'kind', 'toxic', 'soluble', 'grade'",
        "  hint: did you mean 'toxic'?",
      ].join('\n'),
    ],
    [
      'rules that fit no row',
      (yaml) =>
        yaml
          .replace('id: id', 'tags: [lab, public]')
          .replace(
            'from: train,',
            "from: train, route: [{ tag: pubic, heads: toxic }, { source: test, tag: lab|x, heads: 'b*' }],",
          ),
      [
        "own.yaml:15:34  stream.route[0].tag: expected a tag 'pubic'; found 'lab', 'public'",
        "  hint: did you mean 'public'?",
        "own.yaml:15:64  stream.route[1].source: expected a source 'test'; found 'train'",
        "own.yaml:15:90  stream.route[1].heads: expected a head 'b*'; found 'toxic', 'soluble', 'grade'",
      ].join('\n'),
    ],
    [
      'a rule for a tag where no source has any',
      (yaml) => yaml.replace('from: train,', 'from: train, route: [{ tag: lab, heads: toxic }],'),
      "own.yaml:15:34  stream.route[0].tag: expected a tag 'lab'; found none",
    ],
    [
      'a head without a label',
      (yaml) => yaml.replace('name: toxic,', 'name: toxicity,'),
      "own.yaml:24:9  model.heads[0].name: expected a label 'toxicity'; found 'toxic', 'soluble', 'grade'",
    ],
    [
      'a label without a head',
      (yaml) => yaml.replace(/ {4}- \{ name: grade.*\n/, ''),
      [
        "own.yaml:10:5  sources.train.labels: expected labels of heads of the model: toxic, soluble; found 'grade'",
        '  hint: leave it out of the labels, or give the model such a head',
      ].join('\n'),
    ],
    [
      'features that would be learned from the test',
      (yaml) => yaml.replace('like: train', 'features: { x: { standardize: { columns: age|weight } } }'),
      [
        "own.yaml:14:3  sources.test: expected features and labels as source 'train' learned them; found some that would have to be learned from what is only evaluated",
        '  hint: like: train',
      ].join('\n'),
    ],
    [
      'other features in the test',
      (yaml) => yaml.replace('like: train', 'features: { x: { tensor: { columns: age } } }'),
      [
        "own.yaml:14:50  sources.test.features: expected 'x' as float32 [2], as source 'train' gives it; found float32 [1]",
        '  hint: like: train',
        "own.yaml:14:50  sources.test.features: expected 'kind' as float32 [3], as source 'train' gives it; found none of that name",
        '  hint: like: train',
      ].join('\n'),
    ],
    [
      'misspelt and wrong options, all at once',
      (yaml) => yaml.replace('shuffle: 100', 'shufle: 100').replace('0.01 }', 'fast }').replace('seed', 'sed'),
      [
        "own.yaml:15:24  stream.shufle: expected an option out of 'from', 'join', 'route', 'record', 'shuffle', 'reservoir', 'batch', 'epochs', 'steps'; found 'shufle'",
        "  hint: did you mean 'shuffle'?",
        "own.yaml:27:26  optimizer.learningRate: expected a number, or an object; found 'fast'",
      ].join('\n'),
    ],
    [
      'a medium that there is none of',
      (yaml) => yaml.replace('type: csv', 'type: cvs'),
      `own.yaml:4:5  sources.train.type: expected one of ${sources.types.map((type) => `'${type}'`).join(', ')}; found 'cvs'\n  hint: did you mean 'csv'?`,
    ],
  ])('%s', async (_, change, expected) => {
    expect(await messageOf(change(ownYaml))).toBe(expected);
  });
});

test('what is perhaps not meant is a remark', async () => {
  const yaml = ownYaml
    .replace('evaluate: { from: test }\n', '')
    .replace('  merges:\n    both: { from: [x, kind] }\n', '')
    .replace('from: both', 'from: x');
  const { remarks } = await assembled(yaml);
  expect(remarks.map(({ where, ...rest }) => ({ where: where.split(':').slice(1).join(':'), ...rest }))).toEqual([
    {
      where: '16:1  model',
      expected: "something that begins from the feature 'kind'",
      found: 'nothing: it is read for no head',
    },
    {
      where: '14:3  sources.test',
      expected: 'a source that is trained on or evaluated',
      found: 'one that nothing names',
      hint: 'predict may still read it',
    },
  ]);
});

test('the pipeline of the first page is read as it is written', async (context) => {
  const data = new URL('../../../shared/data', import.meta.url).pathname;
  context.skip(!existsSync(join(data, 'tox21')), 'needs ../shared/data/tox21');
  const yaml = `name: tox21
sources:
  train: { type: parquet, path: "\${TRUNKLINE_DATA:-data}/tox21/assay_train.parquet",
           features: { fp: { multiHot: 2048 } }, labels: { columns: "NR-*|SR-*" } }
  test:  { type: parquet, path: "\${TRUNKLINE_DATA:-data}/tox21/assay_test.parquet", like: train }
stream: { from: train, shuffle: 8192, batch: 64, epochs: 10 }
model:
  inputs: { fp: [2048] }
  trunk:
    - dense: { units: 2048, activation: relu }
    - dropout: { rate: 0.2 }
  heads:
    - { columns: "NR-*|SR-*", from: trunk, layers: [{ dense: { units: 1 } }],
        loss: { type: binaryCrossentropy, positiveWeight: 15 }, denominator: present, metrics: [rocAuc, mcc] }
merge: { type: sum }
optimizer: { type: adam, learningRate: 3e-4, l2: 1e-4 }
evaluate: { from: test, everyEpochs: 1 }
checkpoint: { directory: runs/tox21, everySteps: 500, keep: 3 }
metrics: { port: 9464 }
`;
  const folder = folderOf({ 'tox21.yaml': yaml });
  const pipeline = await assemble(await loadPipeline(join(folder, 'tox21.yaml'), { TRUNKLINE_DATA: data }));
  expect(pipeline.model.heads).toHaveLength(12);
  expect(pipeline.model.inputs).toMatchObject([{ name: 'fp', shape: [2048], dtype: 'float32' }]);
  expect(pipeline.config.metrics).toEqual({ host: '127.0.0.1', port: 9464 });
  expect(readFileSync(join(folder, 'tox21.yaml'), 'utf8')).toBe(yaml);
});

test('what has no end is neither evaluated nor kept by epochs', async () => {
  const live = {
    type: 'http',
    columns: { x: 'numbers', y: 'number' },
    features: { x: { tensor: [2] } },
    labels: { y: {} },
  };
  const config = {
    name: 'live',
    sources: { live },
    stream: { from: 'live' },
    model: { heads: [{ columns: 'y', from: 'x', layers: [{ dense: { units: 1 } }], loss: 'meanSquaredError' }] },
    evaluate: { from: 'live' },
  };
  const found = "source 'live', which has no end";
  await expect(assemble(pipelineOf(config))).rejects.toThrow(
    [
      `checkpoint: expected a number of steps or minutes; found ${found}\n  hint: everyMinutes: 5`,
      `evaluate: expected a number of steps; found ${found}\n  hint: everySteps: 500`,
      "evaluate.from: expected a source with an end; found 'live', which has none",
    ].join('\n'),
  );
  const { evaluate: _, ...rest } = config;
  const pipeline = await assemble(pipelineOf({ ...rest, checkpoint: { everyMinutes: 5 } }));
  expect(pipeline.checkpoint).toMatchObject({ everyMs: 300_000 });
  const fitted = { ...live, features: { x: { standardize: { columns: 'y' } } } };
  await expect(
    assemble(pipelineOf({ ...rest, sources: { live: fitted }, checkpoint: { everySteps: 5 } })),
  ).rejects.toThrow(
    'sources.live: expected features and labels that need to learn nothing first, as this source has no end; found some that do\n  hint: train on a source with an end too, named before this one, and say here: like: <its name>',
  );
});
