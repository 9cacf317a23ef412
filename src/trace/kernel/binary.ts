import type { Value } from '../../ir/graph.ts';
import type { OpName } from '../../ir/op/index.ts';
import { asNumber, cast, float, type KernelCall, type Lowering, type LoweringTable, promote } from './lowering.ts';

function arithmetic(name: OpName): Lowering {
  return ({ input, op }) => op(name, promote(op, [input('a'), input('b')]));
}

function logical(name: OpName): Lowering {
  return ({ input, op }) => op(name, [cast(op, input('a'), 'bool'), cast(op, input('b'), 'bool')]);
}

/** Remainder with the divisor's sign, for floats built from the one with the dividend's. */
function mod({ input, op }: KernelCall): Value {
  const [a, b] = promote(op, [input('a'), input('b')]) as [Value, Value];
  if (a.dtype !== 'float32') return op('Mod', [a, b]);
  const remainder = op('Mod', [a, b], { fmod: 1 });
  const signsDiffer = op('Less', [op('Mul', [remainder, b]), float(0)]);
  return op('Where', [signsDiffer, op('Add', [remainder, b]), remainder]);
}

function floorDiv({ input, op }: KernelCall): Value {
  const [a, b] = [cast(op, input('a'), 'float32'), cast(op, input('b'), 'float32')];
  return cast(op, op('Floor', [op('Div', [a, b])]), 'int32');
}

function select({ input, op }: KernelCall): Value {
  const condition = cast(op, input('condition'), 'bool');
  const [chosen, other] = promoteAny(op, input('t'), input('e'));
  const rank = chosen.shape.length;
  const perRow = condition.shape.length === 1 && rank > 1;
  const shaped = perRow
    ? op('Reshape', [condition], { shape: [condition.shape[0] as number, ...chosen.shape.slice(1).map(() => 1)] })
    : condition;
  return op('Where', [shaped, chosen, other]);
}

function promoteAny(op: KernelCall['op'], a: Value, b: Value): readonly [Value, Value] {
  if (a.dtype === b.dtype) return [a, b];
  return promote(op, [a, b]) as [Value, Value];
}

function addN({ list, op }: KernelCall): Value {
  const values = promote(op, list());
  if (values.length > 2 && values[0]?.dtype === 'float32') return op('Sum', values);
  return values.reduce((sum, value) => op('Add', [sum, value]));
}

export const binary: LoweringTable = {
  Add: arithmetic('Add'),
  Sub: arithmetic('Sub'),
  Multiply: arithmetic('Mul'),
  Maximum: arithmetic('Max'),
  Minimum: arithmetic('Min'),
  Pow: arithmetic('Pow'),
  Equal: arithmetic('Equal'),
  Greater: arithmetic('Greater'),
  GreaterEqual: arithmetic('GreaterOrEqual'),
  Less: arithmetic('Less'),
  LessEqual: arithmetic('LessOrEqual'),
  NotEqual: ({ input, op }) => op('Not', [op('Equal', promote(op, [input('a'), input('b')]))]),
  LogicalAnd: logical('And'),
  LogicalOr: logical('Or'),
  LogicalXor: logical('Xor'),
  BitwiseAnd: arithmetic('BitwiseAnd'),
  RealDiv: ({ input, op }) => op('Div', [cast(op, input('a'), 'float32'), cast(op, input('b'), 'float32')]),
  FloorDiv: floorDiv,
  Mod: mod,
  SquaredDifference: ({ input, op }) => {
    const difference = op('Sub', promote(op, [input('a'), input('b')]));
    return op('Mul', [difference, difference]);
  },
  Prelu: ({ input, op }) => op('PRelu', [asNumber(op, input('x')), asNumber(op, input('alpha'))]),
  EluGrad: ({ input, op }) => {
    const [dy, y] = [input('dy'), input('y')];
    return op('Where', [op('GreaterOrEqual', [y, float(0)]), dy, op('Mul', [dy, op('Add', [y, float(1)])])]);
  },
  AddN: addN,
  Select: select,
};
