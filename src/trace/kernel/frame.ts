import type { Attributes, Value } from '../../ir/graph.ts';
import { float, type SingleApply } from './lowering.ts';
import { after, fits, isChannelsFirst, onFrame, type Window, type WindowAttrs, windowAttributes } from './window.ts';

type Format = Pick<WindowAttrs, 'dataFormat'>;

/** `[batch, channels, …]`: how ops take images. Transposes that meet vanish, so kernels in a row run in this order. */
export function channelsFirst(op: SingleApply, x: Value, attrs: Format = {}): Value {
  const spatial = x.shape.slice(2).map((_, axis) => axis + 1);
  return isChannelsFirst(attrs) ? x : op('Transpose', [x], { perm: [0, x.shape.length - 1, ...spatial] });
}

/** From `[batch, channels, …]` back to the order the kernel was called with. */
export function asCalled(op: SingleApply, x: Value, attrs: Format = {}): Value {
  const spatial = x.shape.slice(2).map((_, axis) => axis + 2);
  return isChannelsFirst(attrs) ? x : op('Transpose', [x], { perm: [0, ...spatial, 1] });
}

/** Elements to add before and after an axis, or to leave out where negative. */
export interface Margin {
  readonly before: number;
  readonly after: number;
}

/** `x` with margins along its spatial axes, which begin with `first`: `[batch, channels, …]` when left out. */
export function withMargins(op: SingleApply, x: Value, margins: readonly Margin[], fill = 0, first = 2): Value {
  let result = x;
  if (margins.some((margin) => margin.before > 0 || margin.after > 0)) {
    const along = (amounts: readonly number[]): number[] =>
      [...x.shape.keys()].map((axis) => Math.max(0, amounts[axis - first] ?? 0));
    const before = along(margins.map((margin) => margin.before));
    const end = along(margins.map((margin) => margin.after));
    result = op('Pad', [result, float(fill)], { pads: [...before, ...end] });
  }
  if (margins.some((margin) => margin.before < 0 || margin.after < 0))
    result = op('Slice', [result], {
      axes: margins.map((_, axis) => axis + first),
      starts: margins.map((margin) => Math.max(0, -margin.before)),
      ends: margins.map((margin, axis) => (result.shape[axis + first] as number) + Math.min(0, margin.after)),
      steps: margins.map(() => 1),
    });
  return result;
}

/** `x`, cut or padded to exactly what the windows see; its spatial axes as for `withMargins`. */
export function framed(op: SingleApply, x: Value, windows: readonly Window[], fill = 0, first = 2): Value {
  const margins = windows.map((window) => ({ before: window.before, after: after(window) }));
  return withMargins(op, x, margins, fill, first);
}

/** From `framed` back to the input: what was not seen is 0. */
export function unframed(op: SingleApply, x: Value, windows: readonly Window[]): Value {
  return withMargins(
    op,
    x,
    windows.map((window) => ({ before: -window.before, after: -after(window) })),
  );
}

/** The attributes of an op with these windows on `x`, and what it must be given to take no more places than they. */
export function windowed(op: SingleApply, x: Value, windows: readonly Window[]): { x: Value; attributes: Attributes } {
  if (fits(windows)) return { x, attributes: windowAttributes(windows) };
  return { x: framed(op, x, windows), attributes: windowAttributes(onFrame(windows)) };
}
