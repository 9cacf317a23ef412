import { broadcastShapes, formatShape, normalizeAxis, type Shape, sameShape, sizeOf } from '../../core/shape.ts';
import { anyTypes, axisOf, type Call, integers, type OpRule, operand, operands, place, reject } from './rule.ts';

const indexTypes = ['int32', 'int64'] as const;

function isPermutation(axes: readonly number[], rank: number): boolean {
  return axes.length === rank && [...axes].sort((a, b) => a - b).every((axis, at) => axis === at);
}

/** Elements a strided range visits from `start` to before `end`, both counted and clamped as ONNX's Slice does. */
function rangeLength(start: number, end: number, step: number, size: number): number {
  const fromFront = (at: number): number => (at < 0 ? at + size : at);
  const clamp = (at: number, low: number, high: number): number => Math.min(Math.max(at, low), high);
  const [first, last] =
    step > 0
      ? [clamp(fromFront(start), 0, size), clamp(fromFront(end), 0, size)]
      : [clamp(fromFront(start), 0, size - 1), clamp(fromFront(end), -1, size - 1)];
  return Math.max(0, Math.ceil((last - first) / step));
}

function updatesShape(call: Call, data: Shape, indices: Shape): Shape {
  const depth = indices.at(-1) ?? 0;
  if (indices.length === 0 || depth > data.length)
    reject(call, `indices of depth at most ${data.length}`, formatShape(indices));
  return [...indices.slice(0, -1), ...data.slice(depth)];
}

/** Ops that move elements without computing on them. */
export const layout = {
  Reshape: {
    summary: "the same elements in order, with the sizes in 'shape'",
    infer: (call) => {
      const x = operand(call, 0);
      const shape = integers(call, 'shape');
      if (sizeOf(shape) !== sizeOf(x.shape)) reject(call, `${sizeOf(x.shape)} elements`, formatShape(shape));
      return [{ dtype: x.dtype, shape }];
    },
  },
  Transpose: {
    summary: "axes in the order 'perm'",
    infer: (call) => {
      const x = operand(call, 0);
      const perm = integers(call, 'perm');
      if (!isPermutation(perm, x.shape.length))
        reject(call, `a permutation of ${x.shape.length} axes`, formatShape(perm));
      return [{ dtype: x.dtype, shape: perm.map((axis) => x.shape[axis] as number) }];
    },
  },
  Expand: {
    summary: "repeated along axes of size 1 until the shape is 'shape'",
    infer: (call) => {
      const x = operand(call, 0);
      const shape = integers(call, 'shape');
      if (!sameShape(broadcastShapes(x.shape, shape, place(call)), shape))
        reject(call, `a shape that broadcasts to ${formatShape(shape)}`, formatShape(x.shape));
      return [{ dtype: x.dtype, shape }];
    },
  },
  Concat: {
    summary: "inputs joined along 'axis'",
    infer: (call) => {
      const values = operands(call, anyTypes);
      const [first] = values;
      if (!first) return reject(call, 'at least one input', 'none');
      const axis = axisOf(call, first.shape.length);
      for (const value of values)
        if (value.shape.length !== first.shape.length || value.shape.some((s, a) => a !== axis && s !== first.shape[a]))
          reject(call, `shapes equal but for axis ${axis}`, values.map((v) => formatShape(v.shape)).join(', '));
      const joined = values.reduce((sum, value) => sum + (value.shape[axis] as number), 0);
      return [{ dtype: first.dtype, shape: first.shape.map((size, at) => (at === axis ? joined : size)) }];
    },
  },
  Split: {
    summary: "parts of the sizes 'split' along 'axis'",
    infer: (call) => {
      const x = operand(call, 0);
      const axis = axisOf(call, x.shape.length);
      const parts = integers(call, 'split');
      if (parts.reduce((sum, part) => sum + part, 0) !== x.shape[axis])
        reject(call, `parts that sum to ${x.shape[axis]}`, formatShape(parts));
      return parts.map((part) => ({ dtype: x.dtype, shape: x.shape.map((size, at) => (at === axis ? part : size)) }));
    },
  },
  Slice: {
    summary: "every 'steps'-th element from 'starts' to before 'ends' along 'axes'",
    infer: (call) => {
      const x = operand(call, 0);
      const [starts, ends] = [integers(call, 'starts'), integers(call, 'ends')];
      const [axes, steps] = [integers(call, 'axes'), integers(call, 'steps')];
      const shape = [...x.shape];
      axes.forEach((named, at) => {
        const axis = normalizeAxis(named, x.shape.length, place(call));
        const step = steps[at] as number;
        if (step === 0) reject(call, 'steps other than 0', formatShape(steps));
        shape[axis] = rangeLength(starts[at] as number, ends[at] as number, step, x.shape[axis] as number);
      });
      return [{ dtype: x.dtype, shape }];
    },
  },
  Pad: {
    summary: "'pads' more elements before and after each axis: the second input's value, or a 'mode' reflect | edge",
    infer: (call) => {
      const x = operand(call, 0);
      const pads = integers(call, 'pads');
      const rank = x.shape.length;
      if (pads.length !== 2 * rank) reject(call, `${2 * rank} pads`, formatShape(pads));
      const shape = x.shape.map((size, axis) => size + (pads[axis] as number) + (pads[axis + rank] as number));
      return [{ dtype: x.dtype, shape }];
    },
  },
  Tile: {
    summary: "the whole tensor repeated 'repeats' times along each axis",
    infer: (call) => {
      const x = operand(call, 0);
      const repeats = integers(call, 'repeats');
      if (repeats.length !== x.shape.length) reject(call, `${x.shape.length} repeats`, formatShape(repeats));
      return [{ dtype: x.dtype, shape: x.shape.map((size, axis) => size * (repeats[axis] as number)) }];
    },
  },
  Gather: {
    summary: "slices of x along 'axis' at the given indices",
    infer: (call) => {
      const [x, indices] = [operand(call, 0), operand(call, 1, indexTypes)];
      const axis = axisOf(call, x.shape.length, 0);
      return [{ dtype: x.dtype, shape: [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)] }];
    },
  },
  GatherND: {
    summary: 'slices of x at coordinates held in the last axis of the indices',
    infer: (call) => {
      const [x, indices] = [operand(call, 0), operand(call, 1, ['int64'])];
      return [{ dtype: x.dtype, shape: updatesShape(call, x.shape, indices.shape) }];
    },
  },
  ScatterElements: {
    summary:
      "x with elements replaced by, or with reduction=add increased by, the updates, the index replacing the place along 'axis'",
    infer: (call) => {
      const [x, indices, updates] = [operand(call, 0), operand(call, 1, indexTypes), operand(call, 2)];
      axisOf(call, x.shape.length, 0);
      if (!sameShape(updates.shape, indices.shape) || updates.dtype !== x.dtype)
        reject(
          call,
          `updates ${x.dtype} ${formatShape(indices.shape)}`,
          `${updates.dtype} ${formatShape(updates.shape)}`,
        );
      return [{ dtype: x.dtype, shape: x.shape }];
    },
  },
} as const satisfies Record<string, OpRule>;
