import { elementwise } from './elementwise.ts';
import { image } from './image.ts';
import { layout } from './layout.ts';
import { product } from './product.ts';
import { reductions } from './reduction.ts';
import type { OpRule } from './rule.ts';

/** Every op a program may contain. Names and meanings are ONNX's (operator set 18). */
export const ops = { ...elementwise, ...reductions, ...product, ...layout, ...image } as const;

export type OpName = keyof typeof ops;

export function ruleOf(op: OpName): OpRule {
  return ops[op];
}

export function isElementwise(op: OpName): boolean {
  return op in elementwise;
}

/** Whether the op combines the elements along its attribute 'axes'. */
export function isReduction(op: OpName): boolean {
  return op.startsWith('Reduce');
}

export { type Call, type OpRule, place, type TensorType } from './rule.ts';
