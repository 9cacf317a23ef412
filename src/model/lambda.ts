import { type serialization, type Tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import { layers, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { CompileError } from '../core/error.ts';
import { formatShape } from '../core/shape.ts';

/** Computes with TensorFlow.js operations, row by row: what it gives for one row depends on no other. */
export type TensorFunction = (...tensors: readonly Tensor[]) => Tensor;

type Given = Parameters<layers.Layer['apply']>[0];
type Sizes = readonly (number | null)[];
/** More than one, so that an axis of rows can be told from one of size 1. */
const triedRows = 2;

/** A function as a layer without weights. */
export class Lambda extends layers.Layer {
  static className = 'Lambda';
  readonly #compute: TensorFunction;
  #types: readonly ('float32' | 'int32')[] = [];

  constructor({ compute, name }: { readonly compute: TensorFunction; readonly name?: string }) {
    super(name === undefined ? {} : { name });
    this.#compute = compute;
  }

  override apply(inputs: Given, kwargs?: Parameters<layers.Layer['apply']>[1]): ReturnType<layers.Layer['apply']> {
    const list = (Array.isArray(inputs) ? inputs : [inputs]) as readonly (Tensor | SymbolicTensor)[];
    this.#types = list.map(({ dtype }) => (dtype === 'int32' ? 'int32' : 'float32'));
    return super.apply(inputs, kwargs);
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tidy(() => this.#compute(...(Array.isArray(inputs) ? inputs : [inputs])));
  }

  /** Found by computing with zeros. @throws CompileError when the function fails there, or gives another number of rows */
  override computeOutputShape(inputShape: unknown): number[] {
    const given = inputShape as Sizes | readonly Sizes[];
    const shapes = (Array.isArray(given[0]) ? given : [given]) as readonly Sizes[];
    const [rows, ...rest] = this.#triedShape(shapes, 3);
    if (rows !== triedRows)
      throw new CompileError({
        where: `function '${this.name}'`,
        expected: `a tensor whose first axis is the rows: [${triedRows}, …] for ${triedRows}`,
        found: formatShape(rows === undefined ? [] : [rows, ...rest]),
      });
    const varies = shapes.some(([, ...sizes]) => sizes.includes(null));
    const [, ...longer] = varies ? this.#triedShape(shapes, 5) : [rows, ...rest];
    // TensorFlow.js writes null for an axis of any size, which its types don't know.
    return [null, ...rest.map((size, axis) => (size === longer[axis] ? size : null))] as number[];
  }

  override getConfig(): serialization.ConfigDict {
    const compute = this.#compute as unknown as serialization.ConfigDictValue;
    return { ...super.getConfig(), compute };
  }

  /** @param length of axes of any size */
  #triedShape(shapes: readonly Sizes[], length: number): readonly number[] {
    let shape: readonly number[] = [];
    tidy(() => {
      const sizes = shapes.map(([, ...given]) => [triedRows, ...given.map((size) => size ?? length)]);
      ({ shape } = this.#tried(sizes.map((tried, at) => zeros(tried, this.#types[at]))));
    });
    return shape;
  }

  #tried(tensors: readonly Tensor[]): Tensor {
    try {
      return this.#compute(...tensors);
    } catch (error) {
      const shown = tensors.map(({ shape }) => formatShape(shape)).join(' and ');
      const found = error instanceof Error ? error.message : String(error);
      const expected = `a function that takes ${shown}`;
      throw new CompileError({ where: `function '${this.name}'`, expected, found }, { cause: error });
    }
  }
}

/**
 * A function of one tensor or several as a layer, so that a model can contain it.
 * @param options.name what the layer is called; by default it is named after its place in the model
 */
export function lambda(compute: TensorFunction, options: { readonly name?: string } = {}): Lambda {
  return new Lambda({ compute, ...options });
}
