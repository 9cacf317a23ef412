/**
 * What every update takes after its addresses and length, in this order:
 * - `learningRate`
 * - `scale`: multiplies the gradient first, as clipping by norm asks
 * - `l2`: coupled decay, adds l2·w to the gradient
 * - `decay`: decoupled decay, adds decay·w to what the learning rate multiplies
 */
export type Descent = [learningRate: number, scale: number, l2: number, decay: number];

/**
 * The kernels' functions on one memory. Addresses are byte offsets, multiples of 4; lengths count float32 values and may
 * be 0. Regions of one call must not overlap. In the equations w is the parameter and g = scale·gradient + l2·w; the
 * gradient itself is only read. NaN and infinities pass through as arithmetic has it.
 */
export interface KernelFunctions {
  /** w −= learningRate·(g + decay·w) */
  sgd(parameter: number, gradient: number, length: number, ...descent: Descent): void;
  /**
   * v = momentum·v + g; w −= learningRate·(v + decay·w)
   * @see Polyak 1964
   */
  momentum(
    parameter: number,
    velocity: number,
    gradient: number,
    length: number,
    ...scalars: [...Descent, momentum: number]
  ): void;
  /**
   * v = momentum·v + g; w −= learningRate·(g + momentum·v + decay·w)
   * @see Sutskever et al. 2013, equations 3–4
   */
  nesterov(
    parameter: number,
    velocity: number,
    gradient: number,
    length: number,
    ...scalars: [...Descent, momentum: number]
  ): void;
  /**
   * m = beta1·m + (1 − beta1)·g; v = beta2·v + (1 − beta2)·g²;
   * w −= learningRate·(m / correction1 / (√(v / correction2) + epsilon) + decay·w).
   * The corrections are 1 − beta1ᵗ and 1 − beta2ᵗ, where t ≥ 1 counts this step.
   * @see Kingma & Ba 2015, Algorithm 1, arXiv:1412.6980; with decay, Loshchilov & Hutter 2019, arXiv:1711.05101.
   * Deviates: the decay is multiplied by the learning rate, as PyTorch has it.
   */
  adam(
    parameter: number,
    firstMoment: number,
    secondMoment: number,
    gradient: number,
    length: number,
    ...scalars: [...Descent, beta1: number, beta2: number, epsilon: number, correction1: number, correction2: number]
  ): void;
  /**
   * a += g²; w −= learningRate·(g / (√a + epsilon) + decay·w)
   * @see Duchi, Hazan & Singer 2011
   */
  adagrad(
    parameter: number,
    accumulator: number,
    gradient: number,
    length: number,
    ...scalars: [...Descent, epsilon: number]
  ): void;
  /**
   * a = rho·a + (1 − rho)·g²; w −= learningRate·(g / (√a + epsilon) + decay·w)
   * @see Tieleman & Hinton 2012, lecture 6.5
   */
  rmsprop(
    parameter: number,
    meanSquare: number,
    gradient: number,
    length: number,
    ...scalars: [...Descent, rho: number, epsilon: number]
  ): void;
  /**
   * w −= learningRate·(sign(beta1·m + (1 − beta1)·g) + decay·w); m = beta2·m + (1 − beta2)·g
   * @see Chen et al. 2023, Algorithm 2, arXiv:2302.06675
   */
  lion(
    parameter: number,
    average: number,
    gradient: number,
    length: number,
    ...scalars: [...Descent, beta1: number, beta2: number]
  ): void;
  /**
   * Sum of squares, in an order that is always the same: to six digits, whatever the values. Finite exactly when every
   * value is.
   */
  squaredNorm(values: number, length: number): number;
  /** 1 when no value is NaN or infinite, else 0. */
  allFinite(values: number, length: number): 0 | 1;
  /** Multiplies every value by `factor`. */
  scale(values: number, length: number, factor: number): void;
  /** Brings every value into [−limit, limit]; NaN stays NaN. */
  clampValues(values: number, length: number, limit: number): void;
  /** Makes values of a magnitude below `smallest` 0; NaN stays NaN. */
  flush(values: number, length: number, smallest: number): void;
  /** Makes every value 0. */
  clear(values: number, length: number): void;
  /**
   * Adds each row to that row of a table which its id names, in their order.
   * @param table `[height, width]`
   * @param rows `[count, width]`
   * @param ids int32 `[count]`
   * @returns how many were added: the first id that names none of the table's `height` rows ends it
   */
  addRows(table: number, rows: number, ids: number, height: number, width: number, count: number): number;
  /** Copies bytes; here the regions may overlap. */
  copy(to: number, from: number, sizeBytes: number): void;
}

/** Builds of the kernels: with plain SIMD, or with relaxed SIMD's fused multiply-add. */
export type KernelBuild = 'simd' | 'relaxed';

/** The kernels on one memory, and which build of them it is. */
export interface Kernels extends KernelFunctions {
  readonly build: KernelBuild;
  /** Why this build, in words for a log. */
  readonly reason: string;
}
