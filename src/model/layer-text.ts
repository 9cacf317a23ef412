/** What `getConfig` of a layer gives. */
type Config = Readonly<Record<string, unknown>>;

interface Described {
  readonly className: string;
  readonly config: Config;
}

/** A layer among those of a model that is used as one. */
interface Part extends Described {
  readonly name?: string;
  /** For each use, what it is given: names of parts, which of their uses and outputs, and what else. */
  readonly inboundNodes?: readonly (readonly Reference[])[];
}

type Reference = readonly [name: string, use: number, output: number, callArgs?: Config];

/** Options that say most of a layer come first. */
const leading = [
  'units',
  'filters',
  'kernelSize',
  'poolSize',
  'inputDim',
  'outputDim',
  'n',
  'rate',
  'activation',
  'axis',
];

/** What options mostly are: then they are left out. One value for each, so that no two values look alike. */
const usual: Readonly<Record<string, string>> = {
  trainable: 'true',
  dtype: '"float32"',
  sparse: 'false',
  activation: '"linear"',
  recurrentActivation: '"hardSigmoid"',
  useBias: 'true',
  padding: '"valid"',
  dataFormat: '"channelsLast"',
  kernelInitializer: 'VarianceScaling(scale=1 mode="fanAvg" distribution="normal")',
  recurrentInitializer: 'Orthogonal(gain=1)',
  embeddingsInitializer: 'RandomUniform(minval=-0.05 maxval=0.05)',
  biasInitializer: 'Zeros()',
  betaInitializer: 'Zeros()',
  gammaInitializer: 'Ones()',
  movingMeanInitializer: 'Zeros()',
  movingVarianceInitializer: 'Ones()',
  center: 'true',
  scale: 'true',
  dropout: '0',
  recurrentDropout: '0',
  returnSequences: 'false',
  returnState: 'false',
  goBackwards: 'false',
  stateful: 'false',
  unroll: 'false',
  resetAfter: 'false',
};

/** Options that are told otherwise: layers go by their names, a model's layers have lines of their own. */
const apart: ReadonlySet<string> = new Set(['name', 'layers', 'inputLayers', 'outputLayers']);

/**
 * Options of a layer as text, but for its name, those that are as usual, and functions, which can't be compared. Layers
 * that differ in any other have different texts.
 */
export function formatOptions(className: string, config: Config): string {
  const isPart = (key: string): boolean => apart.has(key) && (key === 'name' || isModel(config));
  // A layer that begins a model says what it is given; where it is used, its input says so.
  const ofInput = className !== 'InputLayer' && 'batchInputShape' in config ? ['batchInputShape', 'dtype'] : [];
  const keys = [
    ...leading.filter((key) => key in config),
    ...Object.keys(config).filter((key) => !leading.includes(key)),
  ];
  return keys
    .filter((key) => !isPart(key) && !ofInput.includes(key) && typeof config[key] !== 'function')
    .filter((key) => config[key] !== undefined && config[key] !== null)
    .map((key) => [key, formatOption(config[key])] as const)
    .filter(([key, text]) => text !== usual[key])
    .map(([key, text]) => ` ${key}=${text}`)
    .join('');
}

/** Lines about the layers of a model that is used as a layer, by their numbers in it; none for any other layer. */
export function formatParts(config: Config): readonly string[] {
  if (!isModel(config)) return [];
  const numbers = new Map(config.layers.map(({ name, config: own }, at) => [name ?? own.name, at]));
  const formatReference = ([name, use, output, callArgs = {}]: Reference): string => {
    const given = Object.keys(callArgs).length > 0 ? ` with ${formatOption(callArgs)}` : '';
    return `${numbers.get(name)}${use > 0 ? `#${use + 1}` : ''}${output > 0 ? `:${output}` : ''}${given}`;
  };
  const formatList = (references: readonly Reference[]): string => references.map(formatReference).join(', ');
  const lines = config.layers.flatMap(({ className, config: own, inboundNodes }, at) => {
    const uses = inboundNodes && inboundNodes.length > 0 ? `(${inboundNodes.map(formatList).join('; ')})` : '';
    return [`${at} = ${className}${uses}${formatOptions(className, own)}`, ...formatParts(own).map(indent)];
  });
  const ends = (['inputLayers', 'outputLayers'] as const).flatMap((key) => {
    const references = config[key] as readonly Reference[] | undefined;
    return references ? [`${key}: ${formatList(references)}`] : [];
  });
  return [...lines, ...ends];
}

export const indent = (line: string): string => `  ${line}`;

function isModel(config: Config): config is Config & { readonly layers: readonly Part[] } {
  return Array.isArray(config.layers) && config.layers.every(isDescribed);
}

function isDescribed(value: unknown): value is Described {
  if (typeof value !== 'object' || value === null) return false;
  const { className, config } = value as Partial<Described>;
  return typeof className === 'string' && typeof config === 'object' && config !== null;
}

/** JSON, with words for all numbers, and layers as in lines. */
export function formatOption(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (value === null || typeof value !== 'object')
    return typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? 'null');
  if (Array.isArray(value) || ArrayBuffer.isView(value))
    return `[${Array.from(value as readonly unknown[], formatOption).join(',')}]`;
  if (isDescribed(value)) {
    const { className, config } = value;
    const parts = formatParts(config);
    const below = parts.length > 0 ? ` {${parts.join('; ')}}` : '';
    return `${className}(${formatOptions(className, config).slice(1)}${below})`;
  }
  const { name } = value.constructor ?? Object;
  const kind = name === 'Object' ? '' : `${name} `;
  return `${kind}{${Object.entries(value)
    .map(([key, part]) => `${JSON.stringify(key)}:${formatOption(part)}`)
    .join(',')}}`;
}
