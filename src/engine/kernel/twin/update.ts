import type { KernelFunctions } from '../kernels.ts';
import type { Arithmetic } from './arithmetic.ts';

const { fround, sqrt, sign } = Math;

type Updates = Pick<KernelFunctions, 'sgd' | 'momentum' | 'nesterov' | 'adam' | 'adagrad' | 'rmsprop' | 'lion'>;

/** The updates, one value at a time. */
export function twinUpdates(memory: WebAssembly.Memory, { multiplyAdd }: Arithmetic): Updates {
  /** Replaces each value of the parameter and its slots by what `next` makes of them and the gradient. */
  const update = (
    addresses: readonly number[],
    gradient: number,
    length: number,
    next: (gradient: number, ...values: number[]) => readonly number[],
  ): void => {
    const regions = addresses.map((at) => new Float32Array(memory.buffer, at, length));
    new Float32Array(memory.buffer, gradient, length).forEach((value, index) => {
      const values = next(value, ...regions.map((region) => region[index] as number));
      regions.forEach((region, place) => {
        region[index] = values[place] as number;
      });
    });
  };
  const regularized = (gradient: number, scale: number, parameter: number, l2: number): number =>
    multiplyAdd(fround(l2), parameter, fround(fround(scale) * gradient));
  const averaged = (average: number, keep: number, value: number): number =>
    multiplyAdd(fround(keep), average, fround(fround(1 - keep) * value));
  const squarable = (gradient: number): number => (Math.abs(gradient) < 2 ** -57 ? 0 : gradient);
  const descended = (parameter: number, rate: number, direction: number, decay: number): number =>
    multiplyAdd(-fround(rate), multiplyAdd(fround(decay), parameter, direction), parameter);
  const quotient = (value: number, square: number, floor: number): number =>
    fround(value / fround(fround(sqrt(square)) + fround(floor)));

  return {
    sgd: (parameter, gradient, length, rate, scale, l2, decay) =>
      update([parameter], gradient, length, (d, w) => [descended(w, rate, regularized(d, scale, w, l2), decay)]),

    momentum: (parameter, velocity, gradient, length, rate, scale, l2, decay, momentum) =>
      update([parameter, velocity], gradient, length, (d, w, v0) => {
        const v = multiplyAdd(fround(momentum), v0, regularized(d, scale, w, l2));
        return [descended(w, rate, v, decay), v];
      }),

    nesterov: (parameter, velocity, gradient, length, rate, scale, l2, decay, momentum) =>
      update([parameter, velocity], gradient, length, (d, w, v0) => {
        const g = regularized(d, scale, w, l2);
        const v = multiplyAdd(fround(momentum), v0, g);
        return [descended(w, rate, multiplyAdd(fround(momentum), v, g), decay), v];
      }),

    adam(parameter, first, second, gradient, length, ...scalars) {
      const [rate, scale, l2, decay, beta1, beta2, epsilon, correction1, correction2] = scalars;
      const correction = fround(sqrt(correction2) / correction1);
      const floor = epsilon * sqrt(correction2);
      const isRegularized = l2 !== 0 || decay !== 0;
      update([parameter, first, second], gradient, length, (d, w, m0, v0) => {
        const g = isRegularized ? regularized(d, scale, w, l2) : fround(fround(scale) * d);
        const m = averaged(m0, beta1, g);
        const v = averaged(v0, beta2, fround(squarable(g) ** 2));
        const direction = quotient(fround(correction * m), v, floor);
        return [isRegularized ? descended(w, rate, direction, decay) : multiplyAdd(-fround(rate), direction, w), m, v];
      });
    },

    adagrad: (parameter, accumulator, gradient, length, rate, scale, l2, decay, epsilon) =>
      update([parameter, accumulator], gradient, length, (d, w, a0) => {
        const g = regularized(d, scale, w, l2);
        const s = squarable(g);
        const a = multiplyAdd(s, s, a0);
        return [descended(w, rate, quotient(g, a, epsilon), decay), a];
      }),

    rmsprop: (parameter, meanSquare, gradient, length, rate, scale, l2, decay, rho, epsilon) =>
      update([parameter, meanSquare], gradient, length, (d, w, a0) => {
        const g = regularized(d, scale, w, l2);
        const a = averaged(a0, rho, fround(squarable(g) ** 2));
        return [descended(w, rate, quotient(g, a, epsilon), decay), a];
      }),

    lion: (parameter, average, gradient, length, rate, scale, l2, decay, beta1, beta2) =>
      update([parameter, average], gradient, length, (d, w, m) => {
        const g = regularized(d, scale, w, l2);
        const direction = sign(averaged(m, beta1, g)) + 0; // −0 becomes 0
        return [descended(w, rate, direction, decay), averaged(m, beta2, g)];
      }),
  };
}
