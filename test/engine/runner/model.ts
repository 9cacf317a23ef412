import type { DType, TypedArray } from '../../../src/core/dtype.ts';
import type { Shape } from '../../../src/core/shape.ts';
import { type Attribute, encodeModel, type NodeProto, type TensorProto } from '../../../src/engine/onnx/proto.ts';
import type { Port } from '../../../src/engine/runner/runner.ts';

export interface Model {
  readonly bytes: Uint8Array;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

export const port = (name: string, dtype: DType, shape: Shape): Port => ({ name, dtype, shape });

export const ints = (name: string, value: readonly number[]): Attribute => ({ name, value: { kind: 'ints', value } });

export const whole = (name: string, value: number): Attribute => ({ name, value: { kind: 'int', value } });

export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  ...attributes: readonly Attribute[]
): NodeProto {
  return { op, domain: '', inputs, outputs, attributes };
}

export function model(
  nodes: readonly NodeProto[],
  inputs: readonly Port[],
  outputs: readonly Port[],
  initializers: readonly TensorProto[] = [],
): Model {
  return { bytes: encodeModel({ nodes, initializers, inputs, outputs }), inputs, outputs };
}

const vector = (name: string): Port => port(name, 'float32', [4]);

/** `sum = a + b`, four elements each. */
export const addition = model([node('Add', ['a', 'b'], ['sum'])], [vector('a'), vector('b')], [vector('sum')]);

/** `out = a · aᵀ`, many times over, which takes milliseconds. */
export function slow(size: number, repeats: number): Model {
  const square = (name: string): Port => port(name, 'float32', [size, size]);
  const nodes = Array.from({ length: repeats }, (_, step) =>
    node('MatMul', [step === 0 ? 'a' : `m${step - 1}`, 'a'], [step === repeats - 1 ? 'out' : `m${step}`]),
  );
  return model(nodes, [square('a')], [square('out')]);
}

/** A model with what goes in and what must come out. */
export interface NumericCase extends Model {
  readonly name: string;
  readonly given: readonly TypedArray[];
  readonly expected: readonly TypedArray[];
}

const float = (...values: readonly number[]): Float32Array => Float32Array.from(values);

export const numericCases: readonly NumericCase[] = [
  {
    name: 'adds elementwise',
    ...addition,
    given: [float(1, 2, 3, 4), float(0.5, -2, 1e10, Number.POSITIVE_INFINITY)],
    expected: [float(1.5, 0, 10000000003, Number.POSITIVE_INFINITY)],
  },
  {
    name: 'multiplies matrices',
    ...model(
      [node('MatMul', ['a', 'b'], ['product'])],
      [port('a', 'float32', [2, 3]), port('b', 'float32', [3, 2])],
      [port('product', 'float32', [2, 2])],
    ),
    given: [float(1, 2, 3, 4, 5, 6), float(7, 8, 9, 10, 11, 12)],
    expected: [float(58, 64, 139, 154)],
  },
  {
    name: 'gives several outputs, of which one is an input of another node',
    ...model(
      [node('Neg', ['a'], ['minus']), node('Abs', ['minus'], ['size'])],
      [vector('a')],
      [vector('size'), vector('minus')],
    ),
    given: [float(1, -2, 3, -4)],
    expected: [float(1, 2, 3, 4), float(-1, 2, -3, 4)],
  },
  {
    name: 'takes and gives int64 and bool',
    ...model(
      [node('Less', ['a', 'b'], ['less']), node('Where', ['which', 'a', 'b'], ['chosen'])],
      [port('which', 'bool', [3]), port('a', 'int64', [3]), port('b', 'int64', [3])],
      [port('less', 'bool', [3]), port('chosen', 'int64', [3])],
    ),
    given: [Uint8Array.of(1, 0, 1), BigInt64Array.of(-1n, 2n, 2n ** 62n), BigInt64Array.of(5n, 2n, -7n)],
    expected: [Uint8Array.of(1, 0, 0), BigInt64Array.of(-1n, 2n, 2n ** 62n)],
  },
  {
    name: 'takes and gives uint32, int32 and uint8',
    ...model(
      [
        node('BitwiseXor', ['a', 'b'], ['xor']),
        node('Cast', ['c'], ['bytes'], whole('to', 2)),
        node('Neg', ['c'], ['negative']),
      ],
      [port('a', 'uint32', [2]), port('b', 'uint32', [2]), port('c', 'int32', [2])],
      [port('xor', 'uint32', [2]), port('bytes', 'uint8', [2]), port('negative', 'int32', [2])],
    ),
    given: [Uint32Array.of(0xffffffff, 6), Uint32Array.of(1, 3), Int32Array.of(200, 7)],
    expected: [Uint32Array.of(0xfffffffe, 5), Uint8Array.of(200, 7), Int32Array.of(-200, -7)],
  },
  {
    name: 'takes and gives tensors without elements',
    ...model(
      [node('Add', ['none', 'row'], ['still']), node('Concat', ['none', 'some'], ['joined'], whole('axis', 0))],
      [port('none', 'float32', [0, 2]), port('row', 'float32', [2]), port('some', 'float32', [1, 2])],
      [port('still', 'float32', [0, 2]), port('joined', 'float32', [1, 2])],
    ),
    given: [float(), float(1, 2), float(3, 4)],
    expected: [float(), float(3, 4)],
  },
  {
    name: 'takes and gives scalars',
    ...model(
      [node('Mul', ['rate', 'gradient'], ['step'])],
      [port('rate', 'float32', []), port('gradient', 'float32', [])],
      [port('step', 'float32', [])],
    ),
    given: [float(0.5), float(8)],
    expected: [float(4)],
  },
  {
    name: 'takes no inputs',
    ...model(
      [node('Neg', ['c'], ['minus'])],
      [],
      [vector('minus')],
      [{ name: 'c', dtype: 'float32', shape: [4], data: float(1, 2, 3, 4) }],
    ),
    given: [],
    expected: [float(-1, -2, -3, -4)],
  },
];
