import { multiplyAdd } from './arithmetic';
import { loadLanes } from './lane';

/** Below this mean, squares of single precision lose digits, or vanish: 2⁻¹⁰⁰. */
const smallestMean: f64 = 7.888609052210118e-31;

/**
 * The sum of squares: finite exactly when every value is. Blocks are summed in single precision, which takes half as long
 * as in double; where squares leave its range, all of it is summed in double precision, whose range they never leave.
 */
export function squaredNorm(values: usize, length: u32): f64 {
  const sum = sumOfBlocks(values, length);
  return sum >= smallestMean * <f64>length && sum < Infinity ? sum : sumInDouble(values, length);
}

/**
 * Blocks of 64 values, in single precision: the k-th of sixteen sums is over the places i ≡ k (mod 16). They are added up
 * to four, those are added in double precision to the sums of the blocks before. What is left goes as in `sumInDouble`.
 */
function sumOfBlocks(values: usize, length: u32): f64 {
  let sum01 = f64x2.splat(0);
  let sum23 = sum01;
  while (length >= 64) {
    const first = inline.always(squares(values));
    const second = inline.always(squares(values + 16));
    const third = inline.always(squares(values + 32));
    const fourth = inline.always(squares(values + 48));
    const block = f32x4.add(f32x4.add(first, second), f32x4.add(third, fourth));
    sum01 = f64x2.add(sum01, low(block));
    sum23 = f64x2.add(sum23, high(block));
    values += 256;
    length -= 64;
  }
  const sums = f64x2.add(sum01, sum23);
  return f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1) + sumInDouble(values, length);
}

/** Of four vectors, each sixteen values after the one before. */
function squares(values: usize): v128 {
  const first = v128.load(values);
  const second = v128.load(values, 64);
  const third = v128.load(values, 128);
  const fourth = v128.load(values, 192);
  const sum = multiplyAdd(second, second, f32x4.mul(first, first));
  return multiplyAdd(fourth, fourth, multiplyAdd(third, third, sum));
}

/** Eight partial sums, the k-th over the places i ≡ k (mod 8), are added up in a fixed order. */
function sumInDouble(values: usize, length: u32): f64 {
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
