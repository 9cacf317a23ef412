import { allocateArray, type DType, type TypedArray } from '../core/dtype.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import type { OpName } from './op/index.ts';

export type AttributeValue = number | string | readonly number[];
/** Settings of an op. Axes, sizes and other integer lists are attributes here, whatever form ONNX gives them. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** Where a value comes from. */
export type Source =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'constant'; readonly data: TypedArray }
  | { readonly kind: 'node'; readonly node: Node; readonly index: number };

/** A tensor of a program: an input, a constant, or one output of a node. */
export interface Value {
  readonly id: number;
  readonly dtype: DType;
  readonly shape: Shape;
  /** Replaced by a constant once the eager backend has computed the value. */
  source: Source;
}

/** One operation applied to values. An input left out is `null`. */
export interface Node {
  readonly op: OpName;
  readonly inputs: readonly (Value | null)[];
  readonly attributes: Attributes;
  readonly outputs: readonly Value[];
  /** The TensorFlow.js kernel and scope it was recorded from, for errors and listings. */
  readonly origin: string;
}

let nextId = 1;

export function makeValue(dtype: DType, shape: Shape, source: Source): Value {
  return { id: nextId++, dtype, shape, source };
}

export function input(name: string, dtype: DType, shape: Shape): Value {
  return makeValue(dtype, shape, { kind: 'input', name });
}

export function constant(data: TypedArray, dtype: DType, shape: Shape): Value {
  return makeValue(dtype, shape, { kind: 'constant', data });
}

export function scalar(value: number, dtype: DType): Value {
  const data = allocateArray(dtype, 1);
  if (data instanceof BigInt64Array) data[0] = BigInt(value);
  else data[0] = value;
  return constant(data, dtype, []);
}

/** The node that computes a value, when there is one. */
export function nodeOf(value: Value): Node | undefined {
  return value.source.kind === 'node' ? value.source.node : undefined;
}

/** The node that computes a value, when it applies `op`. */
export function nodeApplying(value: Value, op: OpName): Node | undefined {
  const node = nodeOf(value);
  return node?.op === op ? node : undefined;
}

/** The data of a constant, when the value is one. */
export function constantData(value: Value): TypedArray | undefined {
  return value.source.kind === 'constant' ? value.source.data : undefined;
}

/** Elements up to which constants are told apart by what they hold. */
const comparedElements = 16;

/** A number as text that no other number has: zeros have their sign. */
export const spelledOut = (item: number | bigint): string => (Object.is(item, -0) ? '-0' : `${item}`);

/** Equal for small constants that hold the same, to the sign of zero; `undefined` for other values. */
export function contentKey(value: Value): string | undefined {
  const data = constantData(value);
  if (!data || data.length > comparedElements) return undefined;
  const items = Array.from<number | bigint, string>(data, spelledOut);
  return `${value.dtype}[${value.shape}](${items})`;
}

/** The number a one-element constant, or an expanded one, holds everywhere. */
export function uniformValue(value: Value): number | undefined {
  const expanded = nodeApplying(value, 'Expand')?.inputs[0];
  if (expanded) return uniformValue(expanded);
  const data = constantData(value);
  return data && sizeOf(value.shape) === 1 ? Number(data[0]) : undefined;
}

/**
 * Nodes that the outputs depend on, each after the nodes it depends on.
 * @param cut values not to look behind
 */
export function topological(outputs: readonly Value[], cut?: { has(value: Value): boolean }): Node[] {
  const order: Node[] = [];
  const entered = new Set<Node>();
  const stack: { node: Node; next: number }[] = [];
  const enter = (value: Value | null): void => {
    const node = value && !cut?.has(value) ? nodeOf(value) : undefined;
    if (!node || entered.has(node)) return;
    entered.add(node);
    stack.push({ node, next: 0 });
  };
  for (const output of outputs) {
    enter(output);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      if (top.next < top.node.inputs.length) enter(top.node.inputs[top.next++] ?? null);
      else order.push((stack.pop() as typeof top).node);
    }
  }
  return order;
}
