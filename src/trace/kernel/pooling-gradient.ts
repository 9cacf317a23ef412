import { sizeOf } from '../../core/shape.ts';
import type { Apply } from '../../ir/build.ts';
import type { Value } from '../../ir/graph.ts';
import { asCalled, channelsFirst, framed, unframed } from './frame.ts';
import { filled, float, type KernelCall, type Lowering, type LoweringTable, type SingleApply } from './lowering.ts';
import { type PoolAttrs, poolWindows } from './pooling.ts';
import { repeated } from './resize.ts';
import { asColumns, putBack, taps, winners } from './tap.ts';
import { areTiles, atPositions, tileTaps, winningPositions } from './tile.ts';
import { elementsOf, isPointwise, onFrame, span, type Window, windowAttributes } from './window.ts';

/** Elements of a window above which positions of maxima are looked up and not compared one by one. */
const manyElements = 32;

/**
 * The gradient of `maxPool`: dy where the largest element of each window is. Of several equal ones exactly one gets it:
 * the first in an image, the last in a volume, as in TensorFlow.js.
 * @param x `[batch, channels, …]`; `y` and `dy` likewise
 */
function maxPoolGradient(ops: Apply, x: Value, y: Value, dy: Value, windows: readonly Window[]): Value {
  const op: SingleApply = (...call) => ops(...call)[0] as Value;
  const seen = framed(op, x, windows, Number.NEGATIVE_INFINITY);
  const axes = windows.map((_, axis) => axis + 2);
  const reversed = windows.length === 3;
  const inOrder = <Item>(list: readonly Item[]): readonly Item[] => (reversed ? list.toReversed() : list);
  if (areTiles(windows)) {
    const positions = winningPositions(op, inOrder(tileTaps(ops, seen, windows)), y, windows, reversed);
    return unframed(op, atPositions(op, dy, positions, windows), windows);
  }
  const won = inOrder(winners(op, inOrder(taps(op, seen, windows, axes)), y));
  const columns = op('Where', [asColumns(op, won), asColumns(op, [dy]), float(0)]);
  return putBack(op, columns, x.shape.slice(0, 2), windows);
}

/** The same for large windows: the first of several equal elements, found by its position. */
function maxPoolGradientAt(ops: Apply, x: Value, dy: Value, windows: readonly Window[]): Value {
  const op: SingleApply = (...call) => ops(...call)[0] as Value;
  const seen = framed(op, x, windows, Number.NEGATIVE_INFINITY);
  const { dilations: _, ...attributes } = windowAttributes(onFrame(windows));
  const positions = ops('MaxPool', [seen], attributes)[1] as Value;
  if (areTiles(windows)) return unframed(op, atPositions(op, dy, positions, windows), windows);
  const flat = (value: Value): Value => op('Reshape', [value], { shape: [sizeOf(value.shape)] });
  const nothing = filled(op, 0, 'float32', [sizeOf(seen.shape)]);
  const sum = op('ScatterElements', [nothing, flat(positions), flat(dy)], { axis: 0, reduction: 'add' });
  return unframed(op, op('Reshape', [sum], { shape: seen.shape }), windows);
}

/** The gradient of a mean over whole windows: an equal share of dy for each element, padding included. */
function averagePoolGradient(op: SingleApply, dy: Value, windows: readonly Window[]): Value {
  const share = op('Mul', [dy, float(1 / elementsOf(windows))]);
  const images = dy.shape.slice(0, 2);
  if (windows.every(({ stride, length }) => stride === length)) {
    return unframed(op, repeated(op, share, [...images, ...windows.map(span)]), windows);
  }
  const column = asColumns(op, [share]);
  const shape = column.shape.with(1, elementsOf(windows));
  return putBack(op, op('Expand', [column], { shape }), images, windows);
}

type Gradient = (call: KernelCall, x: Value, dy: Value, windows: readonly Window[]) => Value;

function gradient(of: Gradient): Lowering {
  return (call) => {
    const { input, attrs, op } = call;
    const [x, dy] = [input('input'), input('dy')];
    const windows = poolWindows(x.shape, attrs as PoolAttrs);
    if (isPointwise(windows)) return dy;
    if (sizeOf(dy.shape) === 0 || sizeOf(x.shape) === 0) return filled(op, 0, 'float32', x.shape);
    return asCalled(op, of(call, channelsFirst(op, x), channelsFirst(op, dy), windows));
  };
}

const ofMaximum: Gradient = ({ input, op, ops }, x, dy, windows) =>
  elementsOf(windows) > manyElements
    ? maxPoolGradientAt(ops, x, dy, windows)
    : maxPoolGradient(ops, x, channelsFirst(op, input('output')), dy, windows);
const ofMean: Gradient = ({ op }, _, dy, windows) => averagePoolGradient(op, dy, windows);

export const poolingGradient: LoweringTable = {
  MaxPoolGrad: gradient(ofMaximum),
  MaxPool3DGrad: gradient(ofMaximum),
  AvgPoolGrad: gradient(ofMean),
  AvgPool3DGrad: gradient(ofMean),
};
