import { type Shape, sizeOf } from '../../core/shape.ts';
import type { Value } from '../../ir/graph.ts';
import { unframed } from './frame.ts';
import type { SingleApply } from './lowering.ts';
import { fits, onFrame, type Window, windowAttributes } from './window.ts';

/**
 * What the windows see at all of their places, for each place inside the window, row by row.
 * @param x `framed` by the windows
 * @param axes along which the windows move
 */
export function taps(op: SingleApply, x: Value, windows: readonly Window[], axes: readonly number[]): readonly Value[] {
  const along = ({ length, dilation }: Window): number[] => Array.from({ length }, (_, at) => at * dilation);
  const offsets = windows.reduce<readonly (readonly number[])[]>(
    (list, window) => list.flatMap((offset) => along(window).map((next) => [...offset, next])),
    [[]],
  );
  return offsets.map((starts) => {
    const last = windows.map(({ places, stride }, axis) => (starts[axis] as number) + (places - 1) * stride);
    const steps = windows.map(({ stride }) => stride);
    return op('Slice', [x], { axes, starts, ends: last.map((end) => end + 1), steps });
  });
}

/** Taps `[batch, channels, …]` side by side: `[batch · channels, taps, places]`. */
export function asColumns(op: SingleApply, list: readonly Value[]): Value {
  const columns = list.map((tap) => {
    const shape = [sizeOf(tap.shape.slice(0, 2)), 1, sizeOf(tap.shape.slice(2))];
    return op('Reshape', [tap], { shape });
  });
  return op('Concat', columns, { axis: 1 });
}

/**
 * What was seen at each place, put back where it was seen from and added up.
 * @param columns `[batch · channels, elements of the window, places]`
 * @returns `[batch, channels, …]`
 */
export function putBack(op: SingleApply, columns: Value, images: Shape, windows: readonly Window[]): Value {
  const direct = fits(windows);
  const over = direct ? windows : onFrame(windows);
  const sizes = over.map(({ input }) => input);
  const { kernel_shape, ...attributes } = windowAttributes(over);
  const sum = op('Col2Im', [columns], { image_shape: sizes, block_shape: kernel_shape, ...attributes });
  const image = op('Reshape', [sum], { shape: [...images, ...sizes] });
  return direct ? image : unframed(op, image, windows);
}

/** The places of `y` that each element of the window equals and no element before it does. */
export function winners(op: SingleApply, seen: readonly Value[], y: Value): readonly Value[] {
  let free: Value | undefined;
  return seen.map((tap) => {
    const equal = op('Equal', [tap, y]);
    const winner = free ? op('And', [equal, free]) : equal;
    const other = op('Not', [equal]);
    free = free ? op('And', [free, other]) : other;
    return winner;
  });
}
