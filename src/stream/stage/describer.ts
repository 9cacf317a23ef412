import type { Shape } from '../../core/shape.ts';
import {
  Branch,
  fork,
  GraphModel,
  joinWith,
  type Layer,
  type MergeMode,
  type ModelSpec,
  merge,
} from '../../model/index.ts';
import { Activation, type Ending, Handle, HeadLoss, type Interpreter, type MergedLoss } from './activation.ts';
import { known } from './kept.ts';
import { type Place, Tape } from './tape.ts';

/** An input of the model: the shape of one sample, without the batch axis. */
export interface InputShape {
  readonly shape: Shape;
  readonly dtype?: 'float32' | 'int32';
}

/** One application of a layer. */
export interface LayerUse {
  /** Heads that depend on what it gives. */
  readonly readers: readonly string[];
  /** Whether the layer is trained by others too, or by none: this use of it counts only while one of its heads has a label. */
  readonly isLent: boolean;
}

/** A selector's model, and what may change while it trains. */
export interface Description {
  readonly spec: ModelSpec;
  /** By head, in the heads' order. */
  readonly endings: ReadonlyMap<string, Ending>;
  readonly merging: MergedLoss['merging'];
  /** Inputs of the batch in their order, and layers, those that no head depends on included. */
  readonly inputs: readonly string[];
  readonly layers: ReadonlySet<Layer>;
  /** Applications of layers in their order, joins of branches included. */
  readonly uses: readonly LayerUse[];
}

interface Described {
  readonly branch: Branch;
  readonly ending: Ending;
}

/** Builds the model that a selector computes, from branches as a graph is built: the same description, whoever writes it. */
export class Describer implements Interpreter {
  readonly #model: GraphModel;
  readonly #branches = new WeakMap<Handle, { readonly branch: Branch; readonly place: Place }>();
  readonly #tape = new Tape();
  /** Layers in the order in which they were applied. */
  readonly #applied: Layer[] = [];
  readonly #heads = new WeakMap<HeadLoss, Described>();
  readonly #layers = new Set<Layer>();
  /** The batch: its inputs. */
  readonly activation: Activation;

  /** @param seed of initial values */
  constructor(inputs: Readonly<Record<string, InputShape>>, seed: number) {
    this.#model = new GraphModel(seed);
    const handles = Object.entries(inputs).map(([name, { shape, dtype = 'float32' }]): [string, Handle] => [
      name,
      this.#handle(this.#model.input(name, shape, { dtype }), this.#tape.begin()),
    ]);
    this.activation = new Activation(this, new Map(handles));
  }

  apply(layer: Layer, handles: readonly Handle[], name?: string): Handle {
    this.#layers.add(layer);
    const branches = handles.map((handle) => this.#branchOf(handle));
    const [only, ...others] = branches;
    const applied = !only || others.length > 0 ? joinWith(layer, branches, name) : new Branch(only.tensor).add(layer);
    return this.#used(layer, applied, handles);
  }

  begin(handle: Handle, branch: string): Handle {
    const [begun] = fork(new Branch(this.#branchOf(handle).tensor), [branch]);
    return this.#handle(begun, this.#placeOf(handle));
  }

  merge(handles: readonly Handle[], mode: MergeMode, name?: string): Handle {
    const branches = handles.map((handle) => new Branch(this.#branchOf(handle).tensor));
    const merged = merge(branches, mode, name === undefined ? {} : { name });
    return this.#used(merged.tensor.sourceLayer, merged, handles);
  }

  loss(handle: Handle, head: string, ending: Ending): HeadLoss {
    const loss = new HeadLoss(head);
    this.#heads.set(loss, { branch: this.#branchOf(handle), ending });
    this.#tape.end(head, this.#placeOf(handle));
    return loss;
  }

  /**
   * The model that ends in these losses.
   * @throws ConfigError or ShapeError when a head can't be what it was said to be
   */
  describe({ losses, merging }: MergedLoss): Description {
    const endings = new Map<string, Ending>();
    for (const [head, loss] of Object.entries(losses)) {
      const { branch, ending } = known(this.#heads.get(loss));
      const { weight$: _w, learningRate$: _r, frozen$: _f, weight = 1, ...options } = ending;
      this.#model.output(head, new Branch(branch.tensor), {
        ...options,
        weight: weight * (merging.factors.get(head) ?? 1),
      });
      endings.set(head, ending);
    }
    const inputs = [...this.activation.handles.keys()];
    const uses = this.#uses();
    return { spec: this.#model.describe(), endings, merging, inputs, layers: this.#layers, uses };
  }

  #uses(): readonly LayerUse[] {
    const { nodes, readers: at } = this.#tape.uses;
    const found = nodes.map(({ outputs: [place] }) => known(at[place]));
    const byLayer = new Map<Layer, Set<string>>();
    for (const [use, layer] of this.#applied.entries())
      byLayer.set(layer, new Set([...(byLayer.get(layer) ?? []), ...known(found[use])]));
    return found.map((readers, use) => {
      const all = known(byLayer.get(known(this.#applied[use])));
      return { readers, isLent: readers.length === 0 || readers.length < all.size };
    });
  }

  #used(layer: Layer, branch: Branch, from: readonly Handle[]): Handle {
    this.#applied.push(layer);
    return this.#handle(branch, this.#tape.use(from.map((handle) => this.#placeOf(handle))));
  }

  #handle(branch: Branch, place: Place): Handle {
    const handle = new Handle();
    this.#branches.set(handle, { branch, place });
    return handle;
  }

  #branchOf(handle: Handle): Branch {
    return known(this.#branches.get(handle)).branch;
  }

  #placeOf(handle: Handle): Place {
    return known(this.#branches.get(handle)).place;
  }
}
