import { sizeOf } from '../../core/shape.ts';
import { constant, scalar, type Value } from '../../ir/graph.ts';
import { multipliers, placeHashes } from '../hash.ts';
import { counting } from './creation.ts';
import { cast, float, type LoweringTable, type SingleApply } from './lowering.ts';

/**
 * Uniform numbers in [0, 1) from the counter-based generator: inputs `step` and, optionally, `rows`. With the attribute
 * `atLeast`, 1 for those that are at least that, and 0 for others.
 */
export const uniformKernel = 'TrunklineUniform';

const bits = (number: number): Value => scalar(number >>> 0, 'uint32');

function xor(op: SingleApply, a: Value, b: Value): Value {
  return op('BitwiseXor', [a, b]);
}

function shiftRight(op: SingleApply, x: Value, count: number): Value {
  return op('BitShift', [x, bits(count)], { direction: 'RIGHT' });
}

function multiplyXorShifted(op: SingleApply, x: Value, count: number, multiplier: number): Value {
  return op('Mul', [xor(op, x, shiftRight(op, x, count)), bits(multiplier)]);
}

/** The graph form of `mix`. */
function mix(op: SingleApply, number: Value): Value {
  const once = multiplyXorShifted(op, number, 16, multipliers[0]);
  const twice = multiplyXorShifted(op, once, 15, multipliers[1]);
  return xor(op, twice, shiftRight(op, twice, 16));
}

export const random: LoweringTable = {
  /** The graph form of `uniformNumbers`: the same bits. Numbers are compared as the integers they are made of. */
  [uniformKernel]: ({ input, optional, attrs, op }) => {
    const shape: number[] = attrs.shape;
    const [rowCount, perRow] = [shape[0] ?? 1, sizeOf(shape.slice(1))];
    const base = mix(op, xor(op, mix(op, cast(op, input('step'), 'uint32')), bits(attrs.salt)));
    const rows = optional('rows');
    const keys = rows ? cast(op, rows, 'uint32') : counting(rowCount, [rowCount], 'uint32');
    const rowHashes = op('Reshape', [mix(op, xor(op, keys, base))], { shape: [rowCount, 1] });
    const mixed = op('Mul', [
      xor(op, rowHashes, constant(placeHashes(perRow), 'uint32', [1, perRow])),
      bits(multipliers[0]),
    ]);
    const hashed = shiftRight(op, multiplyXorShifted(op, mixed, 15, multipliers[1]), 8);
    const whole = cast(op, hashed, 'float32');
    const atLeast: number | undefined = attrs.atLeast;
    const drawn =
      atLeast === undefined
        ? op('Mul', [whole, float(2 ** -24)])
        : op('HardSigmoid', [whole], { alpha: 1, beta: 1 - Math.ceil(atLeast * 2 ** 24) });
    return op('Reshape', [drawn], { shape });
  },
};
