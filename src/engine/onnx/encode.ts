import type { DType, TypedArray } from '../../core/dtype.ts';
import { sizeOf } from '../../core/shape.ts';
import {
  type AttributeValue,
  constant,
  constantData,
  contentKey,
  type Node,
  topological,
  type Value,
} from '../../ir/graph.ts';
import { type OpName, ruleOf } from '../../ir/op/index.ts';
import type { Port } from '../runner/runner.ts';
import { elementType } from './element-type.ts';
import { type Attribute, encodeModel, type NodeProto, type TensorProto } from './proto.ts';

/** Attributes that ONNX takes as int64 tensors, in the order of its inputs; `''` leaves an input out. */
const tensorAttributes: Partial<Record<OpName, readonly string[]>> = {
  Reshape: ['shape'],
  Expand: ['shape'],
  Slice: ['starts', 'ends', 'axes', 'steps'],
  Split: ['split'],
  Pad: ['pads'],
  Tile: ['repeats'],
  TopK: ['k'],
  CumSum: ['axis'],
  ReduceSum: ['axes'],
  ReduceMean: ['axes'],
  ReduceMax: ['axes'],
  ReduceMin: ['axes'],
  ReduceProd: ['axes'],
  ReduceSumSquare: ['axes'],
  Resize: ['', '', 'sizes'],
  Col2Im: ['image_shape', 'block_shape'],
};

/** Outputs from this one on are left out when nothing reads them, because computing them takes time. */
const optionalOutputs: Partial<Record<OpName, number>> = { MaxPool: 1 };

/** ONNX takes these as a number and not as a list. */
const scalarTensors: ReadonlySet<string> = new Set(['CumSum.axis']);

/** Attributes that are real numbers whatever value they have. */
const realAttributes: ReadonlySet<string> = new Set(['alpha', 'beta', 'gamma', 'cubic_coeff_a', 'extrapolation_value']);

function encodeAttribute(name: string, value: AttributeValue): Attribute {
  if (name === 'to') return { name, value: { kind: 'int', value: elementType[value as DType] } };
  if (typeof value === 'string') return { name, value: { kind: 'string', value } };
  if (typeof value !== 'number') return { name, value: { kind: 'ints', value } };
  return { name, value: { kind: realAttributes.has(name) ? 'float' : 'int', value } };
}

export interface EncodedGraph {
  readonly model: Uint8Array;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Values fed from outside, in the order of `inputs`. */
  readonly fed: readonly Value[];
  readonly nodeCount: number;
}

export interface EncodeOptions {
  /** Values taken as inputs although the graph could compute them, and their names. */
  readonly cut?: ReadonlyMap<Value, string>;
  /** Names nodes after what they were recorded from, for ONNX Runtime's errors. */
  readonly named?: boolean;
  /** Constants with more elements than this become inputs; by default none do. */
  readonly feedConstantsAbove?: number;
  /** Names of constants, different from those of inputs and outputs; by default they are numbered. */
  readonly constantNames?: ReadonlyMap<Value, string>;
}

class Encoder {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  readonly inputs: Port[] = [];
  readonly fed: Value[] = [];
  readonly #names = new Map<Value, string>();
  readonly #constants = new Map<string, string>();
  readonly #options: EncodeOptions;
  readonly #wanted: ReadonlyMap<Value, string>;
  readonly #read: ReadonlySet<Value | null>;
  readonly #taken: ReadonlySet<string>;
  #next = 0;

  /**
   * @param read values that nodes take as inputs
   * @param taken names that others have
   */
  constructor(
    options: EncodeOptions,
    wanted: ReadonlyMap<Value, string>,
    read: ReadonlySet<Value | null>,
    taken: ReadonlySet<string>,
  ) {
    this.#options = options;
    this.#wanted = wanted;
    this.#read = read;
    this.#taken = taken;
  }

  nameOf(value: Value): string {
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    const name = this.#leaf(value);
    this.#names.set(value, name);
    return name;
  }

