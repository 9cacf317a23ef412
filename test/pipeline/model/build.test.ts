import { layers } from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { parseConfig, placeOf } from '../../../src/core/config.ts';
import { ConfigError } from '../../../src/core/error.ts';
import { trunklineBackend } from '../../../src/engine/backend.ts';
import { metrics } from '../../../src/metric/index.ts';
import { Branch, formatModel, type ModelSpec } from '../../../src/model/index.ts';
import { pipelineLayers } from '../../../src/pipeline/layer/index.ts';
import { buildModel, type Given } from '../../../src/pipeline/model/build.ts';
import { type ModelInputConfig, modelSchema } from '../../../src/pipeline/model/schema.ts';
import { toLayersModel } from '../../../src/train/export.ts';
import { Graph } from '../../../src/train/graph.ts';

trunklineBackend();

const { dense, dropout, conv2d, flatten } = layers;
const assays = ['NR-AR', 'NR-ER', 'SR-p53'];
const fingerprint: Given['inputs'] = { fp: { shape: [16], dtype: 'float32' } };

function build(config: ModelInputConfig, given: Partial<Given> = {}): ModelSpec {
  const where = (path: readonly PropertyKey[]): string => placeOf(path, 'model');
  const parsed = parseConfig(modelSchema, config, where);
  return buildModel(parsed, { inputs: fingerprint, labels: assays, seed: 0, where, ...given }).spec;
}

function messageOf(config: unknown, given: Partial<Given> = {}): string {
  try {
    return formatModel(build(config as ModelInputConfig, given));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message;
  }
}

/** Parameters by name, with their first values. */
const values = ({ groups }: ModelSpec): ReadonlyMap<string, readonly number[]> =>
  new Map(groups.flatMap(({ parameters }) => parameters.map(({ name, variable }) => [name, [...variable.dataSync()]])));

function expectSame(ours: ModelSpec, graph: Graph): void {
  const spec = graph.describe();
  expect(formatModel(ours)).toBe(formatModel(spec));
  expect(values(ours)).toEqual(values(spec));
}

describe('the model that Graph makes of the same layers', () => {
  test('a head for each label of a pattern', () => {
    const loss = { type: 'binaryCrossentropy', positiveWeight: 15 } as const;
    const ours = build({
      inputs: { fp: [16] },
      trunk: [{ dense: { units: 8, activation: 'relu' } }, { dropout: { rate: 0.2 } }],
      heads: [
        {
          columns: 'NR-*|SR-*',
          from: 'trunk',
          layers: [{ dense: { units: 1 } }],
          loss,
          denominator: 'present',
          metrics: ['rocAuc', 'mcc'],
        },
      ],
    });
    const graph = new Graph();
    const [trunk] = graph.fork(graph.input('fp', [16]), ['trunk']);
    trunk.add(dense({ units: 8, activation: 'relu' }), dropout({ rate: 0.2 }));
    for (const [at, branch] of graph.fork(trunk, assays).entries())
      graph.output(assays[at] as string, branch.add(dense({ units: 1 })), {
        loss,
        metrics: ['rocAuc', 'mcc'],
      });
    expectSame(ours, graph);
  });

  test('several inputs, branches, merges and an auxiliary head in mid-trunk', () => {
    const inputs: Given['inputs'] = {
      text: { shape: [12], dtype: 'float32' },
      image: { shape: [6, 6, 1], dtype: 'float32' },
    };
    const ours = build(
      {
        branches: {
          words: { from: 'text', layers: [{ dense: 8 }] },
          pixels: { from: 'image', layers: [{ conv2d: { filters: 2, kernelSize: 3 } }, 'flatten'] },
        },
        merges: { both: { from: ['words', 'pixels'], mode: 'concat' } },
        trunk: { from: 'both', layers: [{ dense: { units: 8, name: 'middle' } }, { dense: { units: 4 } }] },
        heads: [
          {
            name: 'aux',
            from: 'middle',
            layers: [{ dense: 1 }],
            loss: 'meanSquaredError',
            weight: 0.3,
            trainingOnly: true,
          },
          { name: 'main', layers: [{ dense: 3 }], loss: 'sparseCategoricalCrossentropy', learningRate: 0.5 },
          { name: 'raw' },
        ],
      },
      { inputs, labels: ['main', 'aux'] },
    );
    const graph = new Graph();
    const [words] = graph.fork(graph.input('text', [12]), ['words']);
    const [pixels] = graph.fork(graph.input('image', [6, 6, 1]), ['pixels']);
    pixels.add(conv2d({ filters: 2, kernelSize: 3 }), flatten());
    const both = graph.merge([words.add(dense({ units: 8 })), pixels], 'concat', { name: 'both' });
    const [trunk] = graph.fork(both, ['trunk']);
    trunk.add(dense({ units: 8, name: 'middle' }));
    const middle = new Branch(trunk.tensor);
    trunk.add(dense({ units: 4 }));
    const [aux] = graph.fork(middle, ['aux']);
    graph.output('aux', aux.add(dense({ units: 1 })), { loss: 'meanSquaredError', weight: 0.3, trainingOnly: true });
    const [main] = graph.fork(trunk, ['main']);
    graph.output('main', main.add(dense({ units: 3 })), { loss: 'sparseCategoricalCrossentropy', learningRate: 0.5 });
    graph.output('raw', trunk);
    expectSame(ours, graph);
  });

  test('a trunk can be left out, and so can the shapes', () => {
    const graph = new Graph();
    const [head] = graph.fork(graph.input('fp', [16]), ['NR-AR']);
    graph.output('NR-AR', head.add(dense({ units: 1 })), { loss: 'hinge' });
    expectSame(build({ heads: [{ name: 'NR-AR', layers: [{ dense: 1 }], loss: 'hinge' }] }), graph);
  });
});

