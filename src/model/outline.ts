import { printable } from '../core/format.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import type { Head, ModelNode, ModelSpec, ValueId } from './spec.ts';

/**
 * A box of a picture. `source` and `operator` are what samples come through before they are inputs; `shared` is a use of a layer with several; `auxiliary` a head that exists only while training;
 * `output` one without an objective.
 */
export interface Box {
  /** Unique, of letters and digits. */
  readonly id: string;
  readonly kind: 'source' | 'operator' | 'input' | 'layer' | 'shared' | 'head' | 'auxiliary' | 'output';
  /** The name of an input or a head, the class of a layer. */
  readonly title: string;
  /** What there is to say below the title. */
  readonly lines: readonly string[];
  readonly branch: string;
}

/** A value on its way between two boxes, by their ids. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
}

/** What pictures of a model show: boxes, arrows, and the branches that boxes belong to, in order of appearance. */
export interface Outline {
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
  readonly branches: readonly string[];
}

/** What samples come from, or through, before they are inputs of a model. */
export interface Stage {
  readonly kind: 'source' | 'operator';
  readonly title: string;
  readonly lines: readonly string[];
}

/** Lines about heads, by name. */
export type HeadNotes = ReadonlyMap<string, readonly string[]>;

/** Which of a layer's uses a node is. */
export interface Use {
  /** The layer's name, with the number of the use from the second on: `encoder#2`. */
  readonly name: string;
  readonly number: number;
  readonly count: number;
}

/**
 * The model of a picture. Names in it are free of what no text may contain: see `printable`.
 * @param stages before the inputs: sources, all of which the first operator is given, then operators one after the other
 * @param notes what else there is to say of heads, by name
 */
export function outlineOf(spec: ModelSpec, stages: readonly Stage[] = [], notes: HeadNotes = new Map()): Outline {
  const { inputs, nodes, heads } = spec;
  const counts = parameterCounts(spec);
  const sources = new Map<ValueId, string>();
  const boxes: Box[] = [];
  const arrows: Arrow[] = [];
  const enter = (box: Box, from: readonly ValueId[], to: readonly ValueId[]): void => {
    boxes.push({ ...box, title: printable(box.title), lines: box.lines.map(printable), branch: printable(box.branch) });
    arrows.push(...from.map((value) => ({ from: sources.get(value) as string, to: box.id })));
    for (const value of to) sources.set(value, box.id);
  };
  const arrive = (id: string, from: readonly string[]): void => {
    arrows.push(...from.map((before) => ({ from: before, to: id })));
  };
  let last: readonly string[] = stages.flatMap(({ kind }, at) => (kind === 'source' ? [`s${at}`] : []));
  stages.forEach(({ kind, ...shown }, at) => {
    const id = `s${at}`;
    enter({ id, kind, ...shown, branch: kind === 'source' ? 'sources' : 'stream' }, [], []);
    if (kind === 'source') return;
    arrive(id, last);
    last = [id];
  });
  inputs.forEach(({ name, dtype, shape, value }, at) => {
    const lines = [`${dtype} ${batchShape(shape)}`];
    enter({ id: `i${at}`, kind: 'input', title: name, lines, branch: name }, [], [value]);
    arrive(`i${at}`, last);
  });
  const uses = usesOf(nodes);
  nodes.forEach((node, at) => {
    const { name, number, count } = uses[at] as Use;
    const own = number === 1 ? (counts.get(node.layer) ?? 0) : 0;
    const lines = [
      name,
      shapesOf(node),
      ...(own > 0 ? [`${own.toLocaleString('en-US')} ${own === 1 ? 'parameter' : 'parameters'}`] : []),
      ...(count > 1 ? [`shared: use ${number} of ${count}`] : []),
    ];
    const title = node.layer.getClassName();
    const kind = count > 1 ? 'shared' : 'layer';
    enter({ id: `n${at}`, kind, title, lines, branch: node.branch }, node.inputs, node.outputs);
  });
  heads.forEach((head, at) => {
    enter(
      { id: `h${at}`, title: head.name, branch: head.branch, ...shownHead(head, notes.get(head.name)) },
      [head.value],
      [],
    );
  });
  return { boxes, arrows, branches: [...new Set(boxes.map(({ branch }) => branch))] };
}

function shownHead(
  { objective, shape, trainingOnly }: Head,
  notes: readonly string[] = [],
): Pick<Box, 'kind' | 'lines'> {
  const goal = objective
    ? [`${objective.config.type} × ${formatNumber(objective.weight)}`, `denominator ${objective.denominator}`]
    : ['not trained'];
  const lines = [...goal, batchShape(shape), ...notes, ...(trainingOnly ? ['training only'] : [])];
  return { kind: trainingOnly ? 'auxiliary' : objective ? 'head' : 'output', lines };
}

/** How many parameters each layer has. */
export function parameterCounts({ groups }: Pick<ModelSpec, 'groups'>): ReadonlyMap<ModelNode['layer'], number> {
  const counts = new Map<ModelNode['layer'], number>();
  for (const { layer, variable } of groups.flatMap(({ parameters }) => parameters))
    counts.set(layer, (counts.get(layer) ?? 0) + sizeOf(variable.shape));
  return counts;
}

/** For each node, which of its layer's uses it is. */
export function usesOf(nodes: readonly ModelNode[]): readonly Use[] {
  const counts = new Map<ModelNode['layer'], number>();
  const numbers = nodes.map(({ layer }) => {
    const number = (counts.get(layer) ?? 0) + 1;
    counts.set(layer, number);
    return number;
  });
  return nodes.map(({ layer }, at) => {
    const number = numbers[at] as number;
    const name = number === 1 ? layer.name : `${layer.name}#${number}`;
    return { name, number, count: counts.get(layer) as number };
  });
}

/** `[batch, 10]`; a size that is not known is `?`. */
export function batchShape(shape: Shape): string {
  return `[${['batch', ...shape.map((size) => (size < 0 ? '?' : size))].join(', ')}]`;
}

/** Shapes of all outputs of a layer. */
export function shapesOf({ shapes }: ModelNode): string {
  return shapes.map(batchShape).join(', ');
}

/** A number a user chose, to 4 digits. */
export function formatNumber(value: number): string {
  return String(Number(value.toPrecision(4)));
}
