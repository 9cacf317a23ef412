import { input } from '@tensorflow/tfjs-layers';
import { ConfigError } from '../core/error.ts';
import { oneOf } from '../core/format.ts';
import type { Shape } from '../core/shape.ts';
import { didYouMean } from '../core/suggest.ts';
import { type Denominator, denominators, type LossConfig, losses } from '../loss/index.ts';
import type { MetricConfig } from '../metric/index.ts';
import { Branch, endOf, type Origin } from './branch.ts';
import { describeModel, type Output } from './describe.ts';
import type { LossNode } from './loss-node.ts';
import type { ModelSpec, Objective } from './spec.ts';

type LossType = LossConfig['type'];
/** A loss by its type, where that needs no options, or with options. */
export type LossLike = LossType | LossConfig;

/** What a user says of an output. Without a loss it is predicted and not trained. */
export interface OutputOptions {
  readonly loss?: LossLike;
  /** Factor of the loss in the merged one; 1 when left out. */
  readonly weight?: number;
  readonly denominator?: Denominator;
  readonly metrics?: readonly (MetricConfig['type'] | MetricConfig)[];
  /** Factor of the learning rate of what only this head uses; 1 when left out. */
  readonly learningRate?: number;
  /** Whether what only this head uses stays as it is. */
  readonly frozen?: boolean;
  /** Whether the output exists only while training, as auxiliary heads in mid-trunk do. */
  readonly trainingOnly?: boolean;
}

/** `'hinge'` or `{ type: 'hinge' }`: what has a type, by its type alone. */
export function typed<Config extends { readonly type: string }>(given: Config['type'] | Config): Config {
  return (typeof given === 'string' ? { type: given } : given) as Config;
}

/** @throws ConfigError with everything that is wrong with the options */
export function objectiveOf(name: string, options: OutputOptions): Objective | undefined {
  const { loss, weight = 1, denominator = 'present', metrics = [], learningRate = 1, frozen = false } = options;
  if (loss === undefined) return undefined;
  const where = `output '${name}'`;
  const config = typed<LossConfig>(loss);
  const issues = [
    ...Object.entries({ weight, learningRate })
      .filter(([, value]) => !(Number.isFinite(value) && value >= 0))
      .map(([option, value]) => ({ where: `${where}, ${option}`, expected: 'a number, 0 or more', found: `${value}` })),
    ...(denominators.includes(denominator)
      ? []
      : [
          {
            where: `${where}, denominator`,
            expected: oneOf(denominators),
            found: `'${denominator}'`,
            ...didYouMean(denominator, [...denominators]),
          },
        ]),
  ];
  if (issues.length > 0) throw new ConfigError(issues);
  const built = losses.build(config, undefined, `${where}, loss`);
  const listed = metrics.map((metric) => typed<MetricConfig>(metric));
  return { loss: built, config, weight, denominator, metrics: listed, learningRate, frozen };
}

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
   * @param shape of one sample
   * @param dtype int32 for what is looked up, as words in an embedding
   */
  input(name: string, shape: Shape, { dtype = 'float32' }: { readonly dtype?: 'float32' | 'int32' } = {}): Branch {
    if (this.#inputs.has(name))
      throw new ConfigError({
        where: `input '${name}'`,
        expected: 'a name that is not in use',
        found: 'another input',
      });
    const branch = new Branch(input({ shape: [...shape], name, dtype }));
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
    const objective = objectiveOf(name, options);
    const tensor = endOf(origin, `output '${name}'`);
    objective?.loss.label(
      tensor.shape.slice(1).map((size) => size ?? -1),
      `head "${name}"`,
    );
    const { trainingOnly = false } = options;
    this.#outputs.set(name, { name, tensor, trainingOnly, ...(objective ? { objective } : {}) });
  }

  /** Gives outputs another objective. */
  objective(name: string, objective: Objective): void {
    this.#outputs.set(name, { ...this.find(name), objective });
  }

  /** Makes a weighted merge of losses the final objective: its weights replace those of the outputs, and others have 0. */
  minimise({ weights }: LossNode): void {
    for (const name of weights.keys()) this.find(name);
    for (const output of this.#outputs.values())
      if (output.objective)
        this.#outputs.set(output.name, {
          ...output,
          objective: { ...output.objective, weight: weights.get(output.name) ?? 0 },
        });
  }

  /** @throws ConfigError when there is no such output */
  retire(name: string): void {
    this.find(name);
    this.#outputs.delete(name);
  }

  /** @throws ConfigError when there is no such output */
  find(name: string): Output {
    const output = this.#outputs.get(name);
    if (output) return output;
    const names = [...this.#outputs.keys()];
    throw new ConfigError({ where: 'output', expected: oneOf(names), found: `'${name}'`, ...didYouMean(name, names) });
  }

  get outputs(): readonly Output[] {
    return [...this.#outputs.values()];
  }

  /** @throws ConfigError when there are no outputs, or what was described cannot be a model */
  describe(): ModelSpec {
    if (this.#outputs.size === 0)
      throw new ConfigError({ where: 'model', expected: 'one output or more', found: 'none' });
    return describeModel(this.outputs, this.seed);
  }
}
