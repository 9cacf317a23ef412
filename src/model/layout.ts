import { Graph, layout } from '@dagrejs/dagre';
import type { Outline } from './outline.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** From its upper left corner. */
export interface Rectangle extends Size, Point {}

/** Where layers of boxes follow one another: to the right or downwards. */
export type Direction = 'right' | 'down';

/** Where everything in a picture is, in pixels. Lists are in the outline's order. */
export interface Layout extends Size {
  readonly direction: Direction;
  readonly boxes: readonly Rectangle[];
  readonly branches: readonly Rectangle[];
  /** Places on the ways of arrows that lead around boxes. */
  readonly arrows: readonly (readonly Point[])[];
}

/** The part of dagre that is used. Its own declarations leave out file extensions, and so mean nothing to Node's rules. */
interface LayeredGraph {
  setGraph(options: Readonly<Record<string, string | number>>): void;
  setNode(id: string, size: Partial<Size>): void;
  setParent(id: string, parent: string): void;
  setEdge(from: string, to: string, options: object, name: string): void;
  /** With the middle of the node as x and y. */
  node(id: string): Rectangle;
  edge(from: string, to: string, name: string): { readonly points: readonly Point[] };
}

/** Of a branch around its boxes; above them is its name. */
const padding = { side: 12, top: 24, bottom: 12 };
const margin = 8;
/** Of width to height: what is wider flows to the right instead. */
const widest = 2;

/**
 * Places boxes in layers, those of one branch together, the first heads first: downwards, or to the right where many
 * branches would make a wide picture.
 * @param sizes of the boxes with everything that is written in them
 */
export function layOut(outline: Outline, sizes: readonly Size[]): Layout {
  const down = placed(outline, sizes, 'down');
  if (down.width <= widest * down.height) return down;
  const right = placed(outline, sizes, 'right');
  return right.width < down.width ? right : down;
}

function placed({ boxes, arrows, branches }: Outline, sizes: readonly Size[], direction: Direction): Layout {
  const graph = new Graph({ compound: true, multigraph: true }) as LayeredGraph;
  graph.setGraph(
    direction === 'down' ? { rankdir: 'TB', nodesep: 22, ranksep: 34 } : { rankdir: 'LR', nodesep: 24, ranksep: 40 },
  );
  const branchId = (branch: string): string => `b${branches.indexOf(branch)}`;
  for (const branch of branches) graph.setNode(branchId(branch), {});
  boxes.forEach(({ id, branch }, at) => {
    graph.setNode(id, { ...sizes[at] });
    graph.setParent(id, branchId(branch));
  });
  arrows.forEach(({ from, to }, at) => {
    graph.setEdge(from, to, {}, `${at}`);
  });
  layout(graph as never);
  const middles = boxes.map(({ id }) => graph.node(id));
  const heads = middles.filter((_, at) => boxes[at]?.id.startsWith('h'));
  const across = direction === 'down' ? 'x' : 'y';
  const isMirrored = (heads.at(0)?.[across] ?? 0) > (heads.at(-1)?.[across] ?? 0);
  const mirror = <Place extends Point>(place: Place): Place =>
    isMirrored ? { ...place, [across]: -place[across] } : place;
  const rectangles = middles.map(mirror).map(cornered);
  const grounds = branches.map((branch) => around(rectangles.filter((_, at) => boxes[at]?.branch === branch)));
  const ways = arrows.map(({ from, to }, at) => graph.edge(from, to, `${at}`).points.slice(1, -1).map(mirror));
  return { direction, ...fitted(rectangles, grounds, ways) };
}

/** Moves everything so that the picture begins at 0. */
function fitted(
  boxes: readonly Rectangle[],
  branches: readonly Rectangle[],
  arrows: readonly (readonly Point[])[],
): Omit<Layout, 'direction'> {
  const corners = [...branches, ...arrows.flat().map((point) => ({ ...point, width: 0, height: 0 }))];
  const left = Math.min(...corners.map(({ x }) => x)) - margin;
  const top = Math.min(...corners.map(({ y }) => y)) - margin;
  const move = <Place extends Point>(place: Place): Place => ({ ...place, x: place.x - left, y: place.y - top });
  return {
    width: Math.ceil(Math.max(...corners.map(({ x, width }) => x + width)) + margin - left),
    height: Math.ceil(Math.max(...corners.map(({ y, height }) => y + height)) + margin - top),
    boxes: boxes.map(move),
    branches: branches.map(move),
    arrows: arrows.map((points) => points.map(move)),
  };
}

function around(boxes: readonly Rectangle[]): Rectangle {
  const x = Math.min(...boxes.map((box) => box.x)) - padding.side;
  const y = Math.min(...boxes.map((box) => box.y)) - padding.top;
  const width = Math.max(...boxes.map((box) => box.x + box.width)) + padding.side - x;
  const height = Math.max(...boxes.map((box) => box.y + box.height)) + padding.bottom - y;
  return { x, y, width, height };
}

function cornered({ x, y, width, height }: Rectangle): Rectangle {
  return { x: x - width / 2, y: y - height / 2, width, height };
}
