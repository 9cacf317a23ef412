import type { Variable } from '@tensorflow/tfjs-core';
import type { LayersModel, LayerVariable, layers } from '@tensorflow/tfjs-layers';
import { ConfigError } from '../core/error.ts';
import { layersIn } from '../trace/part.ts';
import { nodeOf } from './place.ts';

type Layer = layers.Layer;

/** Layers that were given a name here: they keep it. */
const named = new WeakSet<Layer>();

/** TensorFlow.js names layers and models without a name after their class and how many of it there are in the process. */
function isAutomatic(layer: Layer): boolean {
  const type = layer.getClassName();
  return new RegExp(`^([a-z0-9_]+_${type}|${type.toLowerCase()}_?)\\d+$`).test(layer.name);
}

const kindOf = (layer: Layer): string => {
  const name = layer.getClassName();
  return name.charAt(0).toLowerCase() + name.slice(1);
};

/**
 * Gives layers names that depend on their place in the model only: parameters, initial values and random masks go by
 * them. A name the user gave stays, and so does one that was given when the model had other heads.
 * @param uses layers, and the branches they are used in; a layer is named after the first
 * @throws ConfigError when two layers were given the same name
 */
export function nameLayers(uses: readonly { readonly layer: Layer; readonly branch: string }[]): void {
  const taken = new Map<string, Layer>();
  const isFixed = (layer: Layer): boolean => named.has(layer) || !isAutomatic(layer);
  for (const { layer } of uses) if (isFixed(layer)) take(layer, taken);
  for (const { layer, branch } of uses) {
    if (!isFixed(layer)) {
      layer.name = freeName(`${branch}/${kindOf(layer)}`, taken);
      take(layer, taken);
    }
    named.add(layer);
    const parts = layersIn(layer);
    nameLayers(parts.map((part) => ({ layer: part, branch: layer.name })));
    if (parts.length > 0) listNodes(layer as Layer & LayersModel);
  }
}

/**
 * A model of TensorFlow.js lists which uses of its layers it consists of, by the names they had when it was made: what
 * is not listed is left out of its configuration and of its losses.
 */
function listNodes(model: LayersModel): void {
  const { containerNodes: listed } = model as unknown as { readonly containerNodes: Set<string> };
  listed.clear();
  const open = [...model.outputs];
  for (let tensor = open.pop(); tensor; tensor = open.pop()) {
    const key = `${tensor.sourceLayer.name}_ib-${tensor.nodeIndex}`;
    if (listed.has(key)) continue;
    listed.add(key);
    if (!model.inputs.includes(tensor)) open.push(...nodeOf(tensor).inputTensors);
  }
}

function take(layer: Layer, taken: Map<string, Layer>): void {
  const other = taken.get(layer.name);
  if (other && other !== layer)
    throw new ConfigError({
      where: `layer '${layer.name}'`,
      expected: 'names of layers that differ',
      found: `another ${other.getClassName()} of that name`,
      hint: 'give one of them another name, or none',
    });
  taken.set(layer.name, layer);
}

function freeName(wanted: string, taken: ReadonlyMap<string, unknown>): string {
  let name = wanted;
  for (let number = 2; taken.has(name); number++) name = `${wanted}_${number}`;
  return name;
}

/** A layer's weights by name: the layer's own, or those of the layers of a model. */
export function weightsOf(layer: Layer): ReadonlyMap<string, Variable> {
  const parts = layersIn(layer);
  if (parts.length > 0) return new Map(parts.flatMap((part) => [...weightsOf(part)]));
  const weights = new Map<string, Variable>();
  for (const weight of layer.weights as LayerVariable[]) {
    const own = `${layer.name}/${weight.originalName.split('/').at(-1)}`;
    weights.set(freeName(own, weights), weight.read() as Variable);
  }
  return weights;
}
