import { multiplyAdd, splat } from './arithmetic';
import { loadLanes, storeLanes } from './lane';
import { descended, regularized } from './rule';

/**
 * Heavy-ball momentum: v = momentum·v + g; w −= learningRate·v.
 * @see Polyak 1964, as Sutskever et al. 2013, equations 1–2, with the learning rate taken out of v.
 */
export function momentum(
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
  storeLanes(parameter, count, descended(w, rate, v, decay));
}
