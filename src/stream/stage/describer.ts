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
import { Activation, type Ending, Flow, HeadLoss, type Interpreter, type MergedLoss } from './activation.ts';
import { known } from './kept.ts';

/** An input of the model: the shape of one sample, without the batch axis. */
export interface InputShape {
  readonly shape: Shape;
  readonly dtype?: 'float32' | 'int32';
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
}

interface Described {
  readonly branch: Branch;
  readonly ending: Ending;
}

/** Builds the model that a selector computes, from branches as a graph is built: the same description, whoever writes it. */
export class Describer implements Interpreter {
  readonly #model: GraphModel;
  readonly #branches = new WeakMap<Flow, Branch>();
  readonly #heads = new WeakMap<HeadLoss, Described>();
  readonly #layers = new Set<Layer>();
  /** The batch: its inputs. */
  readonly activation: Activation;

  /** @param seed of initial values */
  constructor(inputs: Readonly<Record<string, InputShape>>, seed: number) {
    this.#model = new GraphModel(seed);
    const flows = Object.entries(inputs).map(([name, { shape, dtype = 'float32' }]): [string, Flow] => [
      name,
      this.#flow(this.#model.input(name, shape, { dtype })),
    ]);
    this.activation = new Activation(this, new Map(flows));
  }

  apply(layer: Layer, flows: readonly Flow[], name?: string): Flow {
    this.#layers.add(layer);
    const branches = flows.map((flow) => this.#branchOf(flow));
    const [only, ...others] = branches;
    if (!only || others.length > 0) return this.#flow(joinWith(layer, branches, name));
    return this.#flow(new Branch(only.tensor).add(layer));
  }

  begin(flow: Flow, branch: string): Flow {
    const [begun] = fork(new Branch(this.#branchOf(flow).tensor), [branch]);
    return this.#flow(begun);
  }

  merge(flows: readonly Flow[], mode: MergeMode, name?: string): Flow {
    const branches = flows.map((flow) => new Branch(this.#branchOf(flow).tensor));
    return this.#flow(merge(branches, mode, name === undefined ? {} : { name }));
  }

  loss(flow: Flow, head: string, ending: Ending): HeadLoss {
    const loss = new HeadLoss(head);
    this.#heads.set(loss, { branch: this.#branchOf(flow), ending });
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
    const inputs = [...this.activation.flows.keys()];
    return { spec: this.#model.describe(), endings, merging, inputs, layers: this.#layers };
  }

  #flow(branch: Branch): Flow {
    const flow = new Flow();
    this.#branches.set(flow, branch);
    return flow;
  }

  #branchOf(flow: Flow): Branch {
    return known(this.#branches.get(flow));
  }
}
