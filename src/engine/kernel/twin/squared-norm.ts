import type { Arithmetic } from './arithmetic.ts';

const { fround } = Math;
const blockLength = 64;

/** The sum of squares of float32 values, block by block in single precision, or in double where that does not hold it. */
export function squaredNorm(values: Float32Array, arithmetic: Arithmetic): number {
  const whole = values.length - (values.length % blockLength);
  const sums = [0, 0, 0, 0];
  for (let start = 0; start < whole; start += blockLength)
    sumOfBlock(values.subarray(start, start + blockLength), arithmetic).forEach((sum, lane) => {
      sums[lane] = (sums[lane] as number) + sum;
    });
  const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = sums;
  const sum = s0 + s2 + (s1 + s3) + sumInDouble(values.subarray(whole));
  return sum >= 2 ** -100 * values.length && sum < Infinity ? sum : sumInDouble(values);
}

/** Sixteen sums, each over every sixteenth value; added up to four. */
function sumOfBlock(block: Float32Array, { multiplyAdd }: Arithmetic): number[] {
  const sums = Array.from({ length: 16 }, (_, lane) => {
    const [first = 0, ...others] = block.filter((_, index) => index % 16 === lane);
    return others.reduce((sum, value) => multiplyAdd(value, value, sum), fround(first * first));
  });
  const lanes = (at: number) => sums.slice(4 * at, 4 * at + 4);
  const add = (some: number[], others: number[]) => some.map((sum, lane) => fround(sum + (others[lane] as number)));
  return add(add(lanes(0), lanes(1)), add(lanes(2), lanes(3)));
}

function sumInDouble(values: Float32Array): number {
  const sums = new Float64Array(8);
  values.forEach((value, index) => {
    sums[index % 8] = (sums[index % 8] as number) + value * value;
  });
  const [s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0] = sums;
  return s0 + s4 + (s2 + s6) + (s1 + s5 + (s3 + s7));
}
