import type { SearchSortedAttrs, TopKAttrs } from '@tensorflow/tfjs-core';
import type { Value } from '../../ir/graph.ts';
import { reshaped } from './arrange.ts';
import { asNumber, cast, type KernelCall, type LoweringTable, promote } from './lowering.ts';

/** The largest elements of the last axis in descending order, the first of equal ones first, and their places. */
function topK({ input, attrs, op, ops }: KernelCall): readonly Value[] {
  const x = input('x');
  const { k } = attrs as TopKAttrs;
  const [values, places] = ops('TopK', [asNumber(op, x)], { k, axis: x.shape.length - 1 }) as [Value, Value];
  return [cast(op, values, x.dtype), cast(op, places, 'int32')];
}

/** How many elements of the row's sorted sequence lie before each value: comparisons with all, then a sum. */
function searchSorted({ input, attrs, op }: KernelCall): Value {
  const { side } = attrs as SearchSortedAttrs;
  const [sequence, values] = promote(op, [input('sortedSequence'), input('values')]) as [Value, Value];
  const [rows, length] = sequence.shape as [number, number];
  const before = op(side === 'left' ? 'Less' : 'LessOrEqual', [
    reshaped(op, sequence, [rows, 1, length]),
    reshaped(op, values, [...values.shape, 1]),
  ]);
  return op('ReduceSum', [cast(op, before, 'int32')], { axes: [2], keepdims: 0 });
}

/** Kernels that find places by order. */
export const search: LoweringTable = { TopK: topK, SearchSorted: searchSorted };
