import type { FusedBatchNormAttrs, LRNAttrs, LRNGradAttrs } from '@tensorflow/tfjs-core';
import type { Value } from '../../ir/graph.ts';
import { asCalled, channelsFirst } from './frame.ts';
import { cast, float, type KernelCall, type LoweringTable, type SingleApply } from './lowering.ts';

/** x is centred first: the difference is what the variance and the gradients are made of, and is computed once. */
function batchNormalization({ input, optional, attrs, op }: KernelCall): Value {
  const { varianceEpsilon } = attrs as FusedBatchNormAttrs;
  const given = (name: string): Value => cast(op, input(name), 'float32');
  const [scale, offset] = [optional('scale'), optional('offset')];
  const deviation = op('Sqrt', [op('Add', [given('variance'), float(varianceEpsilon ?? 0.001)])]);
  const factor = scale ? op('Div', [scale, deviation]) : op('Reciprocal', [deviation]);
  const y = op('Mul', [op('Sub', [given('x'), given('mean')]), factor]);
  return offset ? op('Add', [y, offset]) : y;
}

/** For each channel of x `[batch, channels, height, width]`, the sum over the channels up to `radius` away. */
function sumAround(op: SingleApply, x: Value, radius: number): Value {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const length = 2 * radius + 1;
  const column = op('Reshape', [x], { shape: [batch, 1, channels, height * width] });
  const pads = [radius, 0, radius, 0];
  const mean = op('AveragePool', [column], { kernel_shape: [length, 1], strides: [1, 1], pads, count_include_pad: 1 });
  return op('Mul', [op('Reshape', [mean], { shape: x.shape }), float(length)]);
}

/** What local response normalisation divides by, before it is raised to the power beta. */
function response(op: SingleApply, x: Value, { depthRadius, bias, alpha }: LRNAttrs): Value {
  const energy = sumAround(op, op('Mul', [x, x]), depthRadius);
  return op('Add', [op('Mul', [energy, float(alpha)]), float(bias)]);
}

export const normalization: LoweringTable = {
  FusedBatchNorm: batchNormalization,
  LRN: ({ input, attrs, op }) => {
    const settings = attrs as LRNAttrs;
    const x = channelsFirst(op, cast(op, input('x'), 'float32'));
    const scale = op('Pow', [response(op, x, settings), float(-settings.beta)]);
    return asCalled(op, op('Mul', [x, scale]));
  },
  LRNGrad: ({ input, attrs, op }) => {
    const settings = attrs as LRNGradAttrs;
    const [x, y, dy] = ['x', 'y', 'dy'].map((name) => channelsFirst(op, input(name))) as [Value, Value, Value];
    const norm = response(op, x, settings);
    const own = op('Mul', [dy, op('Pow', [norm, float(-settings.beta)])]);
    const around = sumAround(op, op('Div', [op('Mul', [dy, y]), norm]), settings.depthRadius);
    const others = op('Mul', [op('Mul', [x, around]), float(2 * settings.alpha * settings.beta)]);
    return asCalled(op, op('Sub', [own, others]));
  },
};
