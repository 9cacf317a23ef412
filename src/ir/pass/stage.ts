import { nodeApplying, nodeOf, topological, type Value } from '../graph.ts';

/** A part of a program that runs as a whole: what it computes, and what it takes from earlier parts. */
export interface Stage {
  readonly outputs: Readonly<Record<string, Value>>;
  /** Values computed by earlier stages, by the names they were given there. */
  readonly cut: ReadonlyMap<Value, string>;
}

/**
 * Splits a program at inputs that are known only after its first part has run. A value belongs to the latest stage
 * among the inputs it depends on; what crosses to a later stage becomes an output `crossing/n` of the earlier one.
 * @param stageOf the stage of an input, by its name
 */
export function splitStages(
  outputs: Readonly<Record<string, Value>>,
  stageOf: (input: string) => number,
): readonly Stage[] {
  const stages = new Map<Value, number>();
  const stage = (value: Value): number =>
    stages.get(value) ?? (value.source.kind === 'input' ? stageOf(value.source.name) : 0);
  const nodes = topological(Object.values(outputs));
  for (const node of nodes) {
    const latest = Math.max(0, ...node.inputs.map((value) => (value ? stage(value) : 0)));
    for (const output of node.outputs) stages.set(output, latest);
  }
  const count = 1 + Math.max(0, ...Object.values(outputs).map(stage));
  const named = Array.from({ length: count }, (): Record<string, Value> => ({}));
  const names = new Map<Value, string>();
  for (const [name, value] of Object.entries(outputs)) {
    (named[stage(value)] as Record<string, Value>)[name] = value;
    names.set(value, name);
  }
  const cuts = Array.from({ length: count }, () => new Map<Value, string>());
  const cross = (value: Value, to: number): void => {
    const from = stage(value);
    if (from >= to || !nodeOf(value)) return;
    const repeated = nodeApplying(value, 'Expand')?.inputs[0];
    if (repeated) {
      cross(repeated, to);
      return;
    }
    const name = names.get(value) ?? `crossing/${names.size}`;
    names.set(value, name);
    (named[from] as Record<string, Value>)[name] = value;
    cuts[to]?.set(value, name);
  };
  for (const node of nodes) {
    const at = stage(node.outputs[0] as Value);
    for (const value of node.inputs) if (value) cross(value, at);
  }
  return named.map((stageOutputs, index) => ({
    outputs: stageOutputs,
    cut: cuts[index] as ReadonlyMap<Value, string>,
  }));
}
