import { ShapeError } from './error.ts';

/** Sizes of a tensor's axes, outermost first. `[]` is a scalar; a size may be 0. */
export type Shape = readonly number[];

/** Number of elements: the product of the sizes, 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** `[2, 3]`, as shapes are written in errors and listings. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/**
 * The shape two operands have together under NumPy broadcasting: aligned at the last axis, size 1 stretches.
 * @throws ShapeError naming `where` when two sizes differ and neither is 1
 */
export function broadcastShapes(a: Shape, b: Shape, where: string): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1)
      throw new ShapeError({
        where,
        expected: 'shapes that broadcast together',
        found: `${formatShape(a)} and ${formatShape(b)}, which differ on axis ${axis}`,
      });
    return left === 1 ? right : left;
  });
}

/**
 * `axis` counted from the front: −1 is the last axis.
 * @throws ShapeError naming `where` when the axis does not exist
 */
export function normalizeAxis(axis: number, rank: number, where: string): number {
  const fromFront = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || fromFront < 0 || fromFront >= rank)
    throw new ShapeError({ where, expected: `an axis in [${-rank}, ${rank - 1}]`, found: `${axis}` });
  return fromFront;
}
