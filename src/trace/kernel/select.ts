import type { Value } from '../../ir/graph.ts';
import { cast, type KernelCall, type LoweringTable, promote, type SingleApply } from './lowering.ts';

/** `chosen` where the condition holds, `other` elsewhere. ONNX Runtime has no selection between truth values. */
export function selected(op: SingleApply, condition: Value, chosen: Value, other: Value): Value {
  if (chosen.dtype !== 'bool') return op('Where', [condition, chosen, other]);
  return op('Or', [op('And', [condition, chosen]), op('And', [op('Not', [condition]), other])]);
}

function select({ input, op }: KernelCall): Value {
  const condition = cast(op, input('condition'), 'bool');
  const [t, e] = [input('t'), input('e')];
  const [chosen, other] = (t.dtype === e.dtype ? [t, e] : promote(op, [t, e])) as [Value, Value];
  const perRow = condition.shape.length === 1 && chosen.shape.length > 1;
  const shape = [...condition.shape, ...chosen.shape.slice(1).fill(1)];
  return selected(op, perRow ? op('Reshape', [condition], { shape }) : condition, chosen, other);
}

/** Kernels that choose elements by a condition. */
export const selection: LoweringTable = { Select: select };
