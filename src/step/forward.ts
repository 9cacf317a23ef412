import { type Tensor, where, zerosLike } from '@tensorflow/tfjs-core';
import type { ModelNode, ModelSpec, ValueId } from '../model/spec.ts';
import { guardGradient } from './guard.ts';

/** What flows through a model: a tensor, and for sequences whose padding is masked which of its steps count. */
export interface Flow {
  readonly tensor: Tensor;
  readonly mask?: Tensor | undefined;
}

export interface ForwardOptions {
  readonly training: boolean;
  /** Whether any of these heads has a label in the batch: bool `[]`. Left out when no gradient is wanted. */
  readonly anyPresent?: (heads: readonly string[]) => Tensor;
}

/** Nodes without which these values can't be computed, in order. */
export function nodesFor(spec: ModelSpec, values: readonly ValueId[]): readonly ModelNode[] {
  const needed = new Set(values);
  const nodes: ModelNode[] = [];
  for (const node of [...spec.nodes].reverse()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    for (const input of node.inputs) needed.add(input);
    nodes.unshift(node);
  }
  return nodes;
}

/**
 * Computes nodes of a model, one after the other. Where a branch begins that fewer heads depend on than on what it
 * begins with, its gradient is passed on only when one of those heads has a label in the batch, so that nothing of an
 * absent head reaches the trunk, be its weights infinite.
 * @param inputs tensors of the model's inputs, by value
 * @returns the tensors of all values that were computed
 */
export function forward(
  spec: ModelSpec,
  nodes: readonly ModelNode[],
  inputs: ReadonlyMap<ValueId, Tensor>,
  { training, anyPresent }: ForwardOptions,
): ReadonlyMap<ValueId, Tensor> {
  const flows = new Map<ValueId, Flow>([...inputs].map(([value, tensor]) => [value, { tensor }]));
  const readersOf = (values: readonly ValueId[]): readonly string[] => [
    ...new Set(values.flatMap((value) => spec.readers[value] ?? [])),
  ];
  for (const { layer, inputs: from, outputs, callArgs } of nodes) {
    const readers = readersOf(outputs);
    const given = from.map((value): Flow => {
      const flow = flows.get(value) as Flow;
      const narrows = readers.length > 0 && readers.length < (spec.readers[value] ?? []).length;
      return anyPresent && narrows ? { ...flow, tensor: guardGradient(flow.tensor, anyPresent(readers)) } : flow;
    });
    const results = applyLayer(layer, given, { ...callArgs, training });
    outputs.forEach((output, at) => {
      flows.set(output, results[at] as Flow);
    });
  }
  return new Map([...flows].map(([value, { tensor }]) => [value, tensor]));
}

/**
 * What a layer computes from one tensor or several, and which steps of it count.
 * @param callArgs what the layer is called with besides
 */
export function applyLayer(
  layer: ModelNode['layer'],
  given: readonly Flow[],
  callArgs: Readonly<Record<string, unknown>>,
): readonly Flow[] {
  const tensors = given.map(({ tensor }) => tensor);
  const masks = given.map(({ mask }) => mask);
  const mask = masks.find(Boolean);
  const one = tensors.length === 1;
  const masked = mask ? { mask: one ? mask : masks } : {};
  const computed = layer.apply(one ? (tensors[0] as Tensor) : [...tensors], { ...callArgs, ...masked });
  const results = (Array.isArray(computed) ? computed : [computed]) as Tensor[];
  const next = layer.supportsMasking
    ? layer.computeMask(one ? (tensors[0] as Tensor) : [...tensors], (one ? mask : masks) as Tensor)
    : undefined;
  const nextMasks = Array.isArray(next) ? next : [next];
  return results.map((tensor, at) => ({ tensor, mask: nextMasks[at] ?? undefined }));
}

/** `value` when `condition`, and 0 otherwise, whatever it is. */
export function selectIf(condition: Tensor, value: Tensor): Tensor {
  return where(condition, value, zerosLike(value));
}
