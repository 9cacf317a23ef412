import { loadLanes } from './lane';

/** Whether every value is neither infinite nor NaN: 1 or 0. */
export function allFinite(values: usize, length: u32): i32 {
  // Magnitudes order as integers do, with infinity and the NaNs above every number.
  let largest = i32x4.splat(0);
  let other = largest;
  if (length >= 8) {
    do {
      largest = i32x4.max_s(largest, magnitudes(v128.load(values)));
      other = i32x4.max_s(other, magnitudes(v128.load(values, 16)));
      values += 32;
      length -= 8;
    } while (length >= 8);
  }
  if (length > 0) largest = i32x4.max_s(largest, magnitudes(loadLanes(values, length)));
  if (length > 4) other = i32x4.max_s(other, magnitudes(loadLanes(values + 16, length - 4)));
  return i32(!v128.any_true(i32x4.ge_s(i32x4.max_s(largest, other), i32x4.splat(0x7f800000))));
}

function magnitudes(values: v128): v128 {
  return v128.and(values, i32x4.splat(0x7fffffff));
}
