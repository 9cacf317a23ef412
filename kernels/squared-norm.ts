import { loadLanes } from './lane';

/**
 * The sum of squares, in double precision: finite exactly when every value is.
 * Eight partial sums, the k-th over the places i ≡ k (mod 8), are added up in a fixed order.
 */
export function squaredNorm(values: usize, length: u32): f64 {
  let sum01 = f64x2.splat(0);
  let sum23 = sum01;
  let sum45 = sum01;
  let sum67 = sum01;
  if (length >= 8) {
    do {
      const first = v128.load(values);
      const second = v128.load(values, 16);
      sum01 = addSquares(sum01, low(first));
      sum23 = addSquares(sum23, high(first));
      sum45 = addSquares(sum45, low(second));
      sum67 = addSquares(sum67, high(second));
      values += 32;
      length -= 8;
    } while (length >= 8);
  }
  if (length > 0) {
    const first = loadLanes(values, length);
    sum01 = addSquares(sum01, low(first));
    sum23 = addSquares(sum23, high(first));
  }
  if (length > 4) {
    const second = loadLanes(values + 16, length - 4);
    sum45 = addSquares(sum45, low(second));
    sum67 = addSquares(sum67, high(second));
  }
  const sums = f64x2.add(f64x2.add(sum01, sum45), f64x2.add(sum23, sum67));
  return f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
}

/** Squares of float32 values are exact in double precision, so fused or not, the sums are the same. */
function addSquares(sum: v128, values: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f64x2.relaxed_madd(values, values, sum) : f64x2.add(sum, f64x2.mul(values, values));
}

function low(values: v128): v128 {
  return f64x2.promote_low_f32x4(values);
}

function high(values: v128): v128 {
  return f64x2.promote_low_f32x4(i64x2.shuffle(values, values, 1, 1));
}
