import { add, div, mul, reshape, type Scalar, scalar, slice, sum, type Tensor } from '@tensorflow/tfjs-core';
import type { TypedArray } from '../core/dtype.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import type { ModelNode, ModelSpec, ParameterGroup, ValueId } from '../model/spec.ts';
import { type Frozen, normalizesBatches } from '../trace/frozen.ts';
import { type InputSpecs, randomRowsInput, type Step } from '../trace/record.ts';
import { type Batch, inputShape } from './batch.ts';
import { columnOf } from './column.ts';
import { forward, nodesFor, selectIf } from './forward.ts';
import { denseTogether } from './fused.ts';
import { partingName, partings } from './gramian.ts';
import { guardGradient, nanAbove } from './guard.ts';
import { groupHeads, type HeadGroup, isScored, oneByOne, type TrainedHead, trainedHeads } from './head-group.ts';
import { headLosses } from './head-losses.ts';
import type { Guesses } from './scored-window.ts';

/** What a batch's program depends on: batches alike in this share one. */
export interface BatchForm {
  readonly rows: number;
  /** Shapes of rows of the inputs, in their order. */
  readonly shapes: readonly Shape[];
  /** Heads whose rows have weights of their own. */
  readonly weighted: readonly string[];
  /** Whether the best guesses are wanted beside the losses: `point/<head>`. */
  readonly points: boolean;
}

type Purpose = 'train' | 'evaluate' | 'predict';
/** Forms of batches whose specs are remembered. */
const rememberedForms = 64;

export interface ProgramOptions {
  /** Whether heads that are alike are computed together: faster, the same to rounding. true when left out. */
  readonly fuse?: boolean;
  /** Whether each head's gradient is wanted where heads part, before their factors are known. */
  readonly gradients?: boolean;
  /** Whether the merged loss is NaN when a head's is above the limit that it is given, so that the step is not taken. */
  readonly limits?: boolean;
}

/** Where a head is among those that are computed together. */
interface HeadColumn {
  readonly column: number;
  readonly columns: number;
  /** Numbers of a best guess. */
  readonly size: number;
  /** Names of the group's outputs. */
  readonly loss: string;
  readonly points: string;
}

function columnsOf({ name, heads }: HeadGroup): readonly (readonly [string, HeadColumn])[] {
  return heads.map(({ name: head, objective, shape, label }, column) => {
    const size = sizeOf(objective.loss.prediction === 'distribution' ? shape : label.shape);
    return [head, { column, columns: heads.length, size, loss: `loss/${name}`, points: `point/${name}` }];
  });
}

type Outputs = Readonly<Record<string, TypedArray>>;
type Inputs = Readonly<Record<string, Tensor>>;
const at = (inputs: Inputs, name: string): Tensor => inputs[name] as Tensor;

/**
 * Functions of a model's batch, for an engine to compile. Inputs are named `x/<input>`, `label/<group>`,
 * `present/<group>`, `weight/…`, `bound/…`, `denominator/…`, `factor/…`, `limit/…`, `any/<number>`, `frozen/<layer>`;
 * outputs `loss/<group>` and `point/<group>`, where a group is named after its first head.
 */
export class ModelProgram {
  readonly spec: ModelSpec;
  readonly heads: readonly TrainedHead[];
  readonly byName: ReadonlyMap<string, TrainedHead>;
  /** Heads as they are trained, and as they are evaluated. */
  readonly groups: readonly HeadGroup[];
  readonly single: readonly HeadGroup[];
  /** Sets of heads of which a program must know whether any is present, by the name of the input that says so. */
  readonly sets = new Map<string, readonly string[]>();
  /** Parameters of layers with batch normalisation, by the name of the input that says whether they are frozen. */
  readonly normalized: ReadonlyMap<string, ParameterGroup>;
  readonly #byHeads = new Map<string, string>();
  readonly #columns: ReadonlyMap<string, HeadColumn>;
  readonly #specs = new Map<string, InputSpecs>();
  /** Shapes of rows of the inputs, where they are the same in every batch. */
  readonly #shapes: readonly Shape[] | undefined;
  readonly #limits: boolean;

  /** Where heads part, when their gradients there are wanted one by one. */
  readonly partings: readonly ValueId[];

  constructor(spec: ModelSpec, { fuse = true, gradients = false, limits = false }: ProgramOptions = {}) {
    this.spec = spec;
    this.#limits = limits;
    const fixed = spec.inputs.every(({ shape }) => shape.every((size) => size >= 0));
    this.#shapes = fixed ? spec.inputs.map(({ shape }) => shape) : undefined;
    this.partings = gradients ? partings(spec) : [];
    this.heads = trainedHeads(spec);
    const normalized = spec.groups.filter(({ heads, layer }) => heads.length > 0 && normalizesBatches(layer));
    this.normalized = new Map(normalized.map((group) => [`frozen/${group.name}`, group]));
    this.byName = new Map(this.heads.map((head) => [head.name, head]));
    this.single = oneByOne(this.heads);
    this.groups = fuse ? groupHeads(spec, this.heads) : this.single;
    this.#columns = new Map(this.groups.flatMap(columnsOf));
    const ofGroups = this.groups.map(({ heads }) => heads.map(({ name }) => name));
    for (const heads of [...spec.readers, ...spec.groups.map((group) => group.heads), ...ofGroups])
      this.#nameSet(heads);
  }

