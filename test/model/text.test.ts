import '@tensorflow/tfjs-backend-cpu';
import { isDeepStrictEqual } from 'node:util';
import { input, layers, model, regularizers, type SymbolicTensor, sequential } from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fork, formatModel, GraphModel, joinWith, type OutputOptions } from '../../src/model/index.ts';
import { formatOption, formatOptions } from '../../src/model/layer-text.ts';

type Layer = layers.Layer;

/** The text of a model with this layer. */
function textWith(layer: Layer, shape: readonly number[], output: OutputOptions = {}): string {
  const graph = new GraphModel();
  const dtype = layer.getClassName() === 'Embedding' ? 'int32' : 'float32';
  graph.output('y', graph.input('x', shape, { dtype }).add(layer), output);
  return formatModel(graph.describe());
}

/** Layers of each kind that differ in one option, and that many samples of a shape can be given to. */
const alike: readonly (readonly [string, readonly number[], readonly (() => Layer)[]])[] = [
  [
    'convolution',
    [8, 8, 2],
    [{}, { strides: 2 }, { padding: 'same' }, { dilationRate: 2 }, { useBias: false }, { activation: 'relu' }].flatMap(
      (options) => [
        () => layers.conv2d({ filters: 2, kernelSize: 3, ...(options as object) }),
        () => layers.separableConv2d({ filters: 2, kernelSize: 3, ...(options as object) }),
      ],
    ),
  ],
  [
    'normalization',
    [4],
    [{}, { momentum: 0.9 }, { epsilon: 1e-5 }, { center: false }, { scale: false }, { trainable: false }].flatMap(
      (options) => [() => layers.batchNormalization(options)],
    ),
  ],
  [
    'pooling',
    [8, 8, 2],
    [{}, { strides: 1 }, { padding: 'same' }, { poolSize: 3 }].flatMap((options) => [
      () => layers.maxPooling2d({ poolSize: 2, strides: 2, ...(options as object) }),
      () => layers.averagePooling2d({ poolSize: 2, strides: 2, ...(options as object) }),
    ]),
  ],
  [
    'activation',
    [4],
    [
      () => layers.leakyReLU(),
      () => layers.leakyReLU({ alpha: 0.1 }),
      () => layers.elu(),
      () => layers.reLU(),
      () => layers.reLU({ maxValue: 6 }),
      () => layers.thresholdedReLU(),
      () => layers.thresholdedReLU({ theta: 2 }),
      () => layers.softmax(),
      () => layers.activation({ activation: 'softplus' }),
      () => layers.activation({ activation: 'softsign' }),
    ],
  ],
  [
    'recurrence',
    [5, 3],
    [
      {},
      { returnSequences: true },
      { goBackwards: true },
      { recurrentActivation: 'sigmoid' },
      { dropout: 0.1 },
      { recurrentDropout: 0.1 },
      { recurrentInitializer: 'glorotUniform' },
    ].flatMap((options) => [
      () => layers.lstm({ units: 2, ...(options as object) }),
      () => layers.gru({ units: 2, ...(options as object) }),
      () =>
        layers.bidirectional({ layer: layers.lstm({ units: 2, ...(options as object) }) as never, mergeMode: 'sum' }),
    ]),
  ],
  [
    'a layer in another',
    [5, 3],
    [
      () => layers.timeDistributed({ layer: layers.dense({ units: 2 }) }),
      () => layers.timeDistributed({ layer: layers.dense({ units: 2, activation: 'tanh' }) }),
      () => layers.timeDistributed({ layer: layers.dense({ units: 2, useBias: false }) }),
      () => layers.timeDistributed({ layer: sequential({ layers: [layers.dense({ units: 2, inputShape: [3] })] }) }),
      () => layers.timeDistributed({ layer: sequential({ layers: [layers.dense({ units: 3, inputShape: [3] })] }) }),
    ],
  ],
  [
    'dense',
    [4],
    [
      {},
      { units: 3 },
      { activation: 'relu' },
      { useBias: false },
      { trainable: false },
      { kernelInitializer: 'zeros' },
      { biasInitializer: 'ones' },
      { kernelRegularizer: regularizers.l2({ l2: 0.1 }) },
      { kernelRegularizer: regularizers.l2({ l2: 0.2 }) },
      { kernelRegularizer: regularizers.l1({ l1: 0.1 }) },
      { biasRegularizer: regularizers.l2({ l2: 0.1 }) },
    ].map((options) => () => layers.dense({ units: 2, ...(options as object) })),
  ],
  [
    'embedding',
    [5],
    [{}, { maskZero: true }, { outputDim: 3 }, { inputDim: 8 }].map(
      (options) => () => layers.embedding({ inputDim: 7, outputDim: 2, ...options }),
    ),
  ],
  [
    'model',
    [4],
    [
      ...[{}, { activation: 'relu' as const }, { useBias: false }].map(
        (options) => () => sequential({ layers: [layers.dense({ units: 2, inputShape: [4], ...options })] }),
      ),
      ...[true, false].map((twice) => () => {
        const given = input({ shape: [4] });
        const [a, b] = [layers.dense({ units: 4 }), layers.dense({ units: 4 })];
        const once = a.apply(given) as SymbolicTensor;
        return model({
          inputs: given,
          outputs: layers.add().apply([once, (twice ? a : b).apply(once)] as never) as never,
        });
      }),
      () => {
        const made = sequential({ layers: [layers.dense({ units: 2, inputShape: [4] })] });
        made.trainable = false;
        return made;
      },
    ],
  ],
  [
    'noise',
    [4],
    [
      () => layers.dropout({ rate: 0.1 }),
      () => layers.dropout({ rate: 0.1, noiseShape: [1, 4] }),
      () => layers.dropout({ rate: 0.1, seed: 3 }),
      () => layers.gaussianNoise({ stddev: 0.1 }),
      () => layers.gaussianNoise({ stddev: 0.2 }),
      () => layers.gaussianDropout({ rate: 0.1 }),
      () => layers.alphaDropout({ rate: 0.1 }),
    ],
  ],
];

