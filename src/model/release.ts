import type { layers, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { forgetVariable } from '../trace/internals.ts';
import { weightsOf } from './name.ts';
import { isInput, nodeOf } from './place.ts';
import type { ModelSpec } from './spec.ts';

type Layer = layers.Layer;
type Node = ReturnType<typeof nodeOf>;

/** Lets go of a model that nobody trains any more: TensorFlow.js lists every variable there is. */
export function forgetModel({ groups }: ModelSpec): void {
  for (const { parameters } of groups) for (const { variable } of parameters) forgetVariable(variable);
}

/** Everything that these tensors are computed with. */
function nodesBehind(tensors: readonly SymbolicTensor[]): ReadonlyMap<Node, Layer> {
  const nodes = new Map<Node, Layer>();
  const open = [...tensors];
  for (let tensor = open.pop(); tensor; tensor = open.pop()) {
    const node = nodeOf(tensor);
    if (nodes.has(node)) continue;
    nodes.set(node, tensor.sourceLayer);
    if (!isInput(tensor.sourceLayer)) open.push(...node.inputTensors);
  }
  return nodes;
}

/**
 * Lets go of what only a retired output was computed with, so that its memory is free once nobody else has its layers:
 * TensorFlow.js lists every variable there is, and layers know those that continue from them. Nothing is disposed: who
 * has the branch may make it an output again.
 * @param retired the output's end
 * @param others ends of the outputs that stay
 */
export function release(retired: SymbolicTensor, others: readonly SymbolicTensor[]): void {
  const kept = nodesBehind(others);
  const released = new Map([...nodesBehind([retired])].filter(([node]) => !kept.has(node)));
  for (const [node, layer] of released) {
    for (const { sourceLayer } of node.inputTensors) {
      const at = sourceLayer.outboundNodes.indexOf(node as never);
      if (at !== -1) sourceLayer.outboundNodes.splice(at, 1);
    }
    // A layer that is used elsewhere stays known.
    if (layer.inboundNodes.every((use) => released.has(use as unknown as Node)))
      for (const variable of weightsOf(layer).values()) forgetVariable(variable);
  }
}
