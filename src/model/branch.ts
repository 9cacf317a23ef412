import { LayersModel, type layers, Sequential, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { ConfigError } from '../core/error.ts';
import { formatValue } from '../core/format.ts';
import type { Shape } from '../core/shape.ts';
import { placeOf } from './place.ts';

type Layer = layers.Layer;

/** Something with one output that a model continues from: a branch, a layer that was applied, or a model of tf.layers. */
export type Origin = Branch | Layer | LayersModel;

/** What uses an origin for good, in words for errors: `fork 'image.0'`. Nothing may be added to it any more. */
const ends = new WeakMap<object, string>();

/**
 * A chain of layers that grows until something else begins from it. Once it was forked, merged or made an output it is
 * frozen: adding to it would change those silently.
 */
export class Branch {
  #tensor: SymbolicTensor;

  /** @param tensor `[batch, …]`: where the branch has got to. Those of a graph are made by `input`, `fork` and `merge` */
  constructor(tensor: SymbolicTensor) {
    this.#tensor = tensor;
  }

  /** Where the branch has got to. */
  get tensor(): SymbolicTensor {
    return this.#tensor;
  }

  /** Of one sample, without the batch axis. Sizes that are not known are null. */
  get shape(): readonly (number | null)[] {
    return this.#tensor.shape.slice(1);
  }

  /**
   * Grows the branch.
   * @param grown layers, or models as layers, one after the other; to such models nothing may be added any more
   * @returns the branch itself
   * @throws ConfigError when the branch is frozen, naming what uses it
   */
  add(...grown: readonly (Layer | LayersModel)[]): this {
    refuseEnded(this, placeOf(this.#tensor));
    for (const layer of grown) checkLayer(layer, placeOf(this.#tensor));
    for (const layer of grown) {
      this.#tensor = onlyOutput(layer.apply(this.#tensor), layer.name);
      freezeModels(layer, placeOf(this.#tensor));
    }
    return this;
  }
}

/** A fork that begins a branch is as long as that. */
function grownFrom(origin: Origin): Origin {
  const isObject = typeof origin === 'object' && origin !== null;
  return isObject && 'branch' in origin && origin.branch instanceof Branch ? origin.branch : origin;
}

/**
 * The branch of the Fork that a model begins with, if it begins with one.
 * @throws ConfigError when layers were added to the Fork, which the model does without
 */
function begunIn(model: Sequential): Branch | undefined {
  let first = model.layers[0] as Layer;
  while (first instanceof Sequential) first = first.layers[0] as Layer;
  const branch = grownFrom(first);
  if (!(branch instanceof Branch)) return undefined;
  if (branch.tensor !== first.getOutputAt(0))
    throw new ConfigError({
      where: `model '${model.name}'`,
      expected: 'a Fork as it was made, to begin with',
      found: 'one that was added to',
      hint: 'add the layers to the model, or go on from the Fork itself: fork.add(layer)',
    });
  return branch;
}

/**
 * The tensor something begins from, for good: adding to `origin` is an error from now on.
 * @param user who begins there, for errors
 */
export function endOf(origin: Origin, user: string): SymbolicTensor {
  const tensor = tensorOf(origin);
  const end = grownFrom(origin);
  const begun = end instanceof Sequential ? begunIn(end) : undefined;
  for (const one of begun ? [end, begun] : [end]) if (!ends.has(one)) ends.set(one, user);
  if (end instanceof LayersModel) for (const inner of end.layers) freezeModels(inner, user);
  if (end instanceof Sequential) end.add = () => refuseEnded(end, placeOf(tensor));
  return tensor;
}

/** Layers added to a model would change every branch that has it as a layer. */
function freezeModels(layer: Layer | LayersModel, user: string): void {
  if (layer instanceof LayersModel) for (const inner of layer.layers) freezeModels(inner, user);
  if (!(layer instanceof Sequential) || ends.has(layer)) return;
  ends.set(layer, user);
  layer.add = () => {
    throw new ConfigError({
      where: `model '${layer.name}'`,
      expected: 'a model that still grows',
      found: `one that ${user} uses`,
      hint: 'add to it before, or to the branch',
    });
  };
}

/** @throws ConfigError when `origin` has not one output */
export function tensorOf(given: Origin): SymbolicTensor {
  const origin = grownFrom(given);
  if (origin instanceof Branch) return origin.tensor;
  if (typeof origin !== 'object' || origin === null || !('inboundNodes' in origin))
    throw new ConfigError({
      where: 'branch',
      expected: 'a branch or a model of tf.layers',
      found: formatValue(origin),
    });
  if (!('outputs' in origin) && origin.inboundNodes.length === 0)
    throw new ConfigError({
      where: `layer '${origin.name}'`,
      expected: 'a branch, or a layer that was applied to one',
      found: 'a layer that nothing was given to',
      hint: 'branch.add(layer)',
    });
  if (origin instanceof Sequential) begunIn(origin);
  const outputs: SymbolicTensor | SymbolicTensor[] = 'outputs' in origin ? origin.outputs : origin.output;
  return onlyOutput(outputs, origin.name);
}

function checkLayer(layer: unknown, where: string): void {
  if (typeof (layer as Layer | undefined)?.apply === 'function' && typeof (layer as Layer).getClassName === 'function')
    return;
  throw new ConfigError({ where, expected: 'a layer of TensorFlow.js, or a model', found: formatValue(layer) });
}

function onlyOutput(outputs: unknown, name: string): SymbolicTensor {
  const list = (Array.isArray(outputs) ? outputs : [outputs]) as SymbolicTensor[];
  if (list.length === 1) return list[0] as SymbolicTensor;
  throw new ConfigError({
    where: `layer '${name}'`,
    expected: 'one output, for a branch to continue from',
    found: `${list.length}`,
    hint: 'make a branch of each: new Branch(model.outputs[0])',
  });
}

function refuseEnded(origin: object, place: string): void {
  const user = ends.get(origin);
  if (user === undefined) return;
  throw new ConfigError({
    where: place,
    expected: 'a branch that still grows',
    found: `one that ${user} uses`,
    hint: 'add before, or to a branch of a fork: fork(branch, 2)',
  });
}

/** A shape without the batch axis, as errors show it. */
export function sampleShape(tensor: SymbolicTensor): Shape {
  return tensor.shape.slice(1).map((size) => size ?? -1);
}
