import { describe, expect, it } from 'vitest';
import { type KernelFunctions, loadKernels, optimizerKernels, twinKernels } from '../../src/engine/kernel/index.ts';
import { type OptimizerConfig, optimizers } from '../../src/optimizer/index.ts';

const settingsOf = (config: OptimizerConfig) => optimizers.build(config, undefined, 'optimizer');

/** Parameters in a memory of their own, moved by an optimizer. */
class Descent {
  readonly #memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
  readonly #kernels: KernelFunctions;
  readonly #config: OptimizerConfig;
  readonly weights: Float32Array;
  readonly #gradient: Float32Array;
  #clock = 0;

  constructor(
    config: OptimizerConfig,
    start: readonly number[],
    kernels: (memory: WebAssembly.Memory) => KernelFunctions,
  ) {
    this.#kernels = kernels(this.#memory);
    this.#config = config;
    this.weights = new Float32Array(this.#memory.buffer, 65_536, start.length);
    this.weights.set(start);
    this.#gradient = new Float32Array(this.#memory.buffer, 65_536 + 4096, start.length);
  }

  step(gradient: readonly number[]): void {
    const { kernel, schedule } = settingsOf(this.#config);
    this.#gradient.set(gradient);
    const { slots } = optimizerKernels[kernel.type];
    optimizerKernels[kernel.type].apply(this.#kernels, {
      parameter: 65_536,
      gradient: 65_536 + 4096,
      slots: slots.map((_, at) => 65_536 + 4096 * (2 + at)),
      length: this.weights.length,
      learningRate: schedule.rate(this.#clock, schedule.start()),
      scale: 1,
      clock: this.#clock + 1,
      settings: kernel.settings ?? {},
    });
    this.#clock++;
  }
}

type Update = (w: number, g: number, memory: Record<string, number>, t: number) => number;

/** The published equations, in double precision, with the numbers of the configurations below. */
const published: readonly [OptimizerConfig, Update][] = [
  [{ type: 'sgd', learningRate: 0.1, l2: 0.01 }, (w, g) => w - 0.1 * (g + 0.01 * w)],
  [
    { type: 'momentum', learningRate: 0.1, momentum: 0.8, l2: 0.01 },
    (w, g, memory) => {
      memory.v = 0.8 * (memory.v ?? 0) + g + 0.01 * w;
      return w - 0.1 * memory.v;
    },
  ],
  [
    { type: 'nesterov', learningRate: 0.1, momentum: 0.8 },
    (w, g, memory) => {
      memory.v = 0.8 * (memory.v ?? 0) + g;
      return w - 0.1 * (g + 0.8 * memory.v);
    },
  ],
  ...(['adam', 'adamw'] as const).map((type): [OptimizerConfig, Update] => [
    type === 'adam' ? { type, learningRate: 0.1, l2: 0.01 } : { type, learningRate: 0.1, weightDecay: 0.05 },
    (w, gradient, memory, t) => {
      const g = gradient + (type === 'adam' ? 0.01 * w : 0);
      memory.m = 0.9 * (memory.m ?? 0) + 0.1 * g;
      memory.v = 0.999 * (memory.v ?? 0) + 0.001 * g * g;
      const step = memory.m / (1 - 0.9 ** t) / (Math.sqrt(memory.v / (1 - 0.999 ** t)) + 1e-8);
      return w - 0.1 * (step + (type === 'adamw' ? 0.05 * w : 0));
    },
  ]),
  [
    { type: 'adagrad', learningRate: 0.1 },
    (w, g, memory) => {
      memory.a = (memory.a ?? 0) + g * g;
      return w - (0.1 * g) / (Math.sqrt(memory.a) + 1e-10);
    },
  ],
  [
    { type: 'rmsprop', learningRate: 0.1, rho: 0.8 },
    (w, g, memory) => {
      memory.a = 0.8 * (memory.a ?? 0) + 0.2 * g * g;
      return w - (0.1 * g) / (Math.sqrt(memory.a) + 1e-8);
    },
  ],
  [
    { type: 'lion', learningRate: 0.1, weightDecay: 0.05 },
    (w, g, memory) => {
      const direction = Math.sign(0.9 * (memory.m ?? 0) + 0.1 * g);
      memory.m = 0.99 * (memory.m ?? 0) + 0.01 * g;
      return w - 0.1 * (direction + 0.05 * w);
    },
  ],
];

/** What each needs to get to the bottom of a bowl and of Rosenbrock's valley. */
const runs: Readonly<Record<OptimizerConfig['type'], { bowl: number; valley: number; valleySteps: number }>> = {
  sgd: { bowl: 0.05, valley: 1e-3, valleySteps: 40_000 },
  momentum: { bowl: 0.02, valley: 2e-4, valleySteps: 40_000 },
  nesterov: { bowl: 0.02, valley: 2e-4, valleySteps: 40_000 },
  adam: { bowl: 0.05, valley: 0.01, valleySteps: 20_000 },
  adamw: { bowl: 0.05, valley: 0.01, valleySteps: 20_000 },
  adagrad: { bowl: 0.5, valley: 0.2, valleySteps: 40_000 },
  rmsprop: { bowl: 0.01, valley: 5e-4, valleySteps: 40_000 },
  lion: { bowl: 0.005, valley: 2e-4, valleySteps: 40_000 },
};

describe.each(optimizers.plugins.map((plugin) => [plugin.type, plugin] as const))('%s', (type, plugin) => {
  it('builds its example and its defaults, and says what each option is', () => {
    expect(settingsOf({ type, ...plugin.example } as OptimizerConfig).type).toBe(type);
    expect(settingsOf({ type }).schedule.rate(0, {})).toBeGreaterThan(0);
    for (const [option, field] of Object.entries(plugin.fields.shape))
      expect((field as { description?: string }).description, option).toMatch(/\.$/);
  });

  it('gives its kernel settings that it has', () => {
    const { kernel } = settingsOf({ type });
    expect(Object.keys(optimizerKernels[kernel.type].settings)).toEqual(
      expect.arrayContaining(Object.keys(kernel.settings ?? {})),
    );
  });

  it('names an unknown option', () => {
    expect(() => settingsOf({ type, learnigRate: 0.1 } as never)).toThrow(
      /^optimizer\.learnigRate: expected an option out of .*; found 'learnigRate'\n {2}hint: did you mean 'learningRate'\?$/,
    );
  });

  it('takes steps as published', () => {
    const [config, update] = published.find(([{ type: of }]) => of === type) as [OptimizerConfig, Update];
    const start = [1, -2, 0.5, 3, -0.1];
    const descents = [new Descent(config, start, loadKernels), new Descent(config, start, twinKernels)];
    const exact = start.map((w) => ({ w, memory: {} as Record<string, number> }));
    for (let t = 1; t <= 5; t++) {
      const gradient = start.map((_, at) => Math.fround(Math.sin(at + t) + 0.1));
      for (const descent of descents) descent.step(gradient);
      exact.forEach((one, at) => {
        one.w = update(one.w, gradient[at] as number, one.memory, t);
        for (const { weights } of descents)
          expect(Math.abs((weights[at] as number) - one.w), `step ${t}, ${at}`).toBeLessThan(
            2e-6 * (1 + Math.abs(one.w)),
          );
      });
    }
  });

  it('gets to the bottom of a bowl', () => {
    const config = { type, learningRate: runs[type].bowl, ...(type === 'adamw' ? { weightDecay: 0 } : {}) };
    const descent = new Descent(config as OptimizerConfig, [3, -2], loadKernels);
    for (let t = 0; t < 2000; t++) descent.step([...descent.weights].map((w, at) => (at + 1) * w));
    expect(Math.hypot(...descent.weights)).toBeLessThan(0.03);
  });

  it('follows Rosenbrock’s valley', () => {
    const { valley, valleySteps } = runs[type];
    const config = { type, learningRate: valley, ...(type === 'adamw' ? { weightDecay: 0 } : {}) };
    const descent = new Descent(config as OptimizerConfig, [-1.2, 1], loadKernels);
    for (let t = 0; t < valleySteps; t++) {
      const [x, y] = descent.weights as unknown as [number, number];
      descent.step([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)]);
    }
    const [x, y] = descent.weights as unknown as [number, number];
    expect((1 - x) ** 2 + 100 * (y - x * x) ** 2).toBeLessThan(1e-2);
  });
});

describe('limits on gradients', () => {
  it('are what the engine is given', () => {
    expect(settingsOf({ type: 'sgd' }).clip).toBeUndefined();
    expect(settingsOf({ type: 'sgd', clip: { norm: 1, value: 0.5 } }).clip).toEqual({ norm: 1, value: 0.5 });
    expect(() => settingsOf({ type: 'sgd', clip: { norm: 0 } })).toThrow(
      'optimizer.clip.norm: expected a number, more than 0; found 0',
    );
  });
});
