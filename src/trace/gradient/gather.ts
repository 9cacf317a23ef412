import {
  add,
  backend_util,
  type GatherV2Attrs,
  type GradConfig,
  range,
  reshape,
  scatterND,
  type Tensor,
  transpose,
  util,
  zeros,
} from '@tensorflow/tfjs-core';

/** Indices `[rows, …]` into tables of `size` slices each, as indices into all tables one after the other. */
function stacked(indices: Tensor, rows: number, size: number): Tensor {
  const own = reshape(indices, [rows, -1]);
  if (rows === 1) return own;
  return add(own, reshape(range(0, rows * size, size, 'int32'), [rows, 1]));
}

/**
 * TensorFlow.js compares all indices with each row of the table, which takes `rows × indices × slice` operations; and
 * with `batchDims` it knows only the axis 1, row by row. Here each slice is added where it came from.
 */
export const gatherGradient: GradConfig = {
  kernelName: 'GatherV2',
  inputsToSave: ['x', 'indices'],
  gradFunc: (dy, saved, attrs) => {
    const [x, indices] = saved as [Tensor, Tensor];
    const { axis: given, batchDims = 0 } = attrs as unknown as GatherV2Attrs;
    const [axis] = util.parseAxisParam(given, x.shape) as [number];
    const info = backend_util.segment_util.collectGatherOpShapeInfo(x, indices, axis, batchDims);
    const { batchSize: rows, outerSize: outer, dimSize, sliceSize } = info;
    const ofTable = (): Tensor => {
      if ((dy as Tensor).size === 0 || x.size === 0) return zeros(x.shape);
      const perRow = indices.size / rows;
      const found = reshape(dy as Tensor, [rows, outer, perRow, sliceSize]);
      const slices = reshape(outer === 1 ? found : transpose(found, [0, 2, 1, 3]), [rows * perRow, outer * sliceSize]);
      const places = reshape(stacked(indices, rows, dimSize), [rows * perRow, 1]);
      const sums = scatterND(places, slices, [rows * dimSize, outer * sliceSize]);
      if (outer === 1) return reshape(sums, x.shape);
      return reshape(transpose(reshape(sums, [rows, dimSize, outer, sliceSize]), [0, 2, 1, 3]), x.shape);
    };
    return { x: ofTable, indices: () => zeros(indices.shape) };
  },
};

export const gatherNdGradient: GradConfig = {
  kernelName: 'GatherNd',
  inputsToSave: ['params', 'indices'],
  gradFunc: (dy, saved) => {
    const [params, indices] = saved as [Tensor, Tensor];
    const depth = indices.shape.at(-1) as number;
    const count = indices.size / depth;
    const places = reshape(indices, [count, depth]);
    const slices = reshape(dy as Tensor, [count, ...params.shape.slice(depth)]);
    return { params: () => scatterND(places, slices, params.shape), indices: () => zeros(indices.shape) };
  },
};
