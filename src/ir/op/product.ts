import { broadcastShapes, formatShape, type Shape, sameShape } from '../../core/shape.ts';
import {
  type Call,
  floatTypes,
  integer,
  integers,
  type OpRule,
  operand,
  place,
  ranked,
  reject,
  type TensorType,
} from './rule.ts';

function matrixProduct(call: Call, a: Shape, b: Shape): Shape {
  const [transA, transB] = [integer(call, 'transA', 0), integer(call, 'transB', 0)];
  const [rows, innerA] = (transA ? [a.at(-1), a.at(-2)] : [a.at(-2), a.at(-1)]) as [number, number];
  const [innerB, columns] = (transB ? [b.at(-1), b.at(-2)] : [b.at(-2), b.at(-1)]) as [number, number];
  if (a.length < 2 || b.length < 2 || innerA !== innerB)
    reject(call, 'two matrices whose inner sizes agree', `${formatShape(a)} and ${formatShape(b)}`);
  return [...broadcastShapes(a.slice(0, -2), b.slice(0, -2), place(call)), rows, columns];
}

const stackedProduct = (call: Call): readonly TensorType[] => [
  {
    dtype: 'float32',
    shape: matrixProduct(call, operand(call, 0, floatTypes).shape, operand(call, 1, floatTypes).shape),
  },
];

/** Sizes of the spatial axes after a window of `kernel_shape` moved over padded `input`. */
export function windowed(call: Call, input: Shape): readonly number[] {
  const kernel = integers(call, 'kernel_shape');
  const pads = integers(call, 'pads');
  const strides = integers(call, 'strides');
  const dilations = call.attributes.dilations ? integers(call, 'dilations') : kernel.map(() => 1);
  const rank = kernel.length;
  if (input.length !== rank + 2 || pads.length !== 2 * rank || strides.length !== rank)
    reject(call, `an input of rank ${rank + 2} with pads and strides for ${rank} axes`, formatShape(input));
  return kernel.map((size, axis) => {
    const padded = (input[axis + 2] as number) + (pads[axis] as number) + (pads[axis + rank] as number);
    const reach = ((dilations[axis] as number) * (size - 1) + 1) as number;
    const places = Math.floor((padded - reach) / (strides[axis] as number)) + 1;
    return Math.max(places, 0);
  });
}

function pooling(summary: string, positions: boolean): OpRule {
  return {
    summary,
    infer: (call) => {
      const x = operand(call, 0, floatTypes);
      const shape = [...x.shape.slice(0, 2), ...windowed(call, x.shape)];
      return positions
        ? [
            { dtype: x.dtype, shape },
            { dtype: 'int64', shape },
          ]
        : [{ dtype: x.dtype, shape }];
    },
  };
}

/** Ops that sum products: matrix products, convolutions, and the windows that go with them (channels first). */
export const product = {
  Gemm: {
    summary: "alpha A B + beta C for matrices, A and B transposed when 'transA' and 'transB' say so",
    infer: (call) => {
      const shape = matrixProduct(call, ranked(call, 0, 2, floatTypes).shape, ranked(call, 1, 2, floatTypes).shape);
      const c = call.inputs[2];
      if (c && formatShape(broadcastShapes(c.shape, shape, place(call))) !== formatShape(shape))
        reject(call, `an addend that broadcasts to ${formatShape(shape)}`, formatShape(c.shape));
      return [{ dtype: 'float32', shape }];
    },
  },
  MatMul: { summary: 'batched matrix product, leading axes broadcast together', infer: stackedProduct },
  FusedMatMul: {
    domain: 'com.microsoft',
    summary: "'MatMul' with matrices transposed when 'transA' and 'transB' say so",
    infer: stackedProduct,
  },
  Conv: {
    summary: "cross-correlation of x [N, C, …] with w [M, C / 'group', …], plus a bias [M] if one is given",
    infer: (call) => {
      const [x, w] = [operand(call, 0, floatTypes), operand(call, 1, floatTypes)];
      const group = integer(call, 'group', 1);
      if (x.shape[1] !== (w.shape[1] as number) * group)
        reject(call, `${x.shape[1]} input channels in the filter`, `${formatShape(w.shape)} with ${group} groups`);
      const bias = call.inputs[2];
      if (bias && !sameShape(bias.shape, w.shape.slice(0, 1)))
        reject(call, `a bias [${w.shape[0]}]`, formatShape(bias.shape));
      return [{ dtype: 'float32', shape: [x.shape[0] as number, w.shape[0] as number, ...windowed(call, x.shape)] }];
    },
  },
  ConvTranspose: {
    summary: "gradient of 'Conv' in its input: x [N, C, …] spread through w [C, M / 'group', …]",
    infer: (call) => {
      const [x, w] = [operand(call, 0, floatTypes), operand(call, 1, floatTypes)];
      const strides = integers(call, 'strides');
      const pads = integers(call, 'pads');
      const rank = strides.length;
      const extra = call.attributes.output_padding ? integers(call, 'output_padding') : strides.map(() => 0);
      const dilations = call.attributes.dilations ? integers(call, 'dilations') : strides.map(() => 1);
      if (x.shape[1] !== w.shape[0]) reject(call, `${x.shape[1]} channels in the filter`, formatShape(w.shape));
      const spatial = strides.map((stride, axis) => {
        const spread = stride * ((x.shape[axis + 2] as number) - 1);
        const reach = ((w.shape[axis + 2] as number) - 1) * (dilations[axis] as number) + 1;
        return spread + reach + (extra[axis] as number) - (pads[axis] as number) - (pads[axis + rank] as number);
      });
      const channels = (w.shape[1] as number) * integer(call, 'group', 1);
      return [{ dtype: 'float32', shape: [x.shape[0] as number, channels, ...spatial] }];
    },
  },
  MaxPool: pooling('largest element of each window, and its position in the flattened input', true),
  MaxUnpool: {
    summary:
      'zeros, with each element of x at its position in the flattened result, which is what windows without padding see; of several for one position the last',
    infer: (call) => {
      const [x, positions] = [operand(call, 0, floatTypes), operand(call, 1, ['int64'])];
      if (!sameShape(x.shape, positions.shape))
        reject(call, `positions ${formatShape(x.shape)}`, formatShape(positions.shape));
      const [lengths, strides] = [integers(call, 'kernel_shape'), integers(call, 'strides')];
      const seen = lengths.map(
        (length, axis) => ((x.shape[axis + 2] as number) - 1) * (strides[axis] as number) + length,
      );
      return [{ dtype: 'float32', shape: [...x.shape.slice(0, 2), ...seen] }];
    },
  },
  AveragePool: pooling('mean of each window; padding counts when count_include_pad=1', false),
} as const satisfies Record<string, OpRule>;
