/** A layer, in words that every contender has a layer for. Activations are layers; images and sequences are channels last. */
export type Layer =
  | { readonly type: 'dense'; readonly units: number }
  | { readonly type: 'conv2d'; readonly filters: number; readonly size: number }
  | { readonly type: 'conv1d'; readonly filters: number; readonly size: number }
  | { readonly type: 'embedding'; readonly words: number; readonly units: number }
  | { readonly type: 'relu' | 'layerNorm' | 'batchNorm' | 'maxPool2d' | 'globalAverage2d' | 'globalMax1d' }
  | { readonly type: 'dropout'; readonly rate: number };

/** One head, or several that are alike: the last layer has the units of all of them. */
export interface Heads {
  readonly name: string;
  readonly count: number;
  readonly layers: readonly Layer[];
  readonly loss: 'binaryCrossentropy' | 'sparseCategoricalCrossentropy' | 'smoothL1';
  /**
   * Share of the rows whose label is known; `inTurn`: all rows of every n-th batch, and none of the others; or how many
   * labels a batch has over all of the heads, which are then given one by one.
   */
  readonly known: number | 'inTurn' | { readonly labels: number };
}

/** What every contender trains: the sum over heads of the losses of labelled rows, divided by the rows of the batch. */
export interface Work {
  readonly id: string;
  /** What it is, for the table. */
  readonly summary: string;
  /** Batch sizes, and steps of one turn with each. */
  readonly batches: Readonly<Record<number, number>>;
  readonly input: { readonly shape: readonly number[]; readonly ids?: number };
  readonly trunk: readonly Layer[];
  readonly heads: readonly Heads[];
  readonly optimizer: 'adam' | 'adamw';
  readonly learningRate: number;
  /** Limit of the gradient's norm over everything. */
  readonly clip?: number;
}

const relu = { type: 'relu' } as const;
const dense = (units: number): Layer => ({ type: 'dense', units });
const binary = (name: string, count: number, layers: readonly Layer[] = [dense(count)]): Heads => ({
  name,
  count,
  layers,
  loss: 'binaryCrossentropy',
  known: 0.5,
});
const classes = (name: string, count: number, known: Heads['known']): Heads => ({
  name,
  count: 1,
  layers: [dense(count)],
  loss: 'sparseCategoricalCrossentropy',
  known,
});
const convolution = (filters: number): readonly Layer[] => [
  { type: 'conv2d', filters, size: 3 },
  { type: 'batchNorm' },
  relu,
  { type: 'maxPool2d' },
];

export const works = [
  {
    id: 'dense',
    summary: '1024-512-256, 12 binary heads, half of the labels, Adam',
    batches: { 32: 100, 128: 50, 1024: 10 },
    input: { shape: [1024] },
    trunk: [dense(512), relu, dense(256), relu],
    heads: [binary('head', 12)],
    optimizer: 'adam',
    learningRate: 1e-3,
  },
  {
    id: 'cnn',
    summary:
      '32 × 32 × 3, convolutions 32-64-128 with batch normalisation, a class head and a box head (half of the rows)',
    batches: { 64: 5 },
    input: { shape: [32, 32, 3] },
    trunk: [...[32, 64, 128].flatMap(convolution), { type: 'globalAverage2d' }],
    heads: [classes('class', 10, 1), { name: 'box', count: 1, layers: [dense(4)], loss: 'smoothL1', known: 0.5 }],
    optimizer: 'adam',
    learningRate: 1e-3,
  },
  {
    id: 'deep',
    summary: '6 × 1024 with layer normalisation and dropout, 4 heads of two layers, AdamW, gradients clipped at norm 1',
    batches: { 64: 10, 512: 3 },
    input: { shape: [1024] },
    trunk: Array.from({ length: 6 }, (): readonly Layer[] => [
      dense(1024),
      { type: 'layerNorm' },
      relu,
      { type: 'dropout', rate: 0.1 },
    ]).flat(),
    heads: ['a', 'b', 'c', 'd'].map((name) => binary(name, 1, [dense(256), relu, dense(1)])),
    optimizer: 'adamw',
    // With 1e-3, rounding has grown to other losses after 50 steps.
    learningRate: 3e-5,
    clip: 1,
  },
  {
    id: 'seq',
    summary:
      'embedding of 32 tokens in 64 numbers, convolution 128, greatest of each channel; POS, NER and chunk in turn',
    batches: { 64: 50 },
    input: { shape: [32], ids: 10_000 },
    trunk: [
      { type: 'embedding', words: 10_000, units: 64 },
      { type: 'conv1d', filters: 128, size: 3 },
      relu,
      { type: 'globalMax1d' },
    ],
    heads: [classes('pos', 17, 'inTurn'), classes('ner', 9, 'inTurn'), classes('chunk', 23, 'inTurn')],
    optimizer: 'adam',
    learningRate: 1e-3,
  },
  ...([100, 1000, 10_000, 100_000] as const).map((count) => ({
    id: `heads${count}` as const,
    summary: `${count} binary heads on one activation of 256, 1,300 labels a batch`,
    batches: { 256: 20 },
    input: { shape: [256] },
    trunk: [dense(256), relu],
    heads: [{ ...binary('head', count), known: { labels: 1300 } }],
    optimizer: 'adam' as const,
    learningRate: 1e-3,
  })),
  {
    id: 'soak',
    summary: '32-32, 4 binary heads, batch 16: what is left of a small model are the steps themselves',
    batches: { 16: 1000 },
    input: { shape: [32] },
    trunk: [dense(32), relu],
    heads: [binary('head', 4)],
    optimizer: 'adam',
    learningRate: 1e-3,
  },
] as const satisfies readonly Work[];

