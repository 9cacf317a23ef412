import { splat } from './arithmetic';
import { loadLanes, storeLanes } from './lane';
import { averaged, descended, regularized } from './rule';

/**
 * w −= learningRate·(sign(beta1·m + (1 − beta1)·g) + decay·w); m = beta2·m + (1 − beta2)·g.
 * @see Chen et al. 2023, Algorithm 2, arXiv:2302.06675.
 */
export function lion(
  parameter: usize,
  average: usize,
  gradient: usize,
  length: u32,
  learningRate: f64,
  scale: f64,
  l2: f64,
  decay: f64,
  beta1: f64,
  beta2: f64,
): void {
  const rate = splat(learningRate);
  const factor = splat(scale);
  const coupled = splat(l2);
  const decoupled = splat(decay);
  const keep1 = splat(beta1);
  const take1 = splat(1 - beta1);
  const keep2 = splat(beta2);
  const take2 = splat(1 - beta2);
  if (length >= 4) {
    do {
      inline.always(
        step(parameter, average, gradient, 4, rate, factor, coupled, decoupled, keep1, take1, keep2, take2),
      );
      parameter += 16;
      average += 16;
      gradient += 16;
      length -= 4;
    } while (length >= 4);
  }
  if (length > 0)
    step(parameter, average, gradient, length, rate, factor, coupled, decoupled, keep1, take1, keep2, take2);
}

function step(
  parameter: usize,
  average: usize,
  gradient: usize,
  count: u32,
  rate: v128,
  scale: v128,
  l2: v128,
  decay: v128,
  keep1: v128,
  take1: v128,
  keep2: v128,
  take2: v128,
): void {
  const w = loadLanes(parameter, count);
  const g = regularized(loadLanes(gradient, count), scale, w, l2);
  const m = loadLanes(average, count);
  const direction = sign(averaged(m, keep1, g, take1));
  storeLanes(average, count, averaged(m, keep2, g, take2));
  storeLanes(parameter, count, descended(w, rate, direction, decay));
}

/** 1 or −1; 0 for 0, NaN for NaN. */
function sign(values: v128): v128 {
  const ones = v128.or(f32x4.splat(1), v128.and(values, f32x4.splat(-0.0)));
  const signs = v128.and(ones, f32x4.ne(values, f32x4.splat(0)));
  return v128.or(signs, f32x4.ne(values, values));
}
