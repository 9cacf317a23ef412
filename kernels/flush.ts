import { splat } from './arithmetic';
import { loadLanes, storeLanes } from './lane';

/** Makes values of a magnitude below `smallest` 0. NaN stays NaN. */
export function flush(values: usize, length: u32, smallest: f64): void {
  const limit = splat(smallest);
  if (length >= 4) {
    do {
      v128.store(values, flushed(v128.load(values), limit));
      values += 16;
      length -= 4;
    } while (length >= 4);
  }
  if (length > 0) storeLanes(values, length, flushed(loadLanes(values, length), limit));
}

function flushed(values: v128, limit: v128): v128 {
  return v128.andnot(values, f32x4.lt(f32x4.abs(values), limit));
}
