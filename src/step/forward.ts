import { logicalNot, logicalOr, Tensor, where, zerosLike } from '@tensorflow/tfjs-core';
import type { ModelNode, ModelSpec, ValueId } from '../model/spec.ts';
import { type Frozen, withFrozen } from '../trace/frozen.ts';
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
  /** Whether batch normalisation in a layer is frozen; nowhere when left out. */
  readonly frozen?: (layer: ModelNode['layer']) => Frozen;
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
 * absent head reaches the trunk, be its weights infinite. Nor does it reach a layer that others use too: where only absent
 * heads use such a layer it is given zeros, and no gradient, and batch normalisation does not follow them.
 * @param inputs tensors of the model's inputs, by value
 * @returns the tensors of all values that were computed
 */
export function forward(
  spec: ModelSpec,
  nodes: readonly ModelNode[],
  inputs: ReadonlyMap<ValueId, Tensor>,
  { training, anyPresent, frozen = () => false }: ForwardOptions,
): ReadonlyMap<ValueId, Tensor> {
  const flows = new Map<ValueId, Flow>([...inputs].map(([value, tensor]) => [value, { tensor }]));
  const readersOf = (values: readonly ValueId[]): readonly string[] => [
    ...new Set(values.flatMap((value) => spec.readers[value] ?? [])),
  ];
  const uses = outputsByLayer(nodes);
  for (const { layer, inputs: from, outputs, callArgs } of nodes) {
    const readers = readersOf(outputs);
    const lent = anyPresent && readers.length > 0 && readers.length < readersOf(uses.get(layer) ?? []).length;
    const given = from.map((value): Flow => {
      const flow = flows.get(value) as Flow;
      const narrows = readers.length > 0 && readers.length < (spec.readers[value] ?? []).length;
      const tensor = anyPresent && narrows ? guardGradient(flow.tensor, anyPresent(readers)) : flow.tensor;
      return { ...flow, tensor: lent ? selectIf(anyPresent(readers), tensor) : tensor };
    });
    const known = frozen(layer);
    const stays = lent && known instanceof Tensor ? logicalOr(known, logicalNot(anyPresent(readers))) : known;
    const results = applyLayer(layer, given, { ...callArgs, training }, stays);
    outputs.forEach((output, at) => {
      const { tensor, mask } = results[at] as Flow;
      flows.set(output, { tensor: lent ? guardGradient(tensor, anyPresent(readers)) : tensor, mask });
    });
  }
  return new Map([...flows].map(([value, { tensor }]) => [value, tensor]));
}

/** What each layer gives, in all its uses together. */
function outputsByLayer(nodes: readonly ModelNode[]): ReadonlyMap<ModelNode['layer'], readonly ValueId[]> {
  const found = new Map<ModelNode['layer'], ValueId[]>();
  for (const { layer, outputs } of nodes) {
    const uses = found.get(layer);
    if (uses) uses.push(...outputs);
    else found.set(layer, [...outputs]);
  }
  return found;
}

/**
 * What a layer computes from one tensor or several, and which steps of it count.
 * @param callArgs what the layer is called with besides
 * @param frozen whether batch normalisation in it is
 */
export function applyLayer(
  layer: ModelNode['layer'],
  given: readonly Flow[],
  callArgs: Readonly<Record<string, unknown>>,
  frozen: Frozen,
): readonly Flow[] {
  const tensors = given.map(({ tensor }) => tensor);
  const masks = given.map(({ mask }) => mask);
  const mask = masks.find(Boolean);
  const one = tensors.length === 1;
  const masked = mask ? { mask: one ? mask : masks } : {};
  const apply = () => layer.apply(one ? (tensors[0] as Tensor) : [...tensors], { ...callArgs, ...masked });
  const computed = withFrozen(layer, frozen, apply);
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
