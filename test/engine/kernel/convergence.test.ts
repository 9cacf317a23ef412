import { describe, expect, test } from 'vitest';
import { type OptimizerType, optimizerKernels } from '../../../src/engine/kernel/index.ts';
import { type Group, newGroups, step } from './group.ts';
import { builds, implement, newMemory } from './implementation.ts';

const types = Object.keys(optimizerKernels) as OptimizerType[];

interface Surface {
  readonly start: readonly number[];
  readonly bottom: readonly number[];
  gradient(at: Float32Array): readonly number[];
}

const bottom = [0.5, -1, 2, 0, 0.25, -0.75, 1];
const surfaces = {
  /** Σ ½ · k · (w − bottom)², curvatures k from 0.5 to 3.5 */
  parabola: {
    start: bottom.map(() => 0.1),
    bottom,
    gradient: (at) => bottom.map((target, index) => (0.5 + 0.5 * index) * ((at[index] as number) - target)),
  },
  /** (1 − x)² + 100 · (y − x²)² */
  rosenbrock: {
    start: [-1.2, 1],
    bottom: [1, 1],
    gradient: ([x = 0, y = 0]) => [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)],
  },
} satisfies Record<string, Surface>;

/** Learning rates at first; they fall to 0 in a line over the steps. */
const learningRates: { readonly [type in OptimizerType]: { readonly [surface in keyof typeof surfaces]: number } } = {
  sgd: { parabola: 0.2, rosenbrock: 0.0015 },
  momentum: { parabola: 0.1, rosenbrock: 0.0005 },
  nesterov: { parabola: 0.1, rosenbrock: 0.0005 },
  adam: { parabola: 0.05, rosenbrock: 0.02 },
  adagrad: { parabola: 0.5, rosenbrock: 0.5 },
  rmsprop: { parabola: 0.02, rosenbrock: 0.005 },
  lion: { parabola: 0.01, rosenbrock: 0.005 },
};
const steps = { parabola: 1000, rosenbrock: 20_000 };

describe.each(['twin', ...builds] as const)('on the %s kernels', (implementation) => {
  describe.each(Object.keys(surfaces) as (keyof typeof surfaces)[])('the %s', (name) => {
    test.each(types)('is descended to its bottom by %s', (type) => {
      const memory = newMemory();
      const kernels = implement(implementation, memory);
      const { start, bottom, gradient }: Surface = surfaces[name];
      const [group] = newGroups(memory, type, [start.length]) as [Group];
      const distance = () => Math.hypot(...bottom.map((target, index) => target - (group.parameter[index] as number)));
      group.parameter.set(start);
      expect(distance()).toBeGreaterThan(1);
      for (let time = 0; time < steps[name]; time++) {
        group.gradient.set(gradient(group.parameter));
        step(kernels, group, { learningRate: learningRates[type][name] * (1 - time / steps[name]) });
      }
      expect(distance()).toBeLessThan(name === 'parabola' ? 1e-4 : 1e-2);
    });
  });
});