test('layers with a name in heads of a pattern are told apart by the head', () => {
  const spec = build({ heads: [{ columns: 'NR-*', layers: [{ dense: { units: 1, name: 'out' } }], loss: 'hinge' }] });
  expect([...values(spec).keys()]).toEqual([
    'NR-AR/out/kernel',
    'NR-AR/out/bias',
    'NR-ER/out/kernel',
    'NR-ER/out/bias',
  ]);
});

test('heads may be called as columns are, whatever that is', () => {
  const labels = ['HLA-A*02:01', 'a label', '_µ'];
  const heads = [{ columns: 'HLA-*', layers: [{ dense: 1 }], loss: 'hinge' as const }];
  const rest = [{ columns: '!HLA-*', layers: [{ dense: { units: 1, name: 'out' } }], loss: 'hinge' as const }];
  const spec = build({ heads: [...heads, ...rest] }, { labels });
  expect(spec.heads.map(({ name }) => name)).toEqual(labels);
  expect([...values(spec).keys()].filter((name) => name.endsWith('kernel'))).toEqual([
    'HLA-A*02:01/dense/kernel',
    'a label/out/kernel',
    '_µ/out/kernel',
  ]);
  expect(toLayersModel(spec).outputNames).toHaveLength(3);
});

test('a pipeline in TypeScript may make layers of its own', () => {
  const spec = build({ heads: [{ columns: '*', layers: [() => dense({ units: 1, useBias: false })], loss: 'hinge' }] });
  expect([...values(spec).keys()]).toEqual(assays.map((assay) => `${assay}/dense/kernel`));
});

