import { type Apply, applySharing, type Rule } from '../build.ts';
import { type Node, topological, type Value } from '../graph.ts';
import { delayExpand } from './broadcast.ts';
import { addIntoConv, addIntoGemm } from './fuse.ts';
import { composeTranspose, reduceNothing, reduceUntransposed, simplifyShape, sinkTranspose } from './layout.ts';
import { composeSqueezed, reduceSqueezed, sinkSqueezed } from './squeeze.ts';

/**
 * Every rewriting of programs, in the order they are tried: images and sequences with channels first, and what beats
 * ONNX Runtime's own optimiser given the same graph (`npm run bench -- pass`; what did not is not here).
 */
export const simplifications = {
  simplifyShape,
  composeTranspose,
  composeSqueezed,
  delayExpand,
  addIntoConv,
  addIntoGemm,
  sinkTranspose,
  sinkSqueezed,
  reduceNothing,
  reduceSqueezed,
  reduceUntransposed,
} as const satisfies Record<string, Rule>;

/** Rebuilds a program through `apply`, node by node, from its inputs and constants. */
export function rebuild(outputs: Readonly<Record<string, Value>>, apply: Apply): Record<string, Value> {
  const rebuilt = new Map<Value, Value>();
  const current = (value: Value): Value => rebuilt.get(value) ?? value;
  for (const node of topological(Object.values(outputs))) {
    const results = apply(
      node.op,
      node.inputs.map((value) => value && current(value)),
      node.attributes,
      node.origin,
    );
    node.outputs.forEach((output: Node['outputs'][number], index) => {
      rebuilt.set(output, results[index] as Value);
    });
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, current(value)]));
}

/** The same program with equal computations shared and every simplification applied. */
export function simplify(
  outputs: Readonly<Record<string, Value>>,
  rules: readonly Rule[] = Object.values(simplifications),
): Record<string, Value> {
  return rebuild(outputs, applySharing(rules));
}
