import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { ConfigError } from '../core/error.ts';
import { formatShape } from '../core/shape.ts';
import { nameVariable } from '../trace/name.ts';
import { sampleShape } from './branch.ts';
import { Fork } from './fork.ts';
import { idLimit } from './ids.ts';
import { initialize } from './initial.ts';
import { nameLayers, weightsOf } from './name.ts';
import { isInput, nodeOf, segmentOf } from './place.ts';
import type { Head, ModelInput, ModelNode, ModelSpec, Objective, Parameter, ParameterGroup, ValueId } from './spec.ts';

/** An output as it was declared. */
export interface Output {
  readonly name: string;
  readonly tensor: SymbolicTensor;
  readonly objective?: Objective;
  readonly trainingOnly: boolean;
}

/**
 * Describes the model that ends in these outputs. Layers and parameters get names that depend on their place only, and
 * weights that nobody has set get first values that depend on seed and name only: what is added to a model changes
 * nothing of what was there.
 * @throws ConfigError when layers share a name, or more than the length of an input is not fixed
 */
export function describeModel(outputs: readonly Output[], seed = 0): ModelSpec {
  const walk = new Walk();
  const ends = outputs.map(({ tensor }) => walk.visit(tensor));
  nameLayers(walk.nodes);
  const heads = outputs.map(
    ({ name, tensor, objective, trainingOnly }, at): Head => ({
      name,
      value: ends[at] as ValueId,
      shape: sampleShape(tensor),
      branch: segmentOf(tensor),
      trainingOnly,
      ...(objective ? { objective } : {}),
    }),
  );
  const readers = readersOf(walk.nodes, heads, walk.size);
  refuseConstraints(walk.nodes);
  const groups = groupsOf(walk.nodes, readers, heads);
  for (const { name, variable, layer } of groups.flatMap(({ parameters }) => parameters)) {
    nameVariable(variable, name);
    // TensorFlow.js forgets on weights that their layer was made untrainable.
    if (!layer.trainable) variable.trainable = false;
    initialize(variable, name, seed);
  }
  const inputs = walk.inputs.map((input): ModelInput => {
    const ids = idLimit(input.value, walk.nodes);
    return ids === undefined ? input : { ...input, ids };
  });
  return { inputs, nodes: walk.nodes, heads, groups, readers };
}

/** @throws ConfigError naming every layer with a constraint on its weights: updates do not know them */
function refuseConstraints(nodes: readonly ModelNode[]): void {
  const constrained = nodes.filter(({ layer }) =>
    (layer.weights as readonly { readonly constraint?: unknown }[]).some(({ constraint }) => constraint),
  );
  if (constrained.length > 0)
    throw new ConfigError(
      constrained.map(({ layer }) => ({
        where: `layer '${layer.name}'`,
        expected: 'weights without constraints',
        found: 'a constraint, which updates would not keep',
        hint: 'use a regularizer or weight decay, or an activation that keeps to the bounds',
      })),
    );
}

/** Walks from outputs to inputs, and lists what it meets in an order in which it can be computed. */
class Walk {
  readonly inputs: ModelInput[] = [];
  readonly nodes: ModelNode[] = [];
  size = 0;
  readonly #values = new Map<number, ValueId>();

  visit(tensor: SymbolicTensor): ValueId {
    const stack = [tensor];
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const { inputTensors } = nodeOf(top);
      const missing = isInput(top.sourceLayer) ? [] : inputTensors.filter(({ id }) => !this.#values.has(id));
      if (this.#values.has(top.id)) stack.pop();
      else if (missing.length > 0) stack.push(...[...missing].reverse());
      else this.#enter(top);
    }
    return this.#valueOf(tensor);
  }

  #valueOf(tensor: SymbolicTensor): ValueId {
    return this.#values.get(tensor.id) as ValueId;
  }

  #enter(tensor: SymbolicTensor): void {
    const { inputTensors, outputTensors, callArgs = {} } = nodeOf(tensor);
    const layer = tensor.sourceLayer;
    const inputs = isInput(layer) ? [] : inputTensors.map((given) => this.#valueOf(given));
    if (layer instanceof Fork) {
      this.#values.set(tensor.id, inputs[0] as ValueId);
      return;
    }
    for (const output of outputTensors) this.#values.set(output.id, this.size++);
    const outputs = outputTensors.map((output) => this.#valueOf(output));
    if (isInput(layer)) this.#enterInput(tensor, outputs[0] as ValueId);
    else {
      const shapes = outputTensors.map(sampleShape);
      this.nodes.push({ layer, inputs, outputs, shapes, callArgs, branch: segmentOf(tensor) });
    }
  }

  #enterInput(tensor: SymbolicTensor, value: ValueId): void {
    const { name } = tensor.sourceLayer;
    const shape = sampleShape(tensor);
    if (shape.slice(1).some((size) => size < 0))
      throw new ConfigError({
        where: `input '${name}'`,
        expected: 'a fixed size for every axis of a sample but the first',
        found: formatShape(shape).replaceAll('-1', '?'),
      });
    this.inputs.push({ name, shape, dtype: tensor.dtype === 'int32' ? 'int32' : 'float32', value });
  }
}

/** For each value, the heads with an objective that depend on it. */
function readersOf(nodes: readonly ModelNode[], heads: readonly Head[], size: number): readonly (readonly string[])[] {
  const sets = Array.from({ length: size }, () => new Set<string>());
  for (const { name, value, objective } of heads) if (objective) sets[value]?.add(name);
  for (const { inputs, outputs } of [...nodes].reverse())
    for (const input of inputs)
      for (const output of outputs) for (const head of sets[output] ?? []) sets[input]?.add(head);
  return sets.map((set) => heads.filter(({ name }) => set.has(name)).map(({ name }) => name));
}

/** Parameters by branch and by the heads they serve. The first group of a branch has its name, others their layer's. */
function groupsOf(
  nodes: readonly ModelNode[],
  readers: readonly (readonly string[])[],
  heads: readonly Head[],
): readonly ParameterGroup[] {
  const uses = new Map<ModelNode['layer'], { readonly branch: string; readonly heads: Set<string> }>();
  for (const { layer, outputs, branch } of nodes) {
    const use = uses.get(layer) ?? { branch, heads: new Set<string>() };
    for (const output of outputs) for (const head of readers[output] ?? []) use.heads.add(head);
    uses.set(layer, use);
  }
  const groups = new Map<string, ParameterGroup & { readonly parameters: Parameter[] }>();
  const names = new Set<string>();
  for (const [layer, use] of uses) {
    const parameters = [...weightsOf(layer)].map(([name, variable]) => ({ name, variable, layer, branch: use.branch }));
    if (parameters.length === 0) continue;
    const readBy = heads.filter(({ name }) => use.heads.has(name)).map(({ name }) => name);
    const key = JSON.stringify([use.branch, readBy]);
    const known = groups.get(key);
    if (known) known.parameters.push(...parameters);
    else {
      const name = names.has(use.branch) ? layer.name : use.branch;
      names.add(name);
      groups.set(key, { name, branch: use.branch, heads: readBy, parameters });
    }
  }
  return [...groups.values()];
}
