import type { serialization } from '@tensorflow/tfjs-core';
import { input, type LayersModel, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { z } from 'zod';
import { parseConfig } from '../core/config.ts';
import type { TypedArray } from '../core/dtype.ts';
import { ConfigError, type Issue } from '../core/error.ts';
import { trunklineBackend } from '../engine/backend.ts';
import { encodeGraph } from '../engine/onnx/encode.ts';
import { topological, type Value } from '../ir/graph.ts';
import { plainProduct } from '../ir/pass/plain.ts';
import { simplifications, simplify } from '../ir/pass/simplify.ts';
import type { LossConfig } from '../loss/index.ts';
import type { Head, ModelSpec } from '../model/index.ts';
import type { ValueId } from '../model/spec.ts';
import { nodesFor } from '../step/forward.ts';
import { ModelProgram } from '../step/program.ts';
import { record } from '../trace/record.ts';

type Layer = layers.Layer;

/** What `predict` does with logits, where tf.layers has an activation for it. */
const finalActivation: Partial<Record<LossConfig['type'], 'sigmoid' | 'softmax'>> = {
  binaryCrossentropy: 'sigmoid',
  categoricalCrossentropy: 'softmax',
  sparseCategoricalCrossentropy: 'softmax',
  kullbackLeibler: 'softmax',
};

/** Heads of a model that predict, when none of them is called like an input: exports go by these names. */
function predictingHeads({ heads, inputs }: ModelSpec): readonly Head[] {
  const names = new Set(inputs.map(({ name }) => name));
  const predicting = heads.filter(({ trainingOnly }) => !trainingOnly);
  const issues: Issue[] = predicting
    .filter(({ name }) => names.has(name))
    .map(({ name }) => ({
      where: `output '${name}'`,
      expected: 'a name that no input has, to export the model',
      found: 'an input of that name',
    }));
  if (issues.length > 0) throw new ConfigError(issues);
  return predicting;
}

/**
 * The model as a plain LayersModel, which needs nothing of ours: without forks, without what only `trainingOnly` heads
 * use, inputs and outputs named as in the model. Layers are made anew from their configurations and given copies of the
 * weights, so that the two go separate ways. An output is what `predict` gives, as far as tf.layers has an activation
 * for it; of the losses whose prediction is something else it is what the head computes: the logarithm of the rate with
 * poisson, means and then the numbers the variances are made of with gaussianNll, and the function's argument with
 * custom. In names, what TensorFlow.js does not take there becomes _. Layers of your own need `getConfig`, as for saving.
 * @throws ConfigError when an output is called like an input
 */
export function toLayersModel(spec: ModelSpec): LayersModel {
  const heads = predictingHeads(spec);
  const ends = heads.map(({ value }) => value);
  const nodes = nodesFor(spec, ends);
  const used = new Set([...nodes.flatMap((node) => node.inputs), ...ends]);
  const given = spec.inputs.filter(({ value }) => used.has(value));
  const values = new Map<ValueId, SymbolicTensor>();
  for (const { name, shape, dtype, value } of given)
    values.set(value, input({ name, shape: shape.map((size) => (size < 0 ? null : size)), dtype }));
  const names = new Set(given.map(({ name }) => name));
  const outputNames = heads.map(({ name }) => freeName(name, names));
  const copies = new Map<Layer, Layer>();
  for (const { layer, inputs: from, outputs, callArgs } of nodes) {
    const known = copies.get(layer);
    const copy = known ?? copyOf(layer, freeName(layer.name, names));
    copies.set(layer, copy);
    const tensors = from.map((value) => values.get(value) as SymbolicTensor);
    const computed = copy.apply(tensors.length === 1 ? (tensors[0] as SymbolicTensor) : tensors, callArgs);
    if (!known) copy.setWeights(layer.getWeights());
    const results = (Array.isArray(computed) ? computed : [computed]) as SymbolicTensor[];
    outputs.forEach((output, at) => {
      values.set(output, results[at] as SymbolicTensor);
    });
  }
  const outputs = heads.map(({ value, objective }, at) => {
    const activation = (objective && finalActivation[objective.config.type]) ?? 'linear';
    const last = layers.activation({ activation, name: outputNames[at] as string });
    return last.apply(values.get(value) as SymbolicTensor) as SymbolicTensor;
  });
  return model({ inputs: given.map(({ value }) => values.get(value) as SymbolicTensor), outputs });
}

/** A name that TensorFlow.js takes and that no other layer has: as wanted, as far as possible. */
function freeName(wanted: string, taken: Set<string>): string {
  const valid = wanted.replace(/[^\w./-]/g, '_').replace(/^(?![A-Za-z0-9])/, 'x');
  let name = valid;
  for (let number = 2; taken.has(name); number++) name = `${valid}_${number}`;
  taken.add(name);
  return name;
}

/** A layer with the same configuration under another name, for its parts too; its weights begin as zeros. */
function copyOf(layer: Layer, name: string): Layer {
  const renamed = (value: unknown): unknown => {
    if (typeof value === 'string')
      return value.startsWith(`${layer.name}/`) ? name + value.slice(layer.name.length) : value;
    if (Array.isArray(value)) return value.map(renamed);
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, renamed(part)]));
  };
  const kind = layer.constructor as serialization.SerializableConstructor<Layer>;
  const copy = kind.fromConfig(kind, { ...(renamed(layer.getConfig()) as serialization.ConfigDict), name });
  copy.setFastWeightInitDuringBuild(true);
  return copy;
}

