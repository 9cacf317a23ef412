/** The operation in which the builds differ, on float32 values. */
export interface Arithmetic {
  /** a·b + c */
  multiplyAdd(a: number, b: number, c: number): number;
}

/** The product rounded, then the sum: the plain build, and the relaxed one on processors without fused multiply-add. */
export const rounded: Arithmetic = {
  multiplyAdd: (a, b, c) => Math.fround(Math.fround(a * b) + c),
};

const double = new Float64Array(1);
const bits = new BigInt64Array(double.buffer);

/** The exact a·b + c, rounded once: the relaxed build on processors with fused multiply-add. */
export const fused: Arithmetic = {
  multiplyAdd(a, b, c) {
    const product = a * b; // exact: 24 + 24 of 53 bits
    const sum = product + c;
    if (!Number.isFinite(sum)) return Math.fround(sum);
    const addend = sum - product;
    const error = product - (sum - addend) + (c - addend); // exact: Knuth's two-sum
    double[0] = sum;
    const last = bits[0] as bigint;
    // An inexact sum is rounded to the neighbour whose last bit is 1, which keeps the next rounding from meeting a false tie
    // (Boldo & Melquiond 2008).
    if (error !== 0 && (last & 1n) === 0n) bits[0] = last + (error > 0 === sum > 0 ? 1n : -1n);
    return Math.fround(double[0]);
  },
};
