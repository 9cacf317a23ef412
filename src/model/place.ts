import type { layers, SymbolicTensor } from '@tensorflow/tfjs-layers';

/** Names of branches, by the tensors they begin with. */
const segments = new WeakMap<SymbolicTensor, string>();

/** Says that a branch begins with this tensor. */
export function startSegment(tensor: SymbolicTensor, name: string): void {
  segments.set(tensor, name);
}

/** The node of tf.layers that gives a tensor. */
export function nodeOf(tensor: SymbolicTensor): {
  readonly inputTensors: SymbolicTensor[];
  readonly outputTensors: SymbolicTensor[];
  readonly callArgs?: Record<string, unknown>;
} {
  return tensor.sourceLayer.inboundNodes[tensor.nodeIndex] as ReturnType<typeof nodeOf>;
}

export function isInput(layer: layers.Layer): boolean {
  return layer.getClassName() === 'InputLayer';
}

/** The name of the branch a tensor belongs to: the input's, that of the fork or merge it began with. */
export function segmentOf(tensor: SymbolicTensor): string {
  for (let at = tensor; ; ) {
    const known = segments.get(at);
    if (known !== undefined) return known;
    const { inputTensors } = nodeOf(at);
    const [first] = inputTensors;
    if (isInput(at.sourceLayer) || !first) return at.sourceLayer.name;
    if (inputTensors.length > 1) return inputTensors.map(segmentOf).join('+');
    at = first;
  }
}

/** A branch as errors name it. */
export function placeOf(tensor: SymbolicTensor): string {
  return `branch '${segmentOf(tensor)}'`;
}