/** The sizes that an ONNX model is made for. */
export interface OnnxOptions {
  /** Rows of a batch: the model takes no other number. */
  readonly rows?: number;
  /** Length of sequences, where the model leaves it open: it takes no other either. */
  readonly length?: number;
}

const onnxSchema = z.strictObject({
  rows: z.number().int().positive().default(1),
  length: z.number().int().positive().optional(),
});

/**
 * The model as an ONNX file that computes what `predict` gives, weights included under their own names. Inputs and
 * outputs have the names they have in the model, and `rows` rows. It has operators of ONNX alone, which every runtime knows.
 * @throws ConfigError when an option is wrong, or a length is left open; CompileError when a layer can't be compiled
 */
export function toOnnx(spec: ModelSpec, options: OnnxOptions = {}): Uint8Array {
  const { rows, length } = parseConfig(onnxSchema, options, 'toOnnx');
  const ports = new Set([...predictingHeads(spec), ...spec.inputs].map(({ name }) => name));
  const program = new ModelProgram(spec);
  const shapes = spec.inputs.map(({ name, shape }) => shape.map((size) => (size < 0 ? lengthOf(name, length) : size)));
  const specs = program.specs({ rows, shapes, weighted: [], points: false }, 'predict');
  const { outputs: recorded, parameters } = record(trunklineBackend(), program.predict, specs);
  const named = Object.entries(recorded).map(([name, value]) => [name.replace(/^output\//, ''), value] as const);
  const outputs = simplify(Object.fromEntries(named), [plainProduct, ...Object.values(simplifications)]);
  const values = Object.values(outputs);
  const constantNames = new Map<Value, string>();
  // Only now: the program is the one that `predict` runs, and the weights are in it as they are.
  for (const value of new Set([...values, ...topological(values).flatMap(({ inputs }) => inputs)])) {
    if (value?.source.kind !== 'input') continue;
    const { name } = value.source;
    const variable = parameters.get(name);
    const own = name.replace(/^(parameter|input\/x)\//, '');
    if (variable && !ports.has(own)) constantNames.set(value, own);
    value.source = variable
      ? { kind: 'constant', data: variable.dataSync().slice() as TypedArray }
      : { kind: 'input', name: own };
  }
  return encodeGraph(outputs, { named: true, constantNames }).model;
}

function lengthOf(input: string, length: number | undefined): number {
  if (length !== undefined) return length;
  const hint = 'toOnnx({ length: 50 })';
  throw new ConfigError({
    where: `input '${input}'`,
    expected: 'a length, which the model leaves open',
    found: 'none',
    hint,
  });
}
