import { multiplyAdd, splat } from './arithmetic';
import { loadLanes, storeLanes } from './lane';
import { descended, regularized } from './rule';

/**
 * Nesterov momentum: v = momentum·v + g; w −= learningRate·(g + momentum·v).
 * @see Sutskever et al. 2013, equations 3–4, with the learning rate taken out of v and w where the gradient is taken.
 */
export function nesterov(
  parameter: usize,
  velocity: usize,
  gradient: usize,
  length: u32,
  learningRate: f64,
  scale: f64,
  l2: f64,
  decay: f64,
  momentum: f64,
): void {
  const rate = splat(learningRate);
  const factor = splat(scale);
  const coupled = splat(l2);
  const decoupled = splat(decay);
  const keep = splat(momentum);
  if (length >= 8) {
    do {
      inline.always(step(parameter, velocity, gradient, 4, rate, factor, coupled, decoupled, keep));
      inline.always(step(parameter + 16, velocity + 16, gradient + 16, 4, rate, factor, coupled, decoupled, keep));
      parameter += 32;
      velocity += 32;
      gradient += 32;
      length -= 8;
    } while (length >= 8);
  }
  if (length > 0) step(parameter, velocity, gradient, length, rate, factor, coupled, decoupled, keep);
  if (length > 4)
    step(parameter + 16, velocity + 16, gradient + 16, length - 4, rate, factor, coupled, decoupled, keep);
}

function step(
  parameter: usize,
  velocity: usize,
  gradient: usize,
  count: u32,
  rate: v128,
  scale: v128,
  l2: v128,
  decay: v128,
  momentum: v128,
): void {
  const w = loadLanes(parameter, count);
  const g = regularized(loadLanes(gradient, count), scale, w, l2);
  const v = multiplyAdd(momentum, loadLanes(velocity, count), g);
  storeLanes(velocity, count, v);
  storeLanes(parameter, count, descended(w, rate, multiplyAdd(momentum, v, g), decay));
}
