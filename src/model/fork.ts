import type { Tensor } from '@tensorflow/tfjs-core';
import { type LayersModel, layers, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { ConfigError } from '../core/error.ts';
import { formatValue } from '../core/format.ts';
import { Branch, endOf, type Origin, tensorOf } from './branch.ts';
import { placeOf, segmentOf, startOf, startSegment } from './place.ts';
import { refuseReserved } from './reserved.ts';

/** How many branches begin in a branch so far, by the tensor it begins with. */
const begun = new WeakMap<SymbolicTensor, number>();

/**
 * The beginning of a branch, as a layer that passes on what it is given: `new Fork(model)` continues from a model, and
 * may be the first layer of a Sequential. In the model it leaves no trace but the branch's name.
 */
export class Fork extends layers.Layer {
  /** What TensorFlow.js calls layers of this kind in models that are saved. */
  static className = 'Fork';
  /** The branch that begins here. */
  readonly branch: Branch;

  /**
   * @param name of the branch; by default the origin's and a number: `image.0`
   * @throws ConfigError when every object has something of that name
   */
  constructor(origin: Origin, { name }: { readonly name?: string } = {}) {
    const from = tensorOf(origin);
    const start = startOf(from);
    const index = begun.get(start) ?? 0;
    const called = name ?? `${segmentOf(from)}.${index}`;
    refuseReserved(`branch '${called}'`, called);
    super({ name: layerName(called) });
    endOf(origin, `fork '${called}'`);
    begun.set(start, index + 1);
    const beginning = this.apply(from) as SymbolicTensor;
    startSegment(beginning, called);
    this.branch = new Branch(beginning);
  }

  /** Grows the branch that begins here. */
  add(...grown: readonly (layers.Layer | LayersModel)[]): Branch {
    return this.branch.add(...grown);
  }

  override call(inputs: Tensor | Tensor[]): Tensor | Tensor[] {
    return inputs;
  }
}

/** A branch may be called anything, `HLA-A*02:01` for example. A layer of TensorFlow.js may not. */
function layerName(branch: string): string {
  return branch.replace(/[^\w./-]/g, '_').replace(/^(?![A-Za-z0-9])/, 'x');
}

/** Branches that begin at the same place: a list of them, to which layers can be added by number. */
export class Branches extends Array<Branch> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /**
   * Adds to one of the branches.
   * @throws ConfigError when there is no such branch
   */
  add(layer: layers.Layer | LayersModel, options: { readonly branch: number }): this {
    const branch = options?.branch;
    const found = this[branch];
    if (!found)
      throw new ConfigError({
        where: 'branch',
        expected: `a whole number below ${this.length}`,
        found: formatValue(branch),
      });
    found.add(layer);
    return this;
  }
}

type ListOf<Count extends number, Listed extends Branch[] = []> = number extends Count
  ? Branch[]
  : Listed['length'] extends Count
    ? Listed
    : ListOf<Count, [...Listed, Branch]>;

/** As many branches as were asked for. */
export type Forked<Asked extends number | readonly string[]> = Branches &
  (Asked extends number ? ListOf<Asked> : { [At in keyof Asked]: Branch });

/**
 * Lets several branches begin where `origin` ends, and freezes it.
 * @param branches how many, or their names
 * @throws ConfigError when there are none, or every object has something of a name
 */
export function fork<const Asked extends number | readonly string[]>(origin: Origin, branches: Asked): Forked<Asked> {
  const names: readonly (string | undefined)[] =
    typeof branches === 'number' ? new Array<undefined>(Math.max(0, Math.trunc(branches))).fill(undefined) : branches;
  if (!Array.isArray(names) || names.length === 0 || (typeof branches === 'number' && !Number.isInteger(branches)))
    throw new ConfigError({
      where: `fork of ${placeOf(tensorOf(origin))}`,
      expected: 'one branch or more: a whole number, or names',
      found: Array.isArray(branches) ? 'no names' : formatValue(branches),
    });
  const forked = new Branches();
  for (const name of names) forked.push(new Fork(origin, name === undefined ? {} : { name }).branch);
  return forked as Forked<Asked>;
}
