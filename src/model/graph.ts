import { input, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { z } from 'zod';
import { parseConfig } from '../core/config.ts';
import { ConfigError } from '../core/error.ts';
import { formatValue, oneOf } from '../core/format.ts';
import type { Shape } from '../core/shape.ts';
import { didYouMean } from '../core/suggest.ts';
import { type Denominator, denominators, type LossConfig, losses } from '../loss/index.ts';
import type { MetricConfig } from '../metric/index.ts';
import { Branch, endOf, type Origin, sampleShape, tensorOf } from './branch.ts';
import { describeModel, type Output } from './describe.ts';
import type { LossNode } from './loss-node.ts';
import { type Losses, type LossLike, lossesByOutput } from './losses.ts';
import { metricsOf } from './metrics.ts';
import { release } from './release.ts';
import { refuseReserved } from './reserved.ts';
import type { ModelSpec, Objective } from './spec.ts';

/** What a user says of an output. Without a loss it is predicted and not trained. */
export interface OutputOptions {
  readonly loss?: LossLike;
  /** Factor of the loss in the merged one; 1 when left out. */
  readonly weight?: number;
  readonly denominator?: Denominator;
  readonly metrics?: readonly (MetricConfig['type'] | MetricConfig)[];
  /**
   * Whether the metrics are also computed while training, each row scored before it is trained on, over the last 1000
   * labels of the head; or over how many. false when left out.
   */
  readonly prequential?: boolean | number;
  /** Factor of the learning rate of what only this head uses; 1 when left out. */
  readonly learningRate?: number;
  /** Whether what only this head uses stays as it is. */
  readonly frozen?: boolean;
  /** Whether the output exists only while training, as auxiliary heads in mid-trunk do. */
  readonly trainingOnly?: boolean;
  /**
   * Whether it is computed together with outputs that are alike: faster, and the same to rounding. Apart, others come to
   * the same with or without it, bit for bit. true when left out.
   */
  readonly fuse?: boolean;
}

/** `'hinge'` or `{ type: 'hinge' }`: what has a type, by its type alone. */
export function typed<Config extends { readonly type: string }>(given: Config['type'] | Config): Config {
  return (typeof given === 'string' ? { type: given } : given) as Config;
}

/** Labels that a head is scored on while it trains, when nobody says how many. */
const windowLabels = 1000;

/** What is said of scoring while training: whether, or over how many labels. */
export const prequentialField = z
  .union([z.boolean(), z.number().int().positive()])
  .default(false)
  .describe(
    `Whether metrics are computed while training too, each row scored before it is trained on: over the last ${windowLabels} labels of the head, or over how many.`,
  );

/** Steps have factors as float32. */
const factor = z
  .number()
  .min(0)
  .refine((value) => Number.isFinite(Math.fround(value)), 'a finite number that float32 can hold')
  .default(1);

const optionsSchema = z.strictObject({
  loss: z.unknown().optional(),
  weight: factor,
  denominator: z.enum(denominators).default('present'),
  metrics: z.array(z.unknown()).default([]),
  prequential: prequentialField,
  learningRate: factor,
  frozen: z.boolean().default(false),
  trainingOnly: z.boolean().default(false),
  fuse: z.boolean().default(true),
});

/** @throws ConfigError with everything that is wrong with the options */
export function objectiveOf(name: string, options: OutputOptions): Objective | undefined {
  const where = `output '${name}'`;
  const {
    loss,
    metrics,
    prequential: scored,
    trainingOnly: _,
    ...settings
  } = parseConfig(optionsSchema, options, where);
  if (loss === undefined) return undefined;
  if (scored !== false && metrics.length === 0)
    throw new ConfigError({
      where: `${where}, prequential`,
      expected: 'metrics to score it with',
      found: 'none',
      hint: "metrics: ['meanAbsoluteError']",
    });
  const prequential = scored === true ? windowLabels : Number(scored);
  const { type, ...lossOptions } = losses.parse(typed<LossConfig>(loss as LossLike), `${where}, loss`);
  // Defaults filled in: models that mean the same have the same text.
  const config = { type, ...lossOptions } as LossConfig;
  const listed = metrics.map((metric) => typed<MetricConfig>(metric as MetricConfig));
  return { loss: losses.build(config, undefined, `${where}, loss`), config, metrics: listed, prequential, ...settings };
}

/** @throws ConfigError or ShapeError when the loss or a metric does not go with what the branch ends in */
function checkEnd(name: string, tensor: SymbolicTensor, objective: Objective): void {
  const shape = sampleShape(tensor);
  const label = objective.loss.label(shape, `head "${name}"`);
  metricsOf({ name, shape, objective, label });
  const layer = tensor.sourceLayer;
  const { activation = layer.getClassName().toLowerCase() } = layer.getConfig() as { readonly activation?: unknown };
  const fromLogits = objective.loss.prediction === 'probability' || objective.loss.prediction === 'distribution';
  if (fromLogits && (activation === 'sigmoid' || activation === 'softmax'))
    throw new ConfigError({
      where: `output '${name}'`,
      expected: `logits, which ${objective.loss.type} turns into probabilities itself`,
      found: `a layer with the activation ${activation}`,
      hint: 'leave the activation out: predict gives probabilities',
    });
}

/** Functions can't be compared: one may be another each time. */
const custom = ({ config }: Objective): boolean => config.type === 'custom';

/** A model being put together: named inputs, branches, named outputs. */
export class GraphModel {
  readonly #inputs = new Map<string, Branch>();
  readonly #outputs = new Map<string, Output>();
  readonly seed: number;

  /** @param seed of initial values */
  constructor(seed = 0) {
    this.seed = seed;
  }

  /**
   * A branch that begins with an input.
   * @param shape of one sample; −1 as its first size leaves the length of sequences to each batch
   * @param dtype int32 for what is looked up, as words in an embedding
   */
  input(name: string, shape: Shape, { dtype = 'float32' }: { readonly dtype?: 'float32' | 'int32' } = {}): Branch {
    if (this.#inputs.has(name))
      throw new ConfigError({
        where: `input '${name}'`,
        expected: 'a name that is not in use',
        found: 'another input',
      });
    if (!/^[A-Za-z0-9][\w./-]*$/.test(name))
      throw new ConfigError({
        where: `input '${name}'`,
        expected: 'a name of letters, digits, . _ - and /, which begins with a letter or digit',
        found: formatValue(name),
      });
    refuseReserved(`input '${name}'`, name);
    const fits = (size: unknown, axis: number): boolean =>
      Number.isInteger(size) && ((size as number) > 0 || (size === -1 && axis === 0));
    if (!Array.isArray(shape) || !shape.every(fits))
      throw new ConfigError({
        where: `input '${name}'`,
        expected:
          'the shape of one sample: a list of whole numbers, 1 or more, or −1 first for sequences of any length',
        found: Array.isArray(shape) ? `[${shape.map(formatValue).join(', ')}]` : formatValue(shape),
      });
    const branch = new Branch(input({ shape: shape.map((size) => (size < 0 ? null : size)), name, dtype }));
    this.#inputs.set(name, branch);
    return branch;
  }

  /** @throws ConfigError when the name is in use, or an option is wrong; ShapeError when the loss can't have such an output */
  output(name: string, origin: Origin, options: OutputOptions = {}): void {
    if (this.#outputs.has(name))
      throw new ConfigError({
        where: `output '${name}'`,
        expected: 'a name that is not in use',
        found: 'another output',
        hint: `retire('${name}') first, to replace it`,
      });
    refuseReserved(`output '${name}'`, name);
    const objective = objectiveOf(name, options);
    if (objective) checkEnd(name, tensorOf(origin), objective);
    const tensor = endOf(origin, `output '${name}'`);
    const { trainingOnly = false } = options;
    this.#outputs.set(name, { name, tensor, trainingOnly, options, ...(objective ? { objective } : {}) });
  }

  /**
   * Gives outputs their losses; whatever else was said of them stays.
   * @param losses by name, or in the order of the outputs that were declared without one; null leaves an output as it is
   * @returns whether anything changed
   * @throws ConfigError or ShapeError when a loss does not go with its output: then none is given
   */
  giveLosses(losses: Losses | undefined): boolean {
    const without = this.outputs.filter(({ options }) => options.loss === undefined).map(({ name }) => name);
    const given = lossesByOutput(losses, without).flatMap(([name, loss]): Output[] => {
      const output = this.find(name, 'loss');
      const objective = loss ? objectiveOf(name, { ...output.options, loss }) : undefined;
      if (!objective) return [];
      checkEnd(name, output.tensor, objective);
      return [{ ...output, objective: { ...objective, weight: output.factor ?? objective.weight } }];
    });
    const changed = given.filter(({ name, objective }) => {
      const before = this.find(name).objective;
      return !before || JSON.stringify(before.config) !== JSON.stringify(objective?.config) || custom(before);
    });
    for (const output of changed) this.#outputs.set(output.name, output);
    return changed.length > 0;
  }

  /** Makes a weighted merge of losses the final objective: its weights replace those of the outputs, and others have 0. */
  minimise({ weights }: LossNode): void {
    for (const name of weights.keys()) this.find(name);
    for (const output of this.#outputs.values()) {
      const { name, objective } = output;
      const factor = weights.get(name) ?? 0;
      this.#outputs.set(name, {
        ...output,
        factor,
        ...(objective ? { objective: { ...objective, weight: factor } } : {}),
      });
    }
  }

  /** @throws ConfigError when there is no such output */
  retire(name: string): void {
    const { tensor } = this.find(name);
    this.#outputs.delete(name);
    release(
      tensor,
      this.outputs.map((output) => output.tensor),
    );
  }

  /**
   * @param where it was named, for errors
   * @throws ConfigError when there is no such output
   */
  find(name: string, where = 'output'): Output {
    const output = this.#outputs.get(name);
    if (output) return output;
    const names = [...this.#outputs.keys()];
    throw new ConfigError({ where, expected: oneOf(names), found: `'${name}'`, ...didYouMean(name, names) });
  }

  get outputs(): readonly Output[] {
    return [...this.#outputs.values()];
  }

  /**
   * @param options whether it is a model too without outputs, which are still to come
   * @throws ConfigError when there are no outputs, or what was described cannot be a model
   */
  describe({ mayHaveNone = false }: { readonly mayHaveNone?: boolean } = {}): ModelSpec {
    if (this.#outputs.size === 0 && !mayHaveNone)
      throw new ConfigError({ where: 'model', expected: 'one output or more', found: 'none' });
    return describeModel(this.outputs, this.seed);
  }
}
