import { sameShape } from '../core/shape.ts';
import { applyPlainly } from '../ir/build.ts';
import { type Node, nodeApplying, topological, uniformValue, type Value } from '../ir/graph.ts';
import type { Stage } from '../ir/pass/stage.ts';
import type { Table } from './program.ts';
import type { Port } from './runner/runner.ts';

type Outputs = Readonly<Record<string, Value>>;

/** Rows that are added to zeros, and the node that would do it. */
interface Addition {
  readonly node: Node;
  readonly rows: Value;
  readonly ids: Value;
  readonly width: number;
}

/** An output as the sum of rows and of whatever else there is. */
interface Sum {
  readonly name: string;
  readonly value: Value;
  readonly additions: readonly Addition[];
  readonly others: readonly Value[];
}

/** The value under the reshapes it was given: the same numbers in the same order. */
function withoutReshapes(value: Value, cut: Stage['cut']): Value {
  const inner = cut.has(value) ? undefined : nodeApplying(value, 'Reshape')?.inputs[0];
  return inner ? withoutReshapes(inner, cut) : value;
}

/**
 * Indices below `height` without what was made of them so that ONNX Runtime refuses negative ones, which become `height`
 * (`trace/kernel/bounds.ts`): kernels refuse them as they are.
 */
function unchecked(ids: Value, height: number): Value {
  const [isNegative, replaced, otherwise] = nodeApplying(ids, 'Where')?.inputs ?? [];
  const [tested, zero] = (isNegative && nodeApplying(isNegative, 'Less')?.inputs) || [];
  const isOfIds = tested && tested === otherwise && sameShape(tested.shape, ids.shape);
  const isCheck = isOfIds && zero && replaced && uniformValue(zero) === 0 && uniformValue(replaced) === height;
  return isCheck ? tested : ids;
}

function additionOf(value: Value, cut: Stage['cut']): Addition | undefined {
  const sums = withoutReshapes(value, cut);
  const node = cut.has(sums) ? undefined : nodeApplying(sums, 'ScatterElements');
  const [zeros, places, rows] = node?.inputs ?? [];
  if (!node || !zeros || !places || !rows || sums.dtype !== 'float32' || sums.shape.length !== 2) return undefined;
  const { axis, reduction } = node.attributes;
  const [[height, width], [count]] = [sums.shape as [number, number], rows.shape as [number, number]];
  const ids = nodeApplying(places, 'Expand')?.inputs[0] ?? places;
  const isOfRows = ids.dtype === 'int32' && sameShape(ids.shape, [count, 1]) && rows.shape[1] === width;
  if (axis !== 0 || reduction !== 'add' || uniformValue(zeros) !== 0 || !isOfRows) return undefined;
  const given = cut.has(ids) ? ids : unchecked(ids, height);
  return { node, rows: withoutReshapes(rows, cut), ids: withoutReshapes(given, cut), width };
}

/** What a value is the sum of. */
function addends(value: Value, cut: Stage['cut']): readonly Value[] {
  const inputs = cut.has(value) ? undefined : (nodeApplying(value, 'Add')?.inputs as readonly Value[] | undefined);
  const isWhole = inputs?.every(({ shape }) => sameShape(shape, value.shape));
  return inputs && isWhole ? inputs.flatMap((input) => addends(input, cut)) : [value];
}

/** An output that the model computes whatever it is the sum of. */
const notSplit = (name: string, value: Value): Sum => ({ name, value, additions: [], others: [value] });

function sumOf(name: string, value: Value, cut: Stage['cut']): Sum {
  const parts = addends(value, cut).map((part) => ({ part, addition: additionOf(part, cut) }));
  const additions = parts.flatMap(({ addition }) => addition ?? []);
  if (additions.length === 0) return notSplit(name, value);
  return { name, value, additions, others: parts.flatMap(({ part, addition }) => (addition ? [] : part)) };
}

const portOf = (name: string, { dtype, shape }: Value): Port => ({ name, dtype, shape });

/** What a stage computes, split between its model and the kernels that add rows. */
export interface Split {
  /** What the model computes, rows and ids included. */
  readonly outputs: Outputs;
  /** What kernels add rows to. */
  readonly tables: readonly Table[];
}

function split(sums: readonly Sum[]): Split {
  const outputs: Record<string, Value> = {};
  const tables: Table[] = [];
  for (const { name, value, additions, others } of sums) {
    if (others.length > 0) outputs[name] = others.reduce((sum, other) => applyPlainly('Add', [sum, other])[0] as Value);
    const added = additions.map(({ node, rows, ids, width }, at) => {
      const ports = { rows: portOf(`rows/${at}/${name}`, rows), ids: portOf(`ids/${at}/${name}`, ids) };
      Object.assign(outputs, { [ports.rows.name]: rows, [ports.ids.name]: ids });
      return { ...ports, width, origin: node.origin };
    });
    if (added.length > 0) tables.push({ ...portOf(name, value), cleared: others.length === 0, added });
  }
  return { outputs, tables };
}

/**
 * Leaves sums of rows among a stage's outputs to kernels, as gradients of what was gathered from a table are: ONNX Runtime
 * adds number by number, in one thread. What the stage reads itself it computes itself.
 */
export function leaveRows({ outputs, cut }: Stage): Split {
  const sums = Object.entries(outputs).map(([name, value]) => sumOf(name, value, cut));
  const read = new Set(topological(Object.values(split(sums).outputs), cut));
  const isRead = ({ additions }: Sum): boolean => additions.some(({ node }) => read.has(node));
  return split(sums.map((sum) => (isRead(sum) ? notSplit(sum.name, sum.value) : sum)));
}
