import { add, any, div, logicalNot, logicalOr, mul, type Scalar, scalar, sum, Tensor } from '@tensorflow/tfjs-core';
import { ConfigError } from '../../core/error.ts';
import { formatValue, oneOf } from '../../core/format.ts';
import { type Layer, layerOfMode, type MergeMode } from '../../model/index.ts';
import { applyLayer, type Flow as Masked, selectIf } from '../../step/forward.ts';
import { partingName, partings } from '../../step/gramian.ts';
import { guardGradient } from '../../step/guard.ts';
import { headLosses } from '../../step/head-losses.ts';
import type { ModelProgram } from '../../step/program.ts';
import type { Frozen } from '../../trace/frozen.ts';
import type { StepResult } from '../../trace/record.ts';
import { withGradient } from '../../trace/with-gradient.ts';
import { Activation, Handle, HeadLoss, type Interpreter, type MergedLoss } from './activation.ts';
import type { LayerUse } from './describer.ts';
import { known } from './kept.ts';
import { type Place, Tape } from './tape.ts';

type Inputs = Readonly<Record<string, Tensor>>;

/** What a batch is computed with. */
export interface ComputedModel {
  /** Of the selector's model, its heads one by one. */
  readonly program: ModelProgram;
  /** Inputs of the batch in their order, those that no head depends on included. */
  readonly inputs: readonly string[];
  /** Layers that were there when the model was described. */
  readonly layers: ReadonlySet<Layer>;
  /** Its applications of layers in their order. */
  readonly uses: readonly LayerUse[];
}

/** One tensor of the batch, and its place on the tape. */
interface Computed extends Masked {
  readonly place: Place;
}

/**
 * Computes one batch of a selector with real tensors, operator by operator. Where fewer heads depend on what a layer
 * gives than on what it was given, its gradient passes only while one of them has a label. Where fewer do than use the
 * layer at all, it is given zeros while none of them has one, and batch normalisation in it does not follow the batch: who
 * they are was seen when the model was described.
 */
export class Computer implements Interpreter {
  readonly #model: ComputedModel;
  readonly #inputs: Inputs;
  readonly #tape = new Tape();
  readonly #tensors = new WeakMap<Handle, Computed>();
  /** What depends on inputs that no head depends on: nothing of it is computed. */
  readonly #unused = new WeakSet<Handle>();
  readonly #losses = new WeakMap<HeadLoss, Tensor>();
  readonly #points = new Map<string, Tensor>();
  readonly #applied = new Map<Layer, Place[]>();
  /** Places of what layers gave, in the order in which they were applied; undefined where nothing is computed. */
  readonly #used: (Place | undefined)[] = [];
  readonly #places: Tensor[] = [];
  /** Whether each head has a label in this batch: bool `[]`. */
  readonly #present: ReadonlyMap<string, Tensor>;
  /** The batch: its inputs. */
  readonly activation: Activation;

