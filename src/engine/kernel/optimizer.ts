import { EngineError } from '../../core/error.ts';
import type { Descent, KernelFunctions } from './kernels.ts';

/** One region of parameters that takes a step. Addresses are byte offsets, multiples of 4. */
export interface RegionUpdate {
  readonly parameter: number;
  readonly gradient: number;
  /** One for each of the optimizer's slots, in their order; zero-filled before the first step. */
  readonly slots: readonly number[];
  /** Number of float32 values. */
  readonly length: number;
  readonly learningRate: number;
  /** Multiplies the gradient first: 1, or less to clip its norm. */
  readonly scale: number;
  /** Steps in which the region's group was present, this one included: ≥ 1. Bias corrections go by it. */
  readonly clock: number;
  /** Settings that differ from the defaults. */
  readonly settings: Readonly<Record<string, number>>;
}

type Settings = Readonly<Record<string, number>>;

/** How one optimizer moves parameters. What is absent stays as it is because nobody calls this for it. */
export interface OptimizerKernel<Defaults extends Settings = Settings> {
  /** Names of the state kept beside each parameter, in the parameter's shape. */
  readonly slots: readonly string[];
  /** Every setting, with its default. */
  readonly settings: Defaults;
  /**
   * One step of one region.
   * @throws EngineError when there are not as many slots as the optimizer has
   */
  apply(kernels: KernelFunctions, update: RegionUpdate): void;
}

interface Definition<Slots extends readonly string[], Defaults extends Settings> {
  readonly slots: Slots;
  readonly settings: Defaults;
  /** Whether slots fade where there is no gradient. */
  readonly fades?: boolean;
  step(
    kernels: KernelFunctions,
    update: RegionUpdate,
    slots: { readonly [index in keyof Slots]: number },
    descent: Descent,
    settings: Defaults,
  ): void;
}

/**
 * Fading slots are flushed once in so many steps of their group, long before they become subnormal: rounding would never
 * let them out of there, and arithmetic on subnormals is many times slower. What is flushed is too small to move anything
 * while epsilon is far above 2⁻⁵⁰, with two exceptions: with a smaller one a second moment may restart from 0, and Lion,
 * which steps by a sign, stops moving what has had no gradient for some 7000 steps. Parameters that decay fade as well,
 * those of inputs that are always 0 for example, and slow down the products they take part in.
 */
const flushSteps = 64;
const flushBelow = 2 ** -100;

const decays = { l2: 0, decay: 0 };

function optimizer<const Slots extends readonly string[], Defaults extends Settings & typeof decays>(
  definition: Definition<Slots, Defaults>,
): OptimizerKernel<Defaults> {
  const { slots, settings, fades, step } = definition;
  /** Settings that were given, together with the defaults. */
  const completed = new WeakMap<Settings, Defaults>();
  const complete = (given: Settings): Defaults => {
    const all = completed.get(given) ?? { ...settings, ...given };
    completed.set(given, all);
    return all;
  };
  return {
    slots,
    settings,
    apply(kernels, update) {
      if (update.slots.length !== slots.length) throw wrongSlots(slots, update.slots.length);
      const all = complete(update.settings);
      const { learningRate, scale, clock, length } = update;
      const addresses = update.slots as { readonly [index in keyof Slots]: number };
      step(kernels, update, addresses, [learningRate, scale, all.l2, all.decay], all);
      if (clock % flushSteps > 0) return;
      if (fades) for (const slot of update.slots) kernels.flush(slot, length, flushBelow);
      if (all.l2 !== 0 || all.decay !== 0) kernels.flush(update.parameter, length, flushBelow);
    },
  };
}

/** The optimizers: what each keeps, what can be set, and the kernel that moves a region. */
export const optimizerKernels = {
  sgd: optimizer({
    slots: [],
    settings: decays,
    step: (kernels, { parameter, gradient, length }, _slots, descent) =>
      kernels.sgd(parameter, gradient, length, ...descent),
  }),
  momentum: optimizer({
    slots: ['velocity'],
    settings: { momentum: 0.9, ...decays },
    fades: true,
    step: (kernels, { parameter, gradient, length }, [velocity], descent, { momentum }) =>
      kernels.momentum(parameter, velocity, gradient, length, ...descent, momentum),
  }),
  nesterov: optimizer({
    slots: ['velocity'],
    settings: { momentum: 0.9, ...decays },
    fades: true,
    step: (kernels, { parameter, gradient, length }, [velocity], descent, { momentum }) =>
      kernels.nesterov(parameter, velocity, gradient, length, ...descent, momentum),
  }),
  adam: optimizer({
    slots: ['firstMoment', 'secondMoment'],
    settings: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, ...decays },
    fades: true,
    step(kernels, { parameter, gradient, length, clock }, [first, second], descent, { beta1, beta2, epsilon }) {
      const corrections = [1 - beta1 ** clock, 1 - beta2 ** clock] as const;
      kernels.adam(parameter, first, second, gradient, length, ...descent, beta1, beta2, epsilon, ...corrections);
    },
  }),
  adagrad: optimizer({
    slots: ['accumulator'],
    settings: { epsilon: 1e-10, ...decays },
    step: (kernels, { parameter, gradient, length }, [accumulator], descent, { epsilon }) =>
      kernels.adagrad(parameter, accumulator, gradient, length, ...descent, epsilon),
  }),
  rmsprop: optimizer({
    slots: ['meanSquare'],
    settings: { rho: 0.9, epsilon: 1e-8, ...decays },
    fades: true,
    step: (kernels, { parameter, gradient, length }, [meanSquare], descent, { rho, epsilon }) =>
      kernels.rmsprop(parameter, meanSquare, gradient, length, ...descent, rho, epsilon),
  }),
  lion: optimizer({
    slots: ['average'],
    settings: { beta1: 0.9, beta2: 0.99, ...decays },
    fades: true,
    step: (kernels, { parameter, gradient, length }, [average], descent, { beta1, beta2 }) =>
      kernels.lion(parameter, average, gradient, length, ...descent, beta1, beta2),
  }),
};

/** The update rules that there are kernels for. Optimizers that differ in their settings alone share one. */
export type OptimizerType = keyof typeof optimizerKernels;

function wrongSlots(slots: readonly string[], found: number): EngineError {
  return new EngineError({
    where: 'optimizer kernel',
    expected: slots.length === 0 ? 'no slots' : `a region for each of ${slots.join(', ')}`,
    found: `${found}`,
  });
}