  /**
   * Merged loss of a batch, and each group's losses; the best guesses too of groups in which a head is scored while it
   * trains, and of all when there is an input `points`.
   */
  readonly train: Step = (inputs) => {
    const ends = this.groups.flatMap(({ heads, fused }) => (fused ? [fused.input] : heads.map(({ value }) => value)));
    const values = this.#forward(inputs, ends, true);
    const outputs: Record<string, Tensor> = {};
    const merged: Tensor[] = [];
    const apart: Record<string, Tensor> = {};
    const limited: [Tensor, Tensor][] = [];
    for (const group of this.groups) {
      const { name, heads, fused } = group;
      const [{ objective, shape, value }] = heads as [TrainedHead];
      const flat = fused ? this.#together(inputs, group, values) : (values.get(value) as Tensor);
      const output = reshape(flat, [-1, ...shape]);
      const rows = headLosses(inputs, group, output);
      const losses = div(
        fused ? sum(reshape(rows, [-1, heads.length]), 0) : sum(rows),
        at(inputs, `denominator/${name}`),
      );
      outputs[`loss/${name}`] = losses;
      if (inputs.points || isScored(group)) outputs[`point/${name}`] = objective.loss.point(output);
      merged.push(sum(mul(losses, at(inputs, `factor/${name}`))));
      if (this.#limits) limited.push([losses, at(inputs, `limit/${name}`)]);
      heads.forEach((head, column) => {
        apart[head.name] = fused ? reshape(slice(losses, [column], [1]), []) : losses;
      });
    }
    merged.push(...this.#penalties(inputs));
    const total = merged.reduce((sofar, one) => add(sofar, one), scalar(0)) as Scalar;
    const loss = limited.length > 0 ? (nanAbove(total, limited) as Scalar) : total;
    if (this.partings.length === 0) return { loss, outputs };
    const places = this.partings.map((value, parting) => [partingName(parting), values.get(value) as Tensor]);
    return { loss, outputs, losses: apart, activations: Object.fromEntries(places) };
  };

  /** What every output predicts. */
  readonly predict: Step = (inputs) => {
    const heads = this.spec.heads.filter(({ trainingOnly }) => !trainingOnly);
    const ends = heads.map(({ value }) => value);
    const values = this.#forward(inputs, ends, false);
    const outputs = heads.map(({ name, value, objective }) => {
      const output = values.get(value) as Tensor;
      return [name, objective ? objective.loss.predict(output) : output.clone()] as const;
    });
    return { outputs: Object.fromEntries(outputs) };
  };

  /** Losses of each row, and best guesses: `loss/<head>`, `point/<head>`. */
  readonly evaluate: Step = (inputs) => {
    const groups = this.groupsFor('evaluate');
    const ends = groups.flatMap(({ heads }) => heads.map(({ value }) => value));
    const values = this.#forward(inputs, ends, false);
    const outputs = groups.flatMap((group) => {
      const [{ name, objective, value }] = group.heads as [TrainedHead];
      const output = values.get(value) as Tensor;
      return [
        [`loss/${name}`, headLosses(inputs, group, output)],
        [`point/${name}`, objective.loss.point(output)],
      ] as const;
    });
    return { outputs: Object.fromEntries(outputs) };
  };

  /** Heads as a program of this purpose computes them. */
  groupsFor(purpose: 'train' | 'evaluate'): readonly HeadGroup[] {
    return purpose === 'train' ? this.groups : this.single.filter(({ heads: [head] }) => !head?.trainingOnly);
  }

  /** The form of a batch. */
  form(batch: Pick<Batch, 'rows' | 'inputs' | 'labels'>, points = false): BatchForm {
    const weighted = Object.keys(batch.labels).filter((head) => batch.labels[head]?.weight);
    const shapes = this.#shapes ?? this.spec.inputs.map((input) => inputShape(input, batch));
    return { rows: batch.rows, shapes, weighted, points };
  }

  /** Shapes and types of everything a program takes for a batch of this form: the same object for the same form. */
  specs(form: BatchForm, purpose: Purpose): InputSpecs {
    const shapes = form.shapes === this.#shapes ? '' : form.shapes.join(' ');
    const key = `${purpose} ${form.rows} ${form.points} ${shapes}\n${form.weighted.join('\n')}`;
    const known = this.#specs.get(key);
    if (known) return known;
    const specs = this.#specsOf(form, purpose);
    if (this.#specs.size >= rememberedForms) this.#specs.clear();
    this.#specs.set(key, specs);
    return specs;
  }

  #specsOf({ rows, shapes, weighted, points }: BatchForm, purpose: Purpose): InputSpecs {
    const inputs = this.spec.inputs.map(({ name, dtype }, at) => [
      `x/${name}`,
      { shape: [rows, ...(shapes[at] as Shape)], dtype },
    ]);
    if (purpose === 'predict') return Object.fromEntries(inputs);
    const groups = this.groupsFor(purpose);
    const labels = groups.flatMap(({ name, heads, fused }) => {
      const { label } = heads[0] as TrainedHead;
      const lead = fused ? [rows, heads.length] : [rows];
      return [
        [`label/${name}`, { shape: [...lead, ...label.shape], dtype: label.dtype }],
        [`present/${name}`, { shape: lead, dtype: 'bool' }],
        ...(label.bound ? [[`bound/${name}`, { shape: [...lead, ...label.shape] }]] : []),
        ...(heads.some((head) => weighted.includes(head.name)) ? [[`weight/${name}`, { shape: lead }]] : []),
      ];
    });
    if (purpose === 'evaluate') return Object.fromEntries([...inputs, ...labels]);
    const scalars = groups.flatMap(({ name, heads, fused }) => {
      const shape = fused ? [heads.length] : [];
      return [
        [`denominator/${name}`, { shape }],
        [`factor/${name}`, { shape, ...(this.partings.length > 0 ? { stage: 1 } : {}) }],
        ...(fused ? [[`known/${name}`, { shape, dtype: 'bool' }]] : []),
        ...(this.#limits ? [[`limit/${name}`, { shape }]] : []),
      ];
    });
    const flags = [...this.sets.keys(), ...this.normalized.keys()].map((name) => [name, { shape: [], dtype: 'bool' }]);
    const others = [
      [randomRowsInput, { shape: [rows], dtype: 'int32' }],
      ...(points ? [['points', { shape: [] }]] : []),
    ];
    return Object.fromEntries([...inputs, ...labels, ...scalars, ...flags, ...others]);
  }

  /** One head's loss among the outputs of `train`. */
  lossIn(outputs: Outputs, head: string): number {
    const { loss, column } = this.#columns.get(head) as HeadColumn;
    return outputs[loss]?.[column] as number;
  }

  /** One head's best guesses among the outputs of `train`, where they were asked for. */
  pointsIn(outputs: Outputs, head: string): TypedArray | undefined {
    const { size } = this.#columns.get(head) as HeadColumn;
    const given = this.guessesIn(outputs, head);
    return given && columnOf(given.values, given.column, given.columns, size);
  }

  /** Where one head's best guesses are among the outputs of `train`: nothing is copied. */
  guessesIn(outputs: Outputs, head: string): Guesses | undefined {
    const { points, column, columns } = this.#columns.get(head) as HeadColumn;
    const values = outputs[points];
    return values && { values, column, columns };
  }

  /** Whether batch normalisation in a layer is frozen in a step with these inputs. */
  frozenIn(inputs: Inputs, layer: ModelNode['layer']): Frozen {
    return layer.trainable ? (inputs[`frozen/${layer.name}`] ?? false) : true;
  }

  #nameSet(heads: readonly string[]): void {
    const key = JSON.stringify(heads);
    if (heads.length === 0 || this.#byHeads.has(key)) return;
    const name = `any/${this.sets.size}`;
    this.sets.set(name, heads);
    this.#byHeads.set(key, name);
  }

  #anyPresent(inputs: Inputs, heads: readonly string[]): Tensor {
    return at(inputs, this.#byHeads.get(JSON.stringify(heads)) as string);
  }

  #forward(inputs: Inputs, ends: readonly ValueId[], training: boolean): ReadonlyMap<ValueId, Tensor> {
    const given = this.spec.inputs.map(({ name, value }) => [value, at(inputs, `x/${name}`)] as const);
    const anyPresent = (readers: readonly string[]): Tensor => this.#anyPresent(inputs, readers);
    const frozen = (layer: ModelNode['layer']): Frozen => this.frozenIn(inputs, layer);
    const options = { training, ...(training ? { anyPresent, frozen } : {}) };
    return forward(this.spec, nodesFor(this.spec, ends), new Map(given), options);
  }

  /** The outputs of heads that are alike: `[rows, heads · units]`. */
  #together(inputs: Inputs, { name, heads, fused }: HeadGroup, values: ReadonlyMap<ValueId, Tensor>): Tensor {
    const { layers, input } = fused as NonNullable<HeadGroup['fused']>;
    const x = values.get(input) as Tensor;
    const names = heads.map((head) => head.name);
    const narrows = names.length < (this.spec.readers[input] ?? []).length;
    const guarded = narrows ? guardGradient(x, this.#anyPresent(inputs, names)) : x;
    return denseTogether(layers, guarded, at(inputs, `known/${name}`));
  }

  /** Regularisation that layers ask for, while any head that depends on them is present. */
  #penalties(inputs: Inputs): readonly Tensor[] {
    return this.spec.groups.flatMap(({ heads, parameters }) => {
      if (heads.length === 0) return [];
      const layers = [...new Set(parameters.map(({ layer }) => layer))];
      const losses = layers.flatMap((layer) => layer.calculateLosses());
      return losses.map((loss) => selectIf(this.#anyPresent(inputs, heads), loss));
    });
  }
}
