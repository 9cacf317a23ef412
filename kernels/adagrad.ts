import { multiplyAdd, splat } from './arithmetic';
import { loadLanes, storeLanes } from './lane';
import { descended, regularized, squarable } from './rule';

/**
 * a += g²; w −= learningRate·g / (√a + epsilon).
 * @see Duchi, Hazan & Singer 2011, Figure 1, with diagonal matrices.
 * Deviates: squares of gradients below 2⁻⁵⁷ are 0.
 */
export function adagrad(
  parameter: usize,
  accumulator: usize,
  gradient: usize,
  length: u32,
  learningRate: f64,
  scale: f64,
  l2: f64,
  decay: f64,
  epsilon: f64,
): void {
  const rate = splat(learningRate);
  const factor = splat(scale);
  const coupled = splat(l2);
  const decoupled = splat(decay);
  const floor = splat(epsilon);
  if (length >= 4) {
    do {
      inline.always(step(parameter, accumulator, gradient, 4, rate, factor, coupled, decoupled, floor));
      parameter += 16;
      accumulator += 16;
      gradient += 16;
      length -= 4;
    } while (length >= 4);
  }
  if (length > 0) step(parameter, accumulator, gradient, length, rate, factor, coupled, decoupled, floor);
}

function step(
  parameter: usize,
  accumulator: usize,
  gradient: usize,
  count: u32,
  rate: v128,
  scale: v128,
  l2: v128,
  decay: v128,
  floor: v128,
): void {
  const w = loadLanes(parameter, count);
  const g = regularized(loadLanes(gradient, count), scale, w, l2);
  const s = squarable(g);
  const a = multiplyAdd(s, s, loadLanes(accumulator, count));
  storeLanes(accumulator, count, a);
  const direction = f32x4.div(g, f32x4.add(f32x4.sqrt(a), floor));
  storeLanes(parameter, count, descended(w, rate, direction, decay));
}
