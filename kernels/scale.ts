import { splat } from './arithmetic';
import { loadLanes, storeLanes } from './lane';

/** Multiplies every value by `factor`. */
export function scale(values: usize, length: u32, factor: f64): void {
  const by = splat(factor);
  if (length >= 4) {
    do {
      v128.store(values, f32x4.mul(v128.load(values), by));
      values += 16;
      length -= 4;
    } while (length >= 4);
  }
  if (length > 0) storeLanes(values, length, f32x4.mul(loadLanes(values, length), by));
}
