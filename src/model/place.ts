import type { layers, SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { Issue } from '../core/error.ts';

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

/** The tensor that the branch begins with which a tensor belongs to: the input's, or that of a fork or merge. */
export function startOf(tensor: SymbolicTensor): SymbolicTensor {
  for (let at = tensor; ; ) {
    const { inputTensors } = nodeOf(at);
    const [first] = inputTensors;
    if (segments.has(at) || isInput(at.sourceLayer) || !first || inputTensors.length > 1) return at;
    at = first;
  }
}

/** The name of the branch a tensor belongs to: the input's, that of the fork or merge it began with. */
export function segmentOf(tensor: SymbolicTensor): string {
  const start = startOf(tensor);
  return segments.get(start) ?? (isInput(start.sourceLayer) ? start.sourceLayer.name : namesOf(start));
}

/** Of a branch that joins others and was given no name. */
function namesOf(start: SymbolicTensor): string {
  const { inputTensors } = nodeOf(start);
  return inputTensors.length > 1 ? inputTensors.map(segmentOf).join('+') : start.sourceLayer.name;
}

/** How a branch begins, in words. */
function beginningOf(start: SymbolicTensor): string {
  if (isInput(start.sourceLayer)) return `input '${start.sourceLayer.name}'`;
  const { inputTensors } = nodeOf(start);
  if (inputTensors.length > 1)
    return `the merge of ${inputTensors.map((from) => `'${segmentOf(from)}'`).join(' and ')}`;
  return `a fork of branch '${segmentOf(inputTensors[0] as SymbolicTensor)}'`;
}

/**
 * What is wrong when branches that begin at different places have the same name: they would be frozen, clipped and shown
 * as one. Merges of the same branches may be called alike.
 * @param starts what branches begin with, each once
 */
export function issuesOfNames(starts: readonly SymbolicTensor[]): readonly Issue[] {
  const byName = new Map<string, SymbolicTensor[]>();
  for (const start of starts) byName.set(segmentOf(start), [...(byName.get(segmentOf(start)) ?? []), start]);
  return [...byName].flatMap(([name, alike]): Issue[] => {
    const beginnings = alike.map(beginningOf);
    const merged = alike.every((start) => nodeOf(start).inputTensors.length > 1 && namesOf(start) === name);
    if (alike.length < 2 || merged) return [];
    return [
      {
        where: `branch '${name}'`,
        expected: 'names of branches that differ',
        found: beginnings.join(' and '),
        hint: "give one of them another name: fork(branch, ['left', 'right']), merge(branches, 'concat', { name: 'both' })",
      },
    ];
  });
}

/** A branch as errors name it. */
export function placeOf(tensor: SymbolicTensor): string {
  return `branch '${segmentOf(tensor)}'`;
}
