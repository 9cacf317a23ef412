import type { Direction, Layout, Point, Rectangle } from './layout.ts';
import type { Outline } from './outline.ts';

/** A cubic Bézier curve: both ends, and the points that pull at it. */
type Curve = readonly [Point, Point, Point, Point];

/** Places on a curve at which it is looked whether it meets a box. */
const samples = Array.from({ length: 15 }, (_, at) => (at + 1) / 16);
/** What a curve keeps from boxes, in pixels. */
const clearance = 5;

/**
 * The ways of an outline's arrows: curves that leave and reach boxes in the middle of a side, and go straight where no
 * box is in between.
 */
export function routesOf({ boxes, arrows }: Outline, layout: Layout): readonly (readonly Curve[])[] {
  const places = new Map(boxes.map(({ id }, at) => [id, layout.boxes[at] as Rectangle]));
  return arrows.map(({ from, to }, at) => {
    const [source, target] = [places.get(from), places.get(to)] as [Rectangle, Rectangle];
    const others = layout.boxes.filter((box) => box !== source && box !== target);
    const { direction } = layout;
    const points = [
      leaving(source, direction),
      ...(layout.arrows[at] as readonly Point[]),
      reaching(target, direction),
    ];
    return shortened(points, direction, others);
  });
}

/** Curves along points, without those that are not needed to get around the boxes. */
function shortened(points: readonly Point[], direction: Direction, boxes: readonly Rectangle[]): readonly Curve[] {
  const curves: Curve[] = [];
  for (let at = 0; at < points.length - 1; ) {
    let next = points.length - 1;
    const to = (end: number): Curve => curveBetween(points[at] as Point, points[end] as Point, direction);
    while (next > at + 1 && boxes.some((box) => meets(to(next), box))) next--;
    curves.push(to(next));
    at = next;
  }
  return curves;
}

function curveBetween(from: Point, to: Point, direction: Direction): Curve {
  const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  return direction === 'down'
    ? [from, { x: from.x, y: middle.y }, { x: to.x, y: middle.y }, to]
    : [from, { x: middle.x, y: from.y }, { x: middle.x, y: to.y }, to];
}

function meets(curve: Curve, { x, y, width, height }: Rectangle): boolean {
  const inside = (place: number, start: number, size: number): boolean =>
    place > start - clearance && place < start + size + clearance;
  // A curve stays between its points.
  if (!curve.some((point) => point.x > x - clearance) || !curve.some((point) => point.x < x + width + clearance))
    return false;
  if (!curve.some((point) => point.y > y - clearance) || !curve.some((point) => point.y < y + height + clearance))
    return false;
  return samples.some((t) => inside(on(curve, 'x', t), x, width) && inside(on(curve, 'y', t), y, height));
}

/** Where a curve is after a part `t` of its way. */
function on([a, b, c, d]: Curve, axis: 'x' | 'y', t: number): number {
  const s = 1 - t;
  return s ** 3 * a[axis] + 3 * s ** 2 * t * b[axis] + 3 * s * t ** 2 * c[axis] + t ** 3 * d[axis];
}

function leaving({ x, y, width, height }: Rectangle, direction: Direction): Point {
  return direction === 'down' ? { x: x + width / 2, y: y + height } : { x: x + width, y: y + height / 2 };
}

function reaching({ x, y, width, height }: Rectangle, direction: Direction): Point {
  return direction === 'down' ? { x: x + width / 2, y } : { x, y: y + height / 2 };
}
