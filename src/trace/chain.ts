import * as operations from '@tensorflow/tfjs-core';

type Method = (this: operations.Tensor, ...args: never[]) => unknown;

/** Operations that take the tensor first and the method's arguments after it, under the same name. */
const direct = `abs acos acosh add all any argMax argMin asin asinh atan atan2 atanh avgPool batchToSpaceND batchNorm
  broadcastTo cast ceil clipByValue conv1d conv2d conv2dTranspose cos cosh cumprod cumsum depthToSpace depthwiseConv2d
  dilation2d div divNoNan dot elu equal erf euclideanNorm exp expandDims expm1 fft floor floorDiv gather greater
  greaterEqual ifft irfft isFinite isInf isNaN leakyRelu less lessEqual localResponseNormalization log log1p logSigmoid
  logSoftmax logSumExp logicalAnd logicalNot logicalOr logicalXor matMul max maxPool maximum mean min minimum mirrorPad
  mod mul neg norm notEqual oneHot onesLike pad pool pow prelu prod reciprocal relu relu6 reshape reverse rfft round
  rsqrt selu separableConv2d sigmoid sign sin sinh slice softmax softplus spaceToBatchND split sqrt square
  squaredDifference squeeze step stridedSlice sub sum tan tanh tile topk transpose unique unsortedSegmentSum unstack
  zerosLike`.split(/\s+/);

type Tensors = operations.Tensor | operations.Tensor[];
const listed = (x: Tensors): operations.Tensor[] => (Array.isArray(x) ? x : [x]);
const functions = operations as unknown as Record<string, (...args: unknown[]) => unknown>;

/** Methods that are called otherwise than the operation behind them. */
const others: Readonly<Record<string, (x: operations.Tensor, ...args: never[]) => unknown>> = {
  asScalar: (x) => operations.reshape(x, []),
  as1D: (x) => operations.reshape(x, [x.size]),
  as2D: (x, ...shape: number[]) => operations.reshape(x, shape),
  as3D: (x, ...shape: number[]) => operations.reshape(x, shape),
  as4D: (x, ...shape: number[]) => operations.reshape(x, shape),
  as5D: (x, ...shape: number[]) => operations.reshape(x, shape),
  asType: (x, dtype: operations.DataType) => operations.cast(x, dtype),
  toBool: (x) => operations.cast(x, 'bool'),
  toFloat: (x) => operations.cast(x, 'float32'),
  toInt: (x) => operations.cast(x, 'int32'),
  flatten: (x) => operations.reshape(x, [x.size]),
  reshapeAs: (x, other: operations.Tensor) => operations.reshape(x, other.shape),
  concat: (x, rest: Tensors, axis?: number) => operations.concat([x, ...listed(rest)], axis),
  stack: (x, rest: Tensors, axis?: number) => operations.stack([x, ...listed(rest)], axis),
  where: (x, condition: operations.Tensor, other: operations.Tensor) => operations.where(condition, x, other),
  resizeBilinear: (x, ...args: [[number, number]]) =>
    operations.image.resizeBilinear(x as operations.Tensor3D, ...args),
  resizeNearestNeighbor: (x, ...args: [[number, number]]) =>
    operations.image.resizeNearestNeighbor(x as operations.Tensor3D, ...args),
};

/**
 * Gives tensors their methods (`x.add(y)`), where they have none. TensorFlow.js's layers call some of them, and its
 * CommonJS core brings none along: only the umbrella package does.
 */
export function installChainedOperations(): void {
  const prototype = operations.Tensor.prototype as unknown as Record<string, Method>;
  const install = (name: string, call: (x: operations.Tensor, ...args: never[]) => unknown): void => {
    prototype[name] ??= function (...args) {
      return call(this, ...args);
    };
  };
  for (const name of direct) install(name, functions[name] as (x: operations.Tensor, ...args: never[]) => unknown);
  for (const [name, call] of Object.entries(others)) install(name, call);
}
