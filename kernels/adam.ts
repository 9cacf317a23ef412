import { multiplyAdd, splat, subtractProduct } from './arithmetic';
import { loadLanes, storeLanes } from './lane';
import { averaged, squarable } from './rule';

/**
 * m = beta1·m + (1 − beta1)·g; v = beta2·v + (1 − beta2)·g²; w −= learningRate·(m̂ / (√v̂ + epsilon) + decay·w),
 * where m̂ = m / correction1 and v̂ = v / correction2.
 * @see Kingma & Ba 2015, Algorithm 1, arXiv:1412.6980; with decay, Loshchilov & Hutter 2019, Algorithm 2, arXiv:1711.05101.
 * Deviates: the decay is multiplied by the learning rate, as PyTorch has it. The corrections are moved into the scalars, as
 * the former's section 2 does, with the epsilon that leaves the result the same. Without l2 and decay their arithmetic is
 * left out, which makes the step a sixth faster.
 * Squares of gradients below 2⁻⁵⁷ are 0.
 */
export function adam(
  parameter: usize,
  firstMoment: usize,
  secondMoment: usize,
  gradient: usize,
  length: u32,
  learningRate: f64,
  scale: f64,
  l2: f64,
  decay: f64,
  beta1: f64,
  beta2: f64,
  epsilon: f64,
  correction1: f64,
  correction2: f64,
): void {
  const rate = splat(learningRate);
  const factor = splat(scale);
  const coupled = splat(l2);
  const decoupled = splat(decay);
  const keep1 = splat(beta1);
  const take1 = splat(1 - beta1);
  const keep2 = splat(beta2);
  const take2 = splat(1 - beta2);
  const correction = splat(sqrt(correction2) / correction1);
  const floor = splat(epsilon * sqrt(correction2));
  const isRegularized = l2 !== 0 || decay !== 0;
  // biome-ignore format: addresses on one line, scalars on the next
  if (length >= 4) {
    if (isRegularized) {
      do {
        inline.always(step(parameter, firstMoment, secondMoment, gradient, 4, true,
          rate, factor, coupled, decoupled, keep1, take1, keep2, take2, correction, floor));
        parameter += 16;
        firstMoment += 16;
        secondMoment += 16;
        gradient += 16;
        length -= 4;
      } while (length >= 4);
    } else {
      do {
        inline.always(step(parameter, firstMoment, secondMoment, gradient, 4, false,
          rate, factor, coupled, decoupled, keep1, take1, keep2, take2, correction, floor));
        parameter += 16;
        firstMoment += 16;
        secondMoment += 16;
        gradient += 16;
        length -= 4;
      } while (length >= 4);
    }
  }
  // biome-ignore format: as above
  if (length > 0)
    step(parameter, firstMoment, secondMoment, gradient, length, isRegularized,
      rate, factor, coupled, decoupled, keep1, take1, keep2, take2, correction, floor);
}

function step(
  parameter: usize,
  firstMoment: usize,
  secondMoment: usize,
  gradient: usize,
  count: u32,
  isRegularized: bool,
  rate: v128,
  scale: v128,
  l2: v128,
  decay: v128,
  keep1: v128,
  take1: v128,
  keep2: v128,
  take2: v128,
  correction: v128,
  floor: v128,
): void {
  const w = loadLanes(parameter, count);
  let g = f32x4.mul(scale, loadLanes(gradient, count));
  if (isRegularized) g = multiplyAdd(l2, w, g);
  const s = squarable(g);
  const m = averaged(loadLanes(firstMoment, count), keep1, g, take1);
  const v = averaged(loadLanes(secondMoment, count), keep2, f32x4.mul(s, s), take2);
  storeLanes(firstMoment, count, m);
  storeLanes(secondMoment, count, v);
  let direction = f32x4.div(f32x4.mul(correction, m), f32x4.add(f32x4.sqrt(v), floor));
  if (isRegularized) direction = multiplyAdd(decay, w, direction);
  storeLanes(parameter, count, subtractProduct(w, rate, direction));
}
