import { backend_util, type GatherV2Attrs, util } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../core/shape.ts';
import type { Value } from '../../ir/graph.ts';
import { reshaped, transposed } from './arrange.ts';
import { checked, checkedCoordinates } from './bounds.ts';
import { counting } from './creation.ts';
import { cast, infoOf, int32, type KernelCall, type LoweringTable, type SingleApply } from './lowering.ts';

/** Indices into a table that holds the tables of all rows one after the other; one outside its own is beyond the end. */
function stackedIndices(op: SingleApply, indices: Value, rows: number, size: number): Value {
  const scalar = (value: number): Value => int32([value], []);
  const outside = op('Or', [op('Less', [indices, scalar(0)]), op('GreaterOrEqual', [indices, scalar(size)])]);
  const firsts = op('Mul', [counting(rows, [rows, 1]), scalar(size)]);
  return op('Where', [outside, scalar(rows * size), op('Add', [indices, firsts])]);
}

/** Slices along an axis; with `batchDims`, each row of the leading axes by indices of its own. */
function gather({ input, attrs, op }: KernelCall): Value {
  const x = input('x');
  const indices = cast(op, input('indices'), 'int32');
  const { axis: given, batchDims = 0 } = attrs as GatherV2Attrs;
  const [axis] = util.parseAxisParam(given, [...x.shape]) as [number];
  const size = x.shape[axis] as number;
  const info = backend_util.segment_util.collectGatherOpShapeInfo(infoOf(x), infoOf(indices), axis, batchDims);
  const { batchSize: rows, outerSize: outer, sliceSize, outputShape } = info;
  const safe = checked(op, indices, size, 'GatherV2');
  if (batchDims === 0) return op('Gather', [x, safe], { axis });
  const perRow = sizeOf(indices.shape) / Math.max(rows, 1);
  const stacked = transposed(op, reshaped(op, x, [rows, outer, size, sliceSize]), [0, 2, 1, 3]);
  const table = reshaped(op, stacked, [rows * size, outer, sliceSize]);
  const places = stackedIndices(op, reshaped(op, indices, [rows, perRow]), rows, size);
  const found = op('Gather', [table, places], { axis: 0 });
  return reshaped(op, transposed(op, found, [0, 2, 1, 3]), outputShape);
}

/** Slices at coordinates held in the last axis of the indices. */
function gatherNd({ input, op }: KernelCall): Value {
  const x = input('params');
  const indices = cast(op, input('indices'), 'int32');
  const [shape] = backend_util.prepareAndValidate(infoOf(x), infoOf(indices));
  const depth = indices.shape.at(-1) as number;
  if (depth === 0) return op('Expand', [x], { shape });
  const safe = checkedCoordinates(op, indices, x.shape);
  return op('GatherND', [x, cast(op, safe, 'int64')]);
}

/**
 * Kernels that read at places given by a tensor. A place that does not exist ends the run with an error, in compiled
 * programs too.
 */
export const gathering: LoweringTable = { GatherV2: gather, GatherNd: gatherNd };
