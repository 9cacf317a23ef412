import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { DType, TypedArray } from '../../core/dtype.ts';
import type { Shape } from '../../core/shape.ts';
import { elementType } from './element-type.ts';

/** Operator set of ONNX's own domain that programs are written in. */
export const operatorSet = 18;

const irVersion = 9;
const varint = 0;
const lengthDelimited = 2;
const fixed32 = 5;

type Fill = (writer: BinaryWriter) => void;

function message(writer: BinaryWriter, field: number, fill: Fill): void {
  writer.tag(field, lengthDelimited).fork();
  fill(writer);
  writer.join();
}

const text = (writer: BinaryWriter, field: number, value: string): BinaryWriter =>
  writer.tag(field, lengthDelimited).string(value);

const whole = (writer: BinaryWriter, field: number, value: number): BinaryWriter =>
  writer.tag(field, varint).int64(value);

export interface Attribute {
  readonly name: string;
  readonly value:
    | { readonly kind: 'float'; readonly value: number }
    | { readonly kind: 'int'; readonly value: number }
    | { readonly kind: 'string'; readonly value: string }
    | { readonly kind: 'ints'; readonly value: readonly number[] };
}

export interface NodeProto {
  /** Unique when given; errors while running say it. */
  readonly name?: string;
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly Attribute[];
}

export interface TensorProto {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: TypedArray;
}

export interface ValueInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

export interface ModelProto {
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly TensorProto[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

function writeAttribute(writer: BinaryWriter, { name, value }: Attribute): void {
  text(writer, 1, name);
  const typeField = 20;
  if (value.kind === 'float') {
    writer.tag(2, fixed32).float(value.value);
    whole(writer, typeField, 1);
  } else if (value.kind === 'int') {
    whole(writer, 3, value.value);
    whole(writer, typeField, 2);
  } else if (value.kind === 'string') {
    text(writer, 4, value.value);
    whole(writer, typeField, 3);
  } else {
    for (const item of value.value) whole(writer, 8, item);
    whole(writer, typeField, 7);
  }
}

function writeNode(writer: BinaryWriter, node: NodeProto): void {
  for (const input of node.inputs) text(writer, 1, input);
  for (const output of node.outputs) text(writer, 2, output);
  if (node.name !== undefined) text(writer, 3, node.name);
  text(writer, 4, node.op);
  for (const attribute of node.attributes) message(writer, 5, (inner) => writeAttribute(inner, attribute));
  if (node.domain !== '') text(writer, 7, node.domain);
}

function writeTensor(writer: BinaryWriter, tensor: TensorProto): void {
  for (const size of tensor.shape) whole(writer, 1, size);
  whole(writer, 2, elementType[tensor.dtype]);
  text(writer, 8, tensor.name);
  const { buffer, byteOffset, byteLength } = tensor.data;
  writer.tag(9, lengthDelimited).bytes(new Uint8Array(buffer, byteOffset, byteLength));
}

function writeValueInfo(writer: BinaryWriter, { name, dtype, shape }: ValueInfo): void {
  text(writer, 1, name);
  message(writer, 2, (type) =>
    message(type, 1, (tensorType) => {
      whole(tensorType, 1, elementType[dtype]);
      message(tensorType, 2, (dims) => {
        for (const size of shape) message(dims, 1, (dim) => whole(dim, 1, size));
      });
    }),
  );
}

/**
 * Encodes a model in ONNX's protobuf format.
 * @see onnx.proto3 of ONNX 1.14: ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto, ValueInfoProto
 */
export function encodeModel(model: ModelProto): Uint8Array {
  const writer = new BinaryWriter();
  whole(writer, 1, irVersion);
  text(writer, 2, 'trunkline');
  message(writer, 7, (graph) => {
    for (const node of model.nodes) message(graph, 1, (inner) => writeNode(inner, node));
    text(graph, 2, 'program');
    for (const tensor of model.initializers) message(graph, 5, (inner) => writeTensor(inner, tensor));
    for (const input of model.inputs) message(graph, 11, (inner) => writeValueInfo(inner, input));
    for (const output of model.outputs) message(graph, 12, (inner) => writeValueInfo(inner, output));
  });
  // A domain that nothing uses is left out: a runtime that does not know it would refuse the model.
  for (const domain of new Set(['', ...model.nodes.map((node) => node.domain)]))
    message(writer, 8, (set) => {
      text(set, 1, domain);
      whole(set, 2, domain === '' ? operatorSet : 1);
    });
  return writer.finish();
}
