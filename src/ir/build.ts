import { allocateArray } from '../core/dtype.ts';
import { ShapeError } from '../core/error.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { type Attributes, constant, contentKey, makeValue, type Node, spelledOut, type Value } from './graph.ts';
import { type OpName, place, ruleOf, type TensorType } from './op/index.ts';

/** Applies an op to values and returns its outputs. */
export type Apply = (
  op: OpName,
  inputs: readonly (Value | null)[],
  attributes?: Attributes,
  origin?: string,
) => readonly Value[];

/**
 * A local rewriting: given an op about to be applied, the values to use instead, or `undefined` when it has
 * nothing to say. `apply` runs all rules again, so a rule must make progress.
 */
export type Rule = (
  call: {
    readonly op: OpName;
    readonly inputs: readonly (Value | null)[];
    readonly attributes: Attributes;
    readonly origin: string;
  },
  apply: Apply,
) => readonly Value[] | undefined;

/**
 * Creates the node as given. Results without elements are constants: there is nothing to compute, and ONNX Runtime's
 * TopK dies of a division by zero on them.
 * @throws ShapeError when the op's rule forbids it
 */
export const applyPlainly: Apply = (op, inputs, attributes = {}, origin = '') => {
  const types = ruleOf(op).infer({ op, inputs, attributes, origin });
  if (types.every(({ shape }) => sizeOf(shape) === 0))
    return types.map(({ dtype, shape }) => constant(allocateArray(dtype, 0), dtype, shape));
  const outputs: Value[] = [];
  const node: Node = { op, inputs, attributes, outputs, origin };
  types.forEach(({ dtype, shape }, index) => {
    outputs.push(makeValue(dtype, shape, { kind: 'node', node, index }));
  });
  return outputs;
};

/** What makes two values interchangeable: their identity or, for small constants, their content. */
const keyOf = (value: Value | null): string => (value ? (contentKey(value) ?? `#${value.id}`) : '-');

/** Attributes as text. JSON would write NaN and infinities as null, and −0 as 0. */
const attributesKey = (attributes: Attributes): string =>
  JSON.stringify(attributes, (_, value) => (typeof value === 'number' ? spelledOut(value) : value));

const formatTypes = (types: readonly TensorType[]): string =>
  types.map(({ dtype, shape }) => `${dtype} ${formatShape(shape)}`).join(', ');

/** @throws ShapeError when a rule gave other types than the op has */
function checkRewritten(call: Parameters<Rule>[0], outputs: readonly Value[]): void {
  const [expected, found] = [ruleOf(call.op).infer(call), outputs].map(formatTypes);
  if (expected !== found)
    throw new ShapeError({ where: `a rule for ${place(call)}`, expected: `results ${expected}`, found: `${found}` });
}

/**
 * An `Apply` that tries the rules in order, and answers an application it has seen before with the values it gave
 * then, so that equal computations are computed once.
 */
export function applySharing(rules: readonly Rule[]): Apply {
  const seen = new Map<string, readonly Value[]>();
  const apply: Apply = (op, inputs, attributes = {}, origin = '') => {
    const key = `${op}(${inputs.map(keyOf).join()})${attributesKey(attributes)}`;
    const known = seen.get(key);
    if (known) return known;
    const call = { op, inputs, attributes, origin };
    let outputs: readonly Value[] | undefined;
    for (const rule of rules) {
      outputs = rule(call, apply);
      if (outputs) break;
    }
    if (outputs) checkRewritten(call, outputs);
    else outputs = applyPlainly(op, inputs, attributes, origin);
    seen.set(key, outputs);
    return outputs;
  };
  return apply;
}