  add(node: Node): void {
    const { op, attributes } = node;
    const asTensors = tensorAttributes[op] ?? [];
    const inputs = node.inputs.map((value) => (value ? this.nameOf(value) : ''));
    const tensors = asTensors.map((name) => {
      if (name === '') return '';
      const value = attributes[name] as number | readonly number[];
      const single = scalarTensors.has(`${op}.${name}`);
      const list = typeof value === 'number' ? [value] : value;
      return this.#constant(constant(BigInt64Array.from(list, BigInt), 'int64', single ? [] : [list.length]));
    });
    const [first, ...rest] = inputs;
    const plain = Object.entries(attributes).filter(([name]) => !asTensors.includes(name));
    this.nodes.push({
      ...(this.#options.named && { name: `${node.origin} #${this.nodes.length}` }),
      op,
      domain: ruleOf(op).domain ?? '',
      inputs: first === undefined ? tensors : [first, ...tensors, ...rest],
      outputs: this.#outputsOf(node).map((output) => this.#produced(output)),
      attributes: plain.map(([name, value]) => encodeAttribute(name, value)),
    });
  }

  /** An output that is not the result of a node of its own. */
  copy(value: Value, name: string): void {
    this.nodes.push({ op: 'Identity', domain: '', inputs: [this.nameOf(value)], outputs: [name], attributes: [] });
  }

  isNamed(value: Value, name: string): boolean {
    return this.#names.get(value) === name;
  }

  #outputsOf({ op, outputs }: Node): readonly Value[] {
    const optional = optionalOutputs[op] ?? outputs.length;
    const last = outputs.findLastIndex((output) => this.#read.has(output) || this.#wanted.has(output));
    return outputs.slice(0, Math.max(optional, last + 1));
  }

  #produced(value: Value): string {
    const name = this.#wanted.get(value) ?? this.#number('v');
    this.#names.set(value, name);
    return name;
  }

  #leaf(value: Value): string {
    const cut = this.#options.cut?.get(value);
    if (cut !== undefined) return this.#feed(value, cut);
    if (value.source.kind === 'input') return this.#feed(value, value.source.name);
    if (value.source.kind === 'node') throw new Error(`value ${value.id} is used before the node that computes it`);
    if (sizeOf(value.shape) > (this.#options.feedConstantsAbove ?? Number.POSITIVE_INFINITY))
      return this.#feed(value, this.#number('c'));
    return this.#constant(value);
  }

  #feed(value: Value, name: string): string {
    this.inputs.push({ name, dtype: value.dtype, shape: value.shape });
    this.fed.push(value);
    return name;
  }

  #constant(value: Value): string {
    const given = this.#options.constantNames?.get(value);
    const key = given === undefined ? contentKey(value) : undefined;
    const known = key === undefined ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    const name = given ?? this.#number('c');
    this.initializers.push({ name, dtype: value.dtype, shape: value.shape, data: constantData(value) as TypedArray });
    if (key !== undefined) this.#constants.set(key, name);
    return name;
  }

  /** A name that no input, output or named constant has. */
  #number(kind: 'c' | 'v'): string {
    let name: string;
    do name = `${kind}${this.#next++}`;
    while (this.#taken.has(name));
    return name;
  }
}

/**
 * Encodes the computation of `outputs` as an ONNX model.
 * @param outputs the values to compute, by the names they shall have
 */
export function encodeGraph(outputs: Readonly<Record<string, Value>>, options: EncodeOptions = {}): EncodedGraph {
  const entries = Object.entries(outputs);
  const wanted = new Map<Value, string>();
  for (const [name, value] of entries) if (!wanted.has(value)) wanted.set(value, name);
  const nodes = topological(Object.values(outputs), options.cut);
  const read = new Set([...nodes.flatMap(({ inputs }) => inputs), ...wanted.keys()]);
  const given = [...read].flatMap((value) => (value?.source.kind === 'input' ? [value.source.name] : []));
  const { cut = new Map(), constantNames = new Map() } = options;
  const taken = new Set([...given, ...cut.values(), ...constantNames.values(), ...Object.keys(outputs)]);
  const encoder = new Encoder(options, wanted, read, taken);
  for (const node of nodes) encoder.add(node);
  for (const [name, value] of entries) if (!encoder.isNamed(value, name)) encoder.copy(value, name);
  const ports = entries.map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  const { inputs, fed, initializers } = encoder;
  const model = encodeModel({ nodes: encoder.nodes, initializers, inputs, outputs: ports });
  return { model, inputs, outputs: ports, fed, nodeCount: nodes.length };
}