describe('what is wrong with a model', () => {
  const layer = { dense: 1 };
  const head = { columns: '*', layers: [layer], loss: 'binaryCrossentropy' };

  test.each<[string, unknown, readonly string[]]>([
    [
      'a pattern that means nothing',
      {
        heads: [
          { ...head, columns: 'NR_*' },
          { ...head, columns: undefined, name: 'NR-AX' },
        ],
      },
      [
        "model.heads[0].columns: expected a label 'NR_*'; found 'NR-AR', 'NR-ER', 'SR-p53'",
        "model.heads[1].name: expected a label 'NR-AX'; found 'NR-AR', 'NR-ER', 'SR-p53'",
        "  hint: did you mean 'NR-AR'?",
      ],
    ],
    [
      'two heads for one label',
      { heads: [head, { ...head, columns: 'SR-*' }] },
      ["model.heads[1]: expected one head for each label; found 'SR-p53', as in heads[0]"],
    ],
    [
      'misspelt names, all at once',
      {
        trunk: [{ dense: { unit: 8 } }, { dens: 8 }],
        heads: [{ ...head, metrics: ['rocAUC'], wieght: 1 }],
      },
      [
        'model.trunk[0].dense.units: expected a whole number; found nothing',
        "model.trunk[0].dense.unit: expected an option out of 'units', 'activation', 'useBias', 'kernelInitializer', 'name', 'type'; found 'unit'",
        "  hint: did you mean 'units'?",
        `model.trunk[1].dens: expected one of ${pipelineLayers.types.map((type) => `'${type}'`).join(', ')}; found 'dens'`,
        "  hint: did you mean 'dense'?",
        `model.heads[0].metrics[0]: expected one of ${metrics.types.map((type) => `'${type}'`).join(', ')}; found 'rocAUC'`,
        "  hint: did you mean 'rocAuc'?",
        "model.heads[0].wieght: expected an option out of 'columns', 'name', 'from', 'layers', 'loss', 'weight', 'denominator', 'metrics', 'prequential', 'learningRate', 'frozen', 'trainingOnly'; found 'wieght'",
        "  hint: did you mean 'weight'?",
      ],
    ],
    [
      'a beginning that is not there',
      { trunk: [{ dense: 4 }], branches: { a: { from: 'trunc', layers: [layer] } }, heads: [{ ...head, from: 'b' }] },
      [
        "model.branches.a.from: expected one of 'fp', 'trunk', 'a'; found 'trunc'",
        "  hint: did you mean 'trunk'?",
        "model.heads[0].from: expected one of 'fp', 'trunk', 'a'; found 'b'",
      ],
    ],
    [
      'a circle',
      { branches: { a: { from: 'b' }, b: { from: 'a' } }, heads: [{ ...head, from: 'fp' }] },
      ["model.branches.b.from: expected something that does not begin from this part itself; found 'a'"],
    ],
    [
      'shapes that the source does not give',
      { inputs: { fp: [1024], fingerprint: [3] }, heads: [{ ...head, from: 'fp' }] },
      [
        'model.inputs.fp: expected float32 [16], as the source gives it; found float32 [1024]',
        "model.inputs.fingerprint: expected a feature of the source: 'fp'; found 'fingerprint'",
      ],
    ],
    [
      'a layer that does not fit',
      { trunk: [{ lstm: 8 }], heads: [head] },
      [
        'model.trunk[0]: expected a layer that takes [batch, 16]; found one that does not: Input 0 is incompatible with layer lstm_LSTM1: expected ndim=3, found ndim=2',
      ],
    ],
    [
      'a layer that leaves nothing',
      { trunk: [{ reshape: [4, 4] }, { conv1d: { filters: 2, kernelSize: 5 } }], heads: [head] },
      [
        'model.trunk[1]: expected a layer that takes [batch, 4, 4]; found one that leaves nothing of it: [0, 2]',
        '  hint: a smaller kernel or window, or padding: same',
      ],
    ],
    [
      'a loss that has no meaning there',
      { heads: [{ ...head, loss: 'sparseCategoricalCrossentropy' }] },
      [
        'model.heads[0]: expected an output with at least 2 classes on its last axis; found an output [batch, 1]',
        '  hint: give the head one unit per class, or use binaryCrossentropy for a single yes or no',
      ],
    ],
    [
      'a name that is in use',
      { branches: { fp: { layers: [layer] } }, heads: [{ ...head, from: 'fp' }] },
      ["model.branches.fp: expected a name that is not in use; found an input 'fp'"],
    ],
    [
      'neither a name nor a pattern',
      { heads: [{ layers: [layer], loss: 'hinge' }] },
      [
        "model.heads[0]: expected either 'columns' or 'name'; found an object with layers, loss",
        "  hint: columns: 'NR-*' makes a head for each label it means, name: a single one",
      ],
    ],
    [
      'options that are not indented',
      { trunk: [{ dense: null, units: 8 }], heads: [head] },
      [
        'model.trunk[0]: expected a layer, as { dense: … }; found an object with dense, units',
        "  hint: indent the options of 'dense' further than its name",
      ],
    ],
  ])('%s', (_, config, lines) => {
    expect(messageOf(config).split('\n')).toEqual(lines);
  });

  test('several inputs leave open where something begins', () => {
    const inputs = { ...fingerprint, other: { shape: [2], dtype: 'float32' } } as const;
    expect(messageOf({ trunk: [layer], heads: [head] }, { inputs })).toBe(
      "model.trunk: expected 'from', because there are several inputs; found none for the trunk\n  hint: from: fp | other",
    );
  });

  test('a sequence of any length needs layers that take one', () => {
    const inputs = { words: { shape: [-1], dtype: 'int32' } } as const;
    const embedded = [{ embedding: { inputDim: 9, outputDim: 4 } }, 'globalMaxPooling1d'];
    expect(
      messageOf({ inputs: { words: { shape: [-1], dtype: 'int32' } }, trunk: embedded, heads: [head] }, { inputs }),
    ).toMatch(/^words: input int32 \[-1\]\n/);
    expect(messageOf({ trunk: ['flatten', layer], heads: [head] }, { inputs })).toMatch(
      /^model\.trunk\[0\]: expected a layer that takes \[batch, \?\]; found one that does not: /,
    );
  });
});
