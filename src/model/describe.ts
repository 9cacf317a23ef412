import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { ConfigError } from '../core/error.ts';
import { formatShape } from '../core/shape.ts';
import { rememberVariable } from '../trace/internals.ts';
import { nameVariable } from '../trace/name.ts';
import { partsOf } from '../trace/part.ts';
import { sampleShape } from './branch.ts';
import { Fork } from './fork.ts';
import type { OutputOptions } from './graph.ts';
import { idLimit } from './ids.ts';
import { initialize } from './initial.ts';
import { nameLayers, weightsOf } from './name.ts';
import { isInput, issuesOfNames, nodeOf, segmentOf, startOf } from './place.ts';
import type { Head, ModelInput, ModelNode, ModelSpec, Objective, ParameterGroup, ValueId } from './spec.ts';

/** An output as it was declared. */
export interface Output {
  readonly name: string;
  readonly tensor: SymbolicTensor;
  readonly objective?: Objective;
  readonly trainingOnly: boolean;
  /** What was said of it when it was declared. */
  readonly options: OutputOptions;
  /** Weight of its loss in the merge of losses that is minimised, when one is. */
  readonly factor?: number;
}

/**
 * Describes the model that ends in these outputs. Layers and parameters get names that depend on their place only, and
 * weights that nobody has set get first values that depend on seed and name only: what is added to a model changes
 * nothing of what was there.
 * @throws ConfigError when layers share a name, or branches do, or more than the length of an input is not fixed
 */
export function describeModel(outputs: readonly Output[], seed = 0): ModelSpec {
  const walk = new Walk();
  const ends = outputs.map(({ tensor }) => walk.visit(tensor));
  const issues = issuesOfNames([...walk.starts]);
  if (issues.length > 0) throw new ConfigError(issues);
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
  for (const { layer } of groups) fixWeights(layer);
  for (const { name, variable } of groups.flatMap(({ parameters }) => parameters)) {
    nameVariable(variable, name);
    rememberVariable(variable);
    initialize(variable, name, seed);
  }
  const inputs = walk.inputs.map((input): ModelInput => {
    const ids = idLimit(input.value, walk.nodes);
    return ids === undefined ? input : { ...input, ids };
  });
  return { inputs, nodes: walk.nodes, heads, groups, readers };
}

/** TensorFlow.js forgets on weights that their layer, or what it is in, was made untrainable. */
function fixWeights(layer: ModelNode['layer'], isFixed = false): void {
  const stays = isFixed || !layer.trainable;
  for (const part of partsOf(layer)) fixWeights(part, stays);
  if (stays) for (const variable of weightsOf(layer).values()) variable.trainable = false;
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
  /** What branches begin with. */
  readonly starts = new Set<SymbolicTensor>();
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
    this.starts.add(startOf(tensor));
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

/** The parameters of each layer, and the heads they serve. What a group is called and holds is the same whatever else the model has. */
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
  return [...uses].flatMap(([layer, { branch, heads: served }]): ParameterGroup[] => {
    const parameters = [...weightsOf(layer)].map(([name, variable]) => ({ name, variable, layer, branch }));
    const readBy = heads.filter(({ name }) => served.has(name)).map(({ name }) => name);
    return parameters.length === 0 ? [] : [{ name: layer.name, layer, branch, heads: readBy, parameters }];
  });
}
