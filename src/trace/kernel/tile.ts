import { sizeOf } from '../../core/shape.ts';
import type { Apply } from '../../ir/build.ts';
import type { Value } from '../../ir/graph.ts';
import { counting } from './creation.ts';
import { cast, int32, type SingleApply } from './lowering.ts';
import { onFrame, span, type Window, windowAttributes } from './window.ts';

/** Whether the windows lie side by side: each element is seen at one place. */
export const areTiles = (windows: readonly Window[]): boolean =>
  windows.every(({ length, stride, dilation }) => stride === length && dilation === 1);

/**
 * What tiles see, for each place inside the tile, row by row: like `taps` along the spatial axes. Splitting takes a
 * fraction of the time that slicing in steps does.
 * @param x `[batch, channels, …]`, `framed` by the windows
 */
export function tileTaps(ops: Apply, x: Value, windows: readonly Window[]): readonly Value[] {
  const split = (part: Value, { places, length }: Window, axis: number): readonly Value[] => {
    if (length === 1) return [part];
    const [outer, inner] = [part.shape.slice(0, axis), part.shape.slice(axis + 1)];
    const [column] = ops('Reshape', [part], { shape: [sizeOf(outer) * places, length, sizeOf(inner)] });
    const pieces = ops('Split', [column as Value], { axis: 1, split: new Array<number>(length).fill(1) });
    return pieces.map((piece) => ops('Reshape', [piece], { shape: [...outer, places, ...inner] })[0] as Value);
  };
  return windows.reduce<readonly Value[]>(
    (parts, window, at) => parts.flatMap((part) => split(part, window, at + 2)),
    [x],
  );
}

/**
 * Where in the flattened frame the first tap is that equals `y`: at the first one, and from there to the next for as
 * long as none has equalled it.
 * @param taps of tiles, row by row or in reverse
 * @param y `[batch, channels, …]`
 */
export function winningPositions(
  op: SingleApply,
  taps: readonly Value[],
  y: Value,
  windows: readonly Window[],
  reversed: boolean,
): Value {
  const lengths = windows.map(span);
  const steps = lengths.map((_, axis) => sizeOf(lengths.slice(axis + 1)));
  const images = sizeOf(y.shape.slice(0, 2));
  const firsts = windows.reduce(
    (sum, { places, stride }, axis) => {
      const column = [places, ...windows.slice(axis + 1).map(() => 1)];
      return op('Add', [sum, counting(places, column, 'int32', stride * (steps[axis] as number))]);
    },
    counting(images, [...y.shape.slice(0, 2), ...windows.map(() => 1)], 'int32', sizeOf(lengths)),
  );
  const offsets = windows.reduce<readonly number[]>(
    (list, { length }, axis) =>
      list.flatMap((offset) => Array.from({ length }, (_, at) => offset + at * (steps[axis] as number))),
    [0],
  );
  const inOrder = reversed ? offsets.toReversed() : offsets;
  const first = inOrder[0] as number;
  let position = first === 0 ? firsts : op('Add', [firsts, int32([first], [])]);
  let missed: Value | undefined;
  for (const [at, tap] of taps.slice(0, -1).entries()) {
    const other = op('Not', [op('Equal', [tap, y])]);
    missed = missed ? op('And', [missed, other]) : other;
    const step = (inOrder[at + 1] as number) - (inOrder[at] as number);
    const moved = cast(op, missed, 'int32');
    position = op('Add', [position, step === 1 ? moved : op('Mul', [moved, int32([step], [])])]);
  }
  return cast(op, position, 'int64');
}

/** dy at its positions in the frame of tiles, and 0 elsewhere. @returns `[batch, channels, …]`, `framed` */
export function atPositions(op: SingleApply, dy: Value, positions: Value, windows: readonly Window[]): Value {
  const { kernel_shape, strides, pads } = windowAttributes(onFrame(windows));
  return op('MaxUnpool', [dy, positions], { kernel_shape, strides, pads });
}
