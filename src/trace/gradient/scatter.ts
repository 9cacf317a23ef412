import {
  add,
  equal,
  type GradConfig,
  gather,
  gatherND,
  greaterEqual,
  less,
  logicalAnd,
  range,
  reshape,
  type Tensor,
  tensorScatterUpdate,
  type UnsortedSegmentSumAttrs,
  util,
  where,
  zeros,
  zerosLike,
} from '@tensorflow/tfjs-core';

/** Indices with the axis of their coordinates, which a list of places along the first axis leaves out. */
function coordinates(indices: Tensor): Tensor {
  return indices.rank > 1 ? indices : reshape(indices, [...indices.shape, 1]);
}

export const scatterNdGradient: GradConfig = {
  kernelName: 'ScatterNd',
  inputsToSave: ['indices'],
  gradFunc: (dy, [indices]) => ({
    updates: () => gatherND(dy as Tensor, coordinates(indices as Tensor)),
    indices: () => zeros((indices as Tensor).shape),
  }),
};

/**
 * Gradients of updates that replaced something: of several for one place it is the one that stayed which has the
 * gradient there. Which that is, is seen when their numbers are written in the same way.
 */
function ofWritten(dy: Tensor, places: Tensor): Tensor {
  const [outer, depth] = [places.shape.slice(0, -1), places.shape.at(-1) as number];
  const numbers = reshape(range(0, util.sizeFromShape(outer), 1, 'int32'), outer);
  const written = tensorScatterUpdate(zeros(dy.shape.slice(0, depth), 'int32'), places, numbers);
  const found = gatherND(dy, places);
  const stayed = reshape(equal(gatherND(written, places), numbers), [...outer, ...dy.shape.slice(depth).fill(1)]);
  return where(stayed, found, zerosLike(found));
}

export const tensorScatterUpdateGradient: GradConfig = {
  kernelName: 'TensorScatterUpdate',
  inputsToSave: ['indices', 'updates'],
  gradFunc: (dy, saved) => {
    const [indices, updates] = saved as [Tensor, Tensor];
    // A copy, because tfjs's cpu kernel writes into its input.
    const copied = (): Tensor => add(dy as Tensor, 0);
    return {
      tensor: () => tensorScatterUpdate(copied(), indices, zerosLike(updates)),
      updates: () => (updates.size === 0 ? zerosLike(updates) : ofWritten(dy as Tensor, coordinates(indices))),
      indices: () => zeros(indices.shape),
    };
  },
};

/** TensorFlow.js reads beyond the end for numbers that name no segment, unless they are negative. */
export const segmentSumGradient: GradConfig = {
  kernelName: 'UnsortedSegmentSum',
  inputsToSave: ['x', 'segmentIds'],
  gradFunc: (dy, saved, attrs) => {
    const [x, segments] = saved as [Tensor, Tensor];
    const { numSegments } = attrs as unknown as UnsortedSegmentSumAttrs;
    const ofSummands = (): Tensor => {
      if (numSegments === 0 || x.size === 0) return zeros(x.shape);
      const kept = logicalAnd(greaterEqual(segments, 0), less(segments, numSegments));
      const found = gather(dy as Tensor, where(kept, segments, zerosLike(segments)));
      const mask = reshape(kept, [...kept.shape, ...x.shape.slice(segments.rank).fill(1)]);
      return where(mask, found, zerosLike(found));
    };
    return { x: ofSummands, segmentIds: () => zeros(segments.shape) };
  },
};
