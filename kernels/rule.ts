import { multiplyAdd, splat, subtractProduct } from './arithmetic';

/** The gradient an optimizer sees: scale·gradient + l2·parameter. */
export function regularized(gradient: v128, scale: v128, parameter: v128, l2: v128): v128 {
  return multiplyAdd(l2, parameter, f32x4.mul(scale, gradient));
}

/** A running average: keep·average + take·value. */
export function averaged(average: v128, keep: v128, value: v128, take: v128): v128 {
  return multiplyAdd(keep, average, f32x4.mul(take, value));
}

/**
 * What an average of squares takes of a gradient: the gradient, or 0 below a magnitude of 2⁻⁵⁷, whose square would be
 * subnormal, or become so as a part of an average. Arithmetic on subnormals takes many times as long.
 */
export function squarable(gradient: v128): v128 {
  const smallest = splat(6.938893903907228e-18);
  return v128.andnot(gradient, f32x4.lt(f32x4.abs(gradient), smallest));
}

/** The parameter after a step against `direction`, with decoupled decay: parameter − rate·(direction + decay·parameter). */
export function descended(parameter: v128, rate: v128, direction: v128, decay: v128): v128 {
  return subtractProduct(parameter, rate, multiplyAdd(decay, parameter, direction));
}