  /** @param inputs tensors as the program takes them */
  constructor(model: ComputedModel, inputs: Inputs) {
    this.#model = model;
    this.#inputs = inputs;
    this.#present = new Map(model.program.heads.map(({ name }) => [name, any(this.#input(`present/${name}`))]));
    const handles = model.inputs.map((name): [string, Handle] => {
      const tensor = inputs[`x/${name}`];
      return [name, tensor ? this.#handle({ tensor }, this.#tape.begin()) : this.#unusedHandle()];
    });
    this.activation = new Activation(this, new Map(handles));
  }

  apply(layer: Layer, handles: readonly Handle[]): Handle {
    if (this.#model.layers.has(layer)) return this.#apply(layer, handles);
    throw new ConfigError({
      where: `layer '${layer.name}'`,
      expected: 'a layer that was there when the selector was first subscribed',
      found: 'one that was made for this batch',
      hint: 'make layers outside of what runs for each batch',
    });
  }

  begin(handle: Handle): Handle {
    return handle;
  }

  merge(handles: readonly Handle[], mode: MergeMode): Handle {
    return this.#apply(layerOfMode(mode), handles);
  }

  loss(handle: Handle, head: string): HeadLoss {
    const { program } = this.#model;
    const trained = program.byName.get(head);
    if (!trained) return this.#refuseHeads(formatValue(head));
    const { tensor, place } = this.#computed(handle);
    const { objective } = trained;
    const summed = sum(headLosses(this.#inputs, { name: head, heads: [trained] }, tensor));
    const loss = new HeadLoss(head);
    this.#losses.set(loss, div(summed, this.#input(`denominator/${head}`)));
    this.#tape.end(head, place);
    if (this.#inputs.points || objective.prequential > 0)
      this.#points.set(`point/${head}`, objective.loss.point(tensor));
    return loss;
  }

  /**
   * What a step computes whose selector answered with this.
   * @throws ConfigError when it has not the heads that the model has, or comes to them by other layers
   */
  result({ losses }: MergedLoss): StepResult {
    const { heads, partings: parted } = this.#model.program;
    const answered = Object.keys(losses);
    if (answered.length !== heads.length || heads.some(({ name }) => !(name in losses)))
      this.#refuseHeads(answered.map(formatValue).join(', '));
    const byHead = heads.map(({ name }) => [name, known(this.#losses.get(losses[name] as HeadLoss))] as const);
    this.#refuseOthers();
    const weighted = byHead.map(([head, loss]) => mul(loss, this.#input(`factor/${head}`)));
    const loss = [...weighted, ...this.#penalties()].reduce<Tensor>((total, one) => add(total, one), scalar(0));
    const named = byHead.map(([head, own]) => [`loss/${head}`, own] as const);
    const step = { loss: loss as Scalar, outputs: Object.fromEntries([...named, ...this.#points]) };
    if (parted.length === 0) return step;
    const places = partings(this.#tape.uses).map((place, at) => [partingName(at), this.#places[place]] as const);
    return { ...step, losses: Object.fromEntries(byHead), activations: Object.fromEntries(places) as Inputs };
  }

  #apply(layer: Layer, handles: readonly Handle[]): Handle {
    const { readers = [], isLent = false } = this.#model.uses[this.#used.length] ?? {};
    if (handles.some((handle) => this.#unused.has(handle))) {
      this.#used.push(undefined);
      return this.#unusedHandle();
    }
    const computed = handles.map((handle) => this.#computed(handle));
    const place = this.#tape.use(computed.map((given) => given.place));
    this.#used.push(place);
    this.#applied.set(layer, [...(this.#applied.get(layer) ?? []), place]);
    const lentTo = isLent ? this.#anyPresent(readers) : undefined;
    const given = computed.map(({ tensor, mask, place: from }) => {
      const guarded = withGradient(
        tensor,
        [],
        (value) => value.clone(),
        (dy) => this.#passed(dy, from, place),
      );
      return { mask, tensor: lentTo ? selectIf(lentTo, guarded) : guarded };
    });
    const frozen = readers.length === 0 || this.#frozenIn(layer, lentTo);
    const [result] = applyLayer(layer, given, { training: true }, frozen);
    const { tensor, mask } = known(result);
    return this.#handle({ tensor: lentTo ? guardGradient(tensor, lentTo) : tensor, mask }, place);
  }

  /** Whether batch normalisation in a layer is frozen, which is lent to who has a label. */
  #frozenIn(layer: Layer, lentTo: Tensor | undefined): Frozen {
    const frozen = this.#model.program.frozenIn(this.#inputs, layer);
    return lentTo && frozen instanceof Tensor ? logicalOr(frozen, logicalNot(lentTo)) : frozen;
  }

  /** A gradient on its way from what was computed to what it was computed from. */
  #passed(dy: Tensor, from: Place, to: Place): Tensor {
    const [before = [], after = []] = [this.#tape.readers[from], this.#tape.readers[to]];
    return after.length > 0 && after.length < before.length ? selectIf(this.#anyPresent(after), dy) : dy;
  }

  #anyPresent(heads: readonly string[]): Tensor {
    const present = heads.map((head) => known(this.#present.get(head)));
    return present.reduce((one, other) => logicalOr(one, other), scalar(false, 'bool'));
  }

  /** Regularisation that layers ask for, while any head that depends on them is present. */
  #penalties(): readonly Tensor[] {
    return [...this.#applied].flatMap(([layer, places]) => {
      const readers = [...new Set(places.flatMap((place) => this.#tape.readers[place] ?? []))];
      if (readers.length === 0) return [];
      return layer.calculateLosses().map((loss) => selectIf(this.#anyPresent(readers), loss));
    });
  }

  #input(name: string): Tensor {
    return known(this.#inputs[name]);
  }

  #handle({ tensor, mask }: Masked, place: Place): Handle {
    const handle = new Handle();
    this.#tensors.set(handle, { tensor, mask, place });
    this.#places[place] = tensor;
    return handle;
  }

  #unusedHandle(): Handle {
    const handle = new Handle();
    this.#unused.add(handle);
    return handle;
  }

  #computed(handle: Handle): Computed {
    return known(this.#tensors.get(handle));
  }

  /** @throws ConfigError when layers were applied otherwise than when the model was described */
  #refuseOthers(): void {
    const { uses } = this.#model;
    const isAs = ({ readers }: LayerUse, at: number): boolean => {
      const place = this.#used[at];
      return String(place === undefined ? [] : this.#tape.readers[place]) === String(readers);
    };
    if (uses.length === this.#used.length && uses.every(isAs)) return;
    throw new ConfigError({
      where: 'selector',
      expected: 'the same operators for each batch',
      found: 'others than when it was first subscribed',
    });
  }

  #refuseHeads(found: string): never {
    const heads = this.#model.program.heads.map(({ name }) => name);
    throw new ConfigError({ where: 'selector', expected: `losses of ${oneOf(heads).replace('one of ', '')}`, found });
  }
}
