import { splat } from './arithmetic';
import { loadLanes, storeLanes } from './lane';

/** Brings every value into [−limit, limit]. NaN stays NaN. */
export function clampValues(values: usize, length: u32, limit: f64): void {
  const highest = splat(limit);
  const lowest = f32x4.neg(highest);
  if (length >= 4) {
    do {
      v128.store(values, clamped(v128.load(values), lowest, highest));
      values += 16;
      length -= 4;
    } while (length >= 4);
  }
  if (length > 0) storeLanes(values, length, clamped(loadLanes(values, length), lowest, highest));
}

/** `pmin` and `pmax` keep their first operand when the comparison fails, as it does for NaN. */
function clamped(values: v128, lowest: v128, highest: v128): v128 {
  return f32x4.pmax(f32x4.pmin(values, highest), lowest);
}
