import {
  type BincountAttrs,
  backend_util,
  type DenseBincountAttrs,
  type ScatterNdAttrs,
  type SparseToDenseAttrs,
  type UnsortedSegmentSumAttrs,
  util,
} from '@tensorflow/tfjs-core';
import { sizeOf } from '../../core/shape.ts';
import { constantData, scalar, type Value } from '../../ir/graph.ts';
import { reshaped } from './arrange.ts';
import { sliceNumbers } from './bounds.ts';
import { counting } from './creation.ts';
import {
  asNumber,
  cast,
  filled,
  infoOf,
  int32,
  type KernelCall,
  type LoweringTable,
  type SingleApply,
} from './lowering.ts';

/**
 * `base` with its slices at the coordinates `[count, depth]` increased by the updates, or replaced by them, the last one
 * given staying. Element by element, because that ONNX Runtime does one after the other: its ScatterND lets threads
 * add to the same place at the same time, and loses what one of them added. Slices are rows of a table, whose numbers are
 * repeated for their elements: by that the engine knows what its kernels can add.
 * @see https://github.com/microsoft/onnxruntime/issues/18048
 */
function written(op: SingleApply, base: Value, coordinates: Value, updates: Value, reduction: 'add' | 'none'): Value {
  const [count, depth] = coordinates.shape as [number, number];
  const [places, size] = [sizeOf(base.shape.slice(0, depth)), sizeOf(base.shape.slice(depth))];
  if (count * size === 0) return base;
  const numbers = sliceNumbers(op, coordinates, base.shape);
  const slices = reshaped(op, updates, [count, size]);
  const table = reshaped(op, base, [places, size]);
  const rows = op('Expand', [numbers], { shape: [count, size] });
  return reshaped(op, op('ScatterElements', [table, rows, slices], { axis: 0, reduction }), base.shape);
}

/** @param indices as tfjs has them: `[…, depth]`, or a list of places along the first axis */
function scattered(op: SingleApply, base: Value, indices: Value, updates: Value, reduction: 'add' | 'none'): Value {
  const { sliceRank: depth, numUpdates: count } = backend_util.calculateShapes(
    infoOf(updates) as Parameters<typeof backend_util.calculateShapes>[0],
    infoOf(indices),
    [...base.shape],
  );
  const coordinates = reshaped(op, cast(op, indices, 'int32'), [count, depth]);
  const slices = [count, ...base.shape.slice(depth)];
  const given = updates.shape.length === 0 ? op('Expand', [updates], { shape: slices }) : updates;
  return written(op, base, coordinates, given, reduction);
}

/** Sums of the updates at each place; truth values are counted. */
function scatterNd({ input, attrs, op }: KernelCall): Value {
  const updates = input('updates');
  const { shape } = attrs as ScatterNdAttrs;
  const numbers = asNumber(op, updates);
  const sums = scattered(op, filled(op, 0, numbers.dtype, shape), input('indices'), numbers, 'add');
  return cast(op, sums, updates.dtype);
}

/**
 * Sums of `x` by segment; numbers that name no segment are left out. Their place is taken by nothing added to the
 * first segment, because a scatter has no way to skip.
 */
function segmentSums(op: SingleApply, x: Value, segments: Value, count: number, kept: Value): Value {
  const base = filled(op, 0, x.dtype, [count, ...x.shape.slice(segments.shape.length)]);
  if (sizeOf(x.shape) === 0 || sizeOf(base.shape) === 0) return base;
  const places = op('Where', [kept, segments, int32([0], [])]);
  const mask = reshaped(op, kept, [...kept.shape, ...x.shape.slice(segments.shape.length).fill(1)]);
  const values = op('Where', [mask, x, scalar(0, x.dtype)]);
  return written(op, base, reshaped(op, places, [sizeOf(segments.shape), 1]), values, 'add');
}

function unsortedSegmentSum({ input, attrs, op }: KernelCall): Value {
  const x = cast(op, input('x'), 'float32');
  const segments = cast(op, input('segmentIds'), 'int32');
  const { numSegments } = attrs as UnsortedSegmentSumAttrs;
  const [first, last] = [int32([0], []), int32([numSegments], [])];
  const kept = op('And', [op('GreaterOrEqual', [segments, first]), op('Less', [segments, last])]);
  return segmentSums(op, x, segments, numSegments, kept);
}

/**
 * How often each number below `size` occurs, or the sum of the weights of its occurrences; in a matrix, in each row.
 * Numbers from `size` on are left out; a negative one is an error.
 */
function bincount({ input, attrs, op }: KernelCall): Value {
  const [x, weights] = [input('x'), input('weights')];
  const { size, binaryOutput = false } = attrs as BincountAttrs & Partial<DenseBincountAttrs>;
  const negative = (constantData(x) as Int32Array | undefined)?.some((value) => value < 0);
  util.assert(!negative, () => 'Input x must be non-negative!');
  const inRows = x.shape.length === 2;
  const [rows, perRow] = inRows ? (x.shape as [number, number]) : [1, sizeOf(x.shape)];
  const matrix = reshaped(op, x, [rows, perRow]);
  const firsts = op('Mul', [counting(rows, [rows, 1]), int32([size], [])]);
  const beyond = int32([rows * size], []);
  const places = op('Where', [op('Less', [matrix, int32([0], [])]), beyond, op('Add', [matrix, firsts])]);
  const present = inRows && binaryOutput;
  const weighted = sizeOf(weights.shape) > 0 && !present;
  const amounts = asNumber(op, weights);
  const given = weighted ? reshaped(op, amounts, [rows * perRow]) : filled(op, 1, amounts.dtype, [rows * perRow]);
  const flat = (value: Value): Value => reshaped(op, value, [rows * perRow]);
  const kept = flat(op('Less', [matrix, int32([size], [])]));
  const counts = reshaped(op, segmentSums(op, given, flat(places), rows * size, kept), inRows ? [rows, size] : [size]);
  return cast(op, present ? op('Greater', [counts, scalar(0, counts.dtype)]) : counts, weights.dtype);
}

/** Kernels that write, or add, at places given by a tensor. A place that does not exist is an error. */
export const scatter: LoweringTable = {
  ScatterNd: scatterNd,
  TensorScatterUpdate: ({ input, op }) => scattered(op, input('tensor'), input('indices'), input('updates'), 'none'),
  SparseToDense: ({ input, attrs, op }) => {
    const values = input('sparseValues');
    const { outputShape } = attrs as SparseToDenseAttrs;
    const base = op('Expand', [reshaped(op, input('defaultValue'), [])], { shape: outputShape });
    return scattered(op, base, input('sparseIndices'), values, 'none');
  },
  UnsortedSegmentSum: unsortedSegmentSum,
  Bincount: bincount,
  DenseBincount: bincount,
};