describe('models that differ have different texts', () => {
  it.each(alike)('%s', (_, shape, kinds) => {
    const texts = kinds.map((make) => textWith(make(), shape));
    expect(new Set(texts).size).toBe(texts.length);
    expect(
      kinds.map((make) => textWith(make(), shape)),
      'made again',
    ).toEqual(texts);
  });

  it('whatever option of a layer is changed', () => {
    const other = (value: unknown): unknown => {
      if (typeof value === 'number') return value + 1;
      if (typeof value === 'boolean') return !value;
      if (typeof value === 'string') return `${value}Other`;
      return Array.isArray(value) ? [...value, 1] : value === null ? 'something' : { className: 'Other', config: {} };
    };
    for (const make of alike.flatMap(([, , kinds]) => kinds)) {
      const layer = make();
      const config = { ...layer.getConfig() } as Record<string, unknown>;
      if ('layers' in config) continue;
      const text = formatOptions(layer.getClassName(), config);
      for (const key of Object.keys(config)) {
        if (key === 'name' || key === 'batchInputShape' || config[key] === undefined) continue;
        expect(formatOptions(layer.getClassName(), { ...config, [key]: other(config[key]) }), key).not.toBe(text);
      }
    }
  });

  it('whatever options are', () => {
    const leaf = fc.constantFrom(true, false, '', 'true', '0', '[1]', ' b=1', 0, -0, 1, 1.5, NaN, Infinity, -Infinity);
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => {
      const options = fc.dictionary(fc.constantFrom('a', 'b', 'units'), tie('tree'), {
        maxKeys: 2,
        noNullPrototype: true,
      });
      return {
        tree: fc.oneof(
          { maxDepth: 3 },
          leaf,
          fc.array(tie('tree'), { maxLength: 3 }),
          options,
          fc.record({ className: fc.constantFrom('A', 'B'), config: options }, { noNullPrototype: true }),
        ),
      };
    });
    fc.assert(
      fc.property(tree, tree, (one, other) => {
        fc.pre(!isDeepStrictEqual(one, other));
        expect(formatOption(one)).not.toBe(formatOption(other));
      }),
      { numRuns: 2000 },
    );
  });

  it('by the branch a layer belongs to, which is frozen and clipped as a whole', () => {
    const [a, b] = ['a', 'b'].map((branch) => {
      const graph = new GraphModel();
      graph.output('y', fork(graph.input('x', [4]), [branch])[0].add(layers.dense({ units: 1, name: 'last' })));
      return formatModel(graph.describe());
    });
    expect(a).toContain('last = Dense(x) units=1 branch="a"');
    expect(b).toBe(a?.replace('branch="a"', 'branch="b"'));
  });

  it('by the losses, but not by what may change while training', () => {
    const text = (options: OutputOptions) => textWith(layers.dense({ units: 1 }), [4], options);
    const plain = text({ loss: 'huber' });
    for (const other of [{}, { loss: 'logCosh' }, { loss: { type: 'huber', delta: 2 } }] as const)
      expect(text(other)).not.toBe(plain);
    expect(text({ loss: 'huber', denominator: 'batch' })).not.toBe(plain);
    expect(text({ loss: 'huber', trainingOnly: true })).not.toBe(plain);
    expect(text({ loss: 'huber', weight: 0.5, learningRate: 0.1, frozen: true, metrics: ['r2'] })).toBe(plain);
  });
});

it('shows the layers of a model that is used as one', () => {
  const [left, right] = [input({ shape: [4] }), input({ shape: [3] })];
  const shared = layers.dense({ units: 2 });
  const inner = sequential({ layers: [layers.dense({ units: 4, inputShape: [3] })] });
  const ends = [shared.apply(left), shared.apply(inner.apply(right) as SymbolicTensor)] as SymbolicTensor[];
  const outputs = layers.concatenate().apply(ends) as SymbolicTensor;
  const made = model({ inputs: [left, right], outputs, name: 'encoder' });
  const graph = new GraphModel();
  const [a, b] = [graph.input('a', [4]), graph.input('b', [3])];
  graph.output('y', joinWith(made, [a, b]));
  expect(`\n${formatModel(graph.describe())}\n`).toMatchInlineSnapshot(`
    "
    a: input float32 [4]
    b: input float32 [3]
    encoder = Model(a, b) branch="a+b"
      0 = InputLayer batchInputShape=[null,3]
      1 = InputLayer batchInputShape=[null,4]
      2 = Sequential(0)
        0 = Dense units=4
      3 = Dense(1; 2#2) units=2
      4 = Concatenate(3, 3#2) axis=-1
      inputLayers: 1, 0
      outputLayers: 4
    y: output [4] = encoder untrained
    "
  `);
});
