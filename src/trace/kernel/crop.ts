import type { CropAndResizeAttrs } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../core/shape.ts';
import type { Value } from '../../ir/graph.ts';
import { checked } from './bounds.ts';
import { counting } from './creation.ts';
import { cast, filled, float, int32, type KernelCall, type LoweringTable, type SingleApply } from './lowering.ts';

/** Along one axis, for each box: places in the image, and whether they are inside. All `[boxes, count]`. */
interface Places {
  readonly at: Value;
  readonly inside: Value;
}

/** @param first `[boxes, 1]` where the boxes begin, as a share of the image; `last` where they end */
function placesOf(op: SingleApply, first: Value, last: Value, size: number, count: number): Places {
  const scaled = (value: Value): Value => op('Mul', [value, float(size - 1)]);
  const steps = counting(count, [1, count], 'float32');
  const step = op('Div', [scaled(op('Sub', [last, first])), float(count - 1)]);
  const along = op('Add', [scaled(first), op('Mul', [steps, step])]);
  const at = count > 1 ? along : op('Mul', [scaled(op('Add', [first, last])), float(0.5)]);
  const notBefore = op('GreaterOrEqual', [at, float(0)]);
  const inside = op('And', [notBefore, op('LessOrEqual', [at, float(size - 1)])]);
  return { at: op('Where', [inside, at, float(0)]), inside };
}

/** Elements of the image at rows `[boxes, height, 1]` and columns `[boxes, 1, width]`: `[boxes, height, width, channels]`. */
type Read = (row: Value, column: Value) => Value;

function mix(op: SingleApply, a: Value, b: Value, share: Value): Value {
  return op('Add', [a, op('Mul', [op('Sub', [b, a]), share])]);
}

function bilinear(op: SingleApply, read: Read, row: Value, column: Value): Value {
  const [top, left] = [op('Floor', [row]), op('Floor', [column])];
  const [bottom, right] = [op('Ceil', [row]), op('Ceil', [column])];
  const share = (at: Value, before: Value): Value => {
    const difference = op('Sub', [at, before]);
    return op('Reshape', [difference], { shape: [...difference.shape, 1] });
  };
  const across = (from: Value): Value => mix(op, read(from, left), read(from, right), share(column, left));
  return mix(op, across(top), across(bottom), share(row, top));
}

function cropAndResize({ input, attrs, op }: KernelCall): Value {
  const { cropSize, method, extrapolationValue } = attrs as CropAndResizeAttrs;
  const [image, boxes, boxImage] = [cast(op, input('image'), 'float32'), input('boxes'), input('boxInd')];
  const [batch, height, width, channels] = image.shape as [number, number, number, number];
  const count = boxes.shape[0] as number;
  const shape = [count, ...cropSize, channels];
  if (sizeOf(shape) === 0 || sizeOf(image.shape) === 0) return filled(op, 0, 'float32', shape);
  const side = (at: number): Value => op('Slice', [boxes], { axes: [1], starts: [at], ends: [at + 1], steps: [1] });
  const rows = placesOf(op, side(0), side(2), height, cropSize[0]);
  const columns = placesOf(op, side(1), side(3), width, cropSize[1]);
  const down = (value: Value): Value => op('Reshape', [value], { shape: [count, cropSize[0], 1] });
  const across = (value: Value): Value => op('Reshape', [value], { shape: [count, 1, cropSize[1]] });
  const each = (value: Value): Value => op('Reshape', [value], { shape: [count, 1, 1] });
  const exists = op('Less', [boxImage, int32([batch], [])]);
  const which = checked(op, op('Where', [exists, boxImage, int32([0], [])]), batch, 'CropAndResize');
  const firsts = op('Mul', [each(which), int32([height * width], [])]);
  const pixels = op('Reshape', [image], { shape: [batch * height * width, channels] });
  const read: Read = (row, column) => {
    const line = op('Add', [firsts, op('Mul', [cast(op, row, 'int32'), int32([width], [])])]);
    return op('Gather', [pixels, op('Add', [line, cast(op, column, 'int32')])], { axis: 0 });
  };
  const round = (at: Value): Value => op('Floor', [op('Add', [at, float(0.5)])]);
  const [row, column] = [down(rows.at), across(columns.at)];
  const found = method === 'bilinear' ? bilinear(op, read, row, column) : read(round(row), round(column));
  const inside = op('And', [down(rows.inside), across(columns.inside)]);
  const all = (value: Value): Value => op('Reshape', [value], { shape: [...value.shape, 1] });
  const cropped = op('Where', [all(inside), found, float(extrapolationValue)]);
  return op('Where', [all(each(exists)), cropped, float(0)]);
}

export const crop: LoweringTable = { CropAndResize: cropAndResize };
