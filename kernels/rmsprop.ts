import { splat } from './arithmetic';
import { loadLanes, storeLanes } from './lane';
import { averaged, descended, regularized, squarable } from './rule';

/**
 * a = rho·a + (1 − rho)·g²; w −= learningRate·g / (√a + epsilon).
 * @see Tieleman & Hinton 2012, lecture 6.5.
 * Deviates: squares of gradients below 2⁻⁵⁷ are 0.
 */
export function rmsprop(
  parameter: usize,
  meanSquare: usize,
  gradient: usize,
  length: u32,
  learningRate: f64,
  scale: f64,
  l2: f64,
  decay: f64,
  rho: f64,
  epsilon: f64,
): void {
  const rate = splat(learningRate);
  const factor = splat(scale);
  const coupled = splat(l2);
  const decoupled = splat(decay);
  const keep = splat(rho);
  const take = splat(1 - rho);
  const floor = splat(epsilon);
  if (length >= 4) {
    do {
      inline.always(step(parameter, meanSquare, gradient, 4, rate, factor, coupled, decoupled, keep, take, floor));
      parameter += 16;
      meanSquare += 16;
      gradient += 16;
      length -= 4;
    } while (length >= 4);
  }
  if (length > 0) step(parameter, meanSquare, gradient, length, rate, factor, coupled, decoupled, keep, take, floor);
}

function step(
  parameter: usize,
  meanSquare: usize,
  gradient: usize,
  count: u32,
  rate: v128,
  scale: v128,
  l2: v128,
  decay: v128,
  keep: v128,
  take: v128,
  floor: v128,
): void {
  const w = loadLanes(parameter, count);
  const g = regularized(loadLanes(gradient, count), scale, w, l2);
  const s = squarable(g);
  const a = averaged(loadLanes(meanSquare, count), keep, f32x4.mul(s, s), take);
  storeLanes(meanSquare, count, a);
  const direction = f32x4.div(g, f32x4.add(f32x4.sqrt(a), floor));
  storeLanes(parameter, count, descended(w, rate, direction, decay));
}
