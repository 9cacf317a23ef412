import { splat } from './arithmetic';
import { loadLanes, storeLanes } from './lane';
import { descended, regularized } from './rule';

/** Gradient descent: w −= learningRate·g. */
export function sgd(
  parameter: usize,
  gradient: usize,
  length: u32,
  learningRate: f64,
  scale: f64,
  l2: f64,
  decay: f64,
): void {
  const rate = splat(learningRate);
  const factor = splat(scale);
  const coupled = splat(l2);
  const decoupled = splat(decay);
  if (length >= 4) {
    do {
      inline.always(step(parameter, gradient, 4, rate, factor, coupled, decoupled));
      parameter += 16;
      gradient += 16;
      length -= 4;
    } while (length >= 4);
  }
  if (length > 0) step(parameter, gradient, length, rate, factor, coupled, decoupled);
}

function step(parameter: usize, gradient: usize, count: u32, rate: v128, scale: v128, l2: v128, decay: v128): void {
  const w = loadLanes(parameter, count);
  const g = regularized(loadLanes(gradient, count), scale, w, l2);
  storeLanes(parameter, count, descended(w, rate, g, decay));
}
