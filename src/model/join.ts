import type { LayersModel, layers, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { ConfigError } from '../core/error.ts';
import { Branch, type Origin, tensorOf } from './branch.ts';
import { segmentOf, startSegment } from './place.ts';

/** What a model is made of: a layer, or a model as one. */
export type Layer = layers.Layer | LayersModel;

/** What a chain of layers may be given as, besides layers: see `lambda`. */
export function isLayer(given: unknown): given is Layer {
  const { apply, getClassName } = (given ?? {}) as Partial<Layer>;
  return typeof apply === 'function' && typeof getClassName === 'function';
}

/**
 * Joins branches with a layer that takes several tensors, or a model of several inputs. A new branch begins there.
 * @param origins in the order the layer takes them
 * @param name of the new branch; by default theirs, with + between
 * @throws ConfigError when the layer does not take them, or gives several
 */
export function joinWith(layer: Layer, origins: readonly Origin[], name?: string): Branch {
  const tensors = origins.map(tensorOf);
  const joined = applied(layer, tensors);
  if (Array.isArray(joined))
    throw new ConfigError({ where: `layer '${layer.name}'`, expected: 'one output', found: `${joined.length}` });
  startSegment(joined, name ?? tensors.map(segmentOf).join('+'));
  return new Branch(joined);
}

function applied(layer: Layer, tensors: SymbolicTensor[]): SymbolicTensor | SymbolicTensor[] {
  try {
    return layer.apply(tensors) as SymbolicTensor | SymbolicTensor[];
  } catch (error) {
    throw new ConfigError(
      {
        where: `layer '${layer.name}'`,
        expected: `a layer that takes ${tensors.length} tensors: ${tensors.map((tensor) => `'${segmentOf(tensor)}'`).join(', ')}`,
        // What TensorFlow.js says after the first sentence is of symbolic tensors.
        found: (error instanceof Error ? error.message : String(error)).split('. ')[0] as string,
        hint: "merge('concat') joins them before, pick(name) takes one of them",
      },
      { cause: error },
    );
  }
}

/** The names a model gives its inputs, when it has several; undefined for all else. */
export function inputNamesOf(layer: Layer): readonly string[] | undefined {
  const names = 'inputNames' in layer ? layer.inputNames : [];
  return names.length > 1 ? names : undefined;
}