/** The same work where nobody draws random numbers, so that losses can be compared. */
export const withoutDropout = (work: Work): Work => {
  const kept = (layers: readonly Layer[]) => layers.filter(({ type }) => type !== 'dropout');
  const heads = work.heads.map((head) => ({ ...head, layers: kept(head.layers) }));
  return { ...work, trunk: kept(work.trunk), heads };
};

/** A parameter, and the matrix product that it takes part in for each row of a batch. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initial: 'zeros' | 'ones' | { readonly deviation: number };
}

/** `rows × inner × columns` for each row of a batch; the first of a model needs no gradient of what goes in. */
export interface Product {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

interface Walked {
  readonly parameters: Parameter[];
  readonly products: Product[];
}

/** @returns the shape of one sample after the layer */
function walk(layer: Layer, prefix: string, shape: readonly number[], { parameters, products }: Walked): number[] {
  const last = shape.at(-1) as number;
  const add = (name: string, of: readonly number[], initial: Parameter['initial']) =>
    parameters.push({ name: `${prefix}.${name}`, shape: of, initial });
  const kernel = (of: readonly number[], places: number, bias: boolean): void => {
    const columns = of.at(-1) as number;
    const inner = of.slice(0, -1).reduce((a, b) => a * b, 1);
    add('kernel', of, { deviation: Math.sqrt(2 / inner) });
    if (bias) add('bias', [columns], 'zeros');
    products.push({ rows: places, inner, columns });
  };
  switch (layer.type) {
    case 'dense':
      kernel([last, layer.units], 1, true);
      return [layer.units];
    case 'conv2d': {
      const [height, width] = shape as [number, number];
      kernel([layer.size, layer.size, last, layer.filters], height * width, false);
      return [height, width, layer.filters];
    }
    case 'conv1d':
      kernel([layer.size, last, layer.filters], shape[0] as number, true);
      return [shape[0] as number, layer.filters];
    case 'embedding':
      add('kernel', [layer.words, layer.units], { deviation: 0.5 });
      return [...shape, layer.units];
    case 'layerNorm':
    case 'batchNorm':
      add('gamma', [last], 'ones');
      add('beta', [last], 'zeros');
      return [...shape];
    case 'maxPool2d':
      return [(shape[0] as number) / 2, (shape[1] as number) / 2, last];
    case 'globalAverage2d':
    case 'globalMax1d':
      return [last];
    case 'relu':
    case 'dropout':
      return [...shape];
  }
}

/** Every parameter of a work, in the order of its layers, and its matrix products. */
export function partsOf(work: Work): Walked {
  const walked: Walked = { parameters: [], products: [] };
  const chain = (layers: readonly Layer[], prefix: string, begin: readonly number[]): readonly number[] =>
    layers.reduce((shape, layer, at) => walk(layer, `${prefix}.${at}`, shape, walked), [...begin]);
  const activation = chain(work.trunk, 'trunk', work.input.shape);
  for (const { name, layers } of work.heads) chain(layers, name, activation);
  return walked;
}
