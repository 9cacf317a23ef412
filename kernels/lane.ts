/** The first `count` values at `at`: 1 to 3, the other lanes being 0, or a whole vector. */
export function loadLanes(at: usize, count: u32): v128 {
  if (count >= 4) return v128.load(at);
  if (count === 1) return v128.load32_zero(at);
  const two = v128.load64_zero(at);
  return count === 2 ? two : v128.load_lane<f32>(at + 8, two, 2);
}

/** Stores the first `count` lanes, 1 to 3, or a whole vector; nothing beyond. */
export function storeLanes(at: usize, count: u32, values: v128): void {
  if (count >= 4) {
    v128.store(at, values);
  } else if (count === 1) {
    v128.store_lane<f32>(at, values, 0);
  } else {
    v128.store_lane<f64>(at, values, 0);
    if (count === 3) v128.store_lane<f32>(at + 8, values, 2);
  }
}
