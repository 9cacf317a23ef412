import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { optimizers, type Schedule, type ScheduleConfig, schedules } from '../../src/optimizer/index.ts';

const build = (config: ScheduleConfig): Schedule => schedules.build(config, undefined, 'learningRate');
const rates = (config: ScheduleConfig, clocks: readonly number[]): readonly number[] => {
  const schedule = build(config);
  return clocks.map((clock) => schedule.rate(clock, schedule.start()));
};

describe.each(schedules.plugins.map((plugin) => [plugin.type, plugin] as const))('%s', (type, plugin) => {
  it('builds its example, and says what each option is', () => {
    expect(build({ type, ...plugin.example } as ScheduleConfig).type).toBe(type);
    for (const [option, field] of Object.entries(plugin.fields.shape))
      expect((field as { description?: string }).description, option).toMatch(/\.$/);
  });

  it('stays between 0 and its base, whatever it observes, and survives a checkpoint', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.double(), fc.constant(Number.NaN)), { maxLength: 300 }), (losses) => {
        const schedule = build({ type, ...plugin.example } as ScheduleConfig);
        let state = schedule.start();
        losses.forEach((loss, clock) => {
          const rate = schedule.rate(clock, state);
          expect(rate).toBeGreaterThanOrEqual(0);
          expect(rate).toBeLessThanOrEqual(plugin.example.base);
          state = schedule.observe(JSON.parse(JSON.stringify(state)), loss);
        });
      }),
      { numRuns: 50 },
    );
  });
});

describe('schedules', () => {
  it('falls by steps and evenly', () => {
    expect(rates({ type: 'constant', base: 0.3 }, [0, 9])).toEqual([0.3, 0.3]);
    expect(rates({ type: 'step', base: 1, every: 10, factor: 0.5, floor: 0.2 }, [0, 9, 10, 20, 30])).toEqual([
      1, 1, 0.5, 0.25, 0.2,
    ]);
    expect(rates({ type: 'exponential', base: 1, steps: 2, factor: 0.25 }, [0, 1, 2, 4])).toEqual([
      1, 0.5, 0.25, 0.0625,
    ]);
  });

  it('warms up and falls along half a cosine', () => {
    const found = rates({ type: 'cosine', base: 1, steps: 12, warmupSteps: 4, floor: 0.1 }, [0, 1, 3, 4, 8, 12, 99]);
    const expected = [0.25, 0.5, 1, 1, 0.55, 0.1, 0.1];
    found.forEach((rate, at) => {
      expect(rate).toBeCloseTo(expected[at] as number, 12);
    });
  });

  it('falls on a plateau as ReduceLROnPlateau does, and not while cooling down', () => {
    const schedule = build({
      type: 'plateau',
      base: 1,
      factor: 0.5,
      window: 1,
      patience: 2,
      threshold: 0.1,
      cooldown: 1,
      floor: 0.1,
    });
    // torch.optim.lr_scheduler.ReduceLROnPlateau(factor=0.5, patience=2, threshold=0.1, cooldown=1, min_lr=0.1)
    const losses = [1, 0.95, 0.93, 0.92, 0.91, 0.905, 0.9, 0.9, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5];
    const expected = [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125, 0.125, 0.1, 0.1, 0.1];
    let state = schedule.start();
    const found = losses.map((loss, clock) => {
      state = schedule.observe(state, loss);
      return schedule.rate(clock, state);
    });
    expect(found).toEqual(expected);
  });

  it('falls on a plateau to a thousandth and no further, unless it may', () => {
    const lowest = (floor: { floor?: number }): number => {
      const schedule = build({ type: 'plateau', base: 2, window: 1, patience: 0, ...floor });
      let state = schedule.start();
      for (let step = 0; step < 50; step++) state = schedule.observe(state, 1);
      return schedule.rate(50, state);
    };
    expect(lowest({})).toBe(0.002);
    expect(lowest({ floor: 0.5 })).toBe(0.5);
    expect(lowest({ floor: 0 })).toBeLessThan(1e-40);
  });

  it('stands in for a learning rate', () => {
    const { schedule } = optimizers.build(
      { type: 'sgd', learningRate: { type: 'step', base: 1, every: 1 } },
      undefined,
      'optimizer',
    );
    expect(schedule.rate(2, schedule.start())).toBeCloseTo(0.01, 12);
  });

  it('refuses what can’t be', () => {
    expect(() => build({ type: 'cosine', base: 1, steps: 5, warmupSteps: 5 })).toThrow(
      "learningRate: expected 'warmupSteps' below 'steps'",
    );
    expect(() => build({ type: 'step', base: 0.1, every: 5, floor: 1 })).toThrow(
      "learningRate: expected 'floor' at most 'base'",
    );
    expect(() => optimizers.build({ type: 'sgd', learningRate: -1 }, undefined, 'optimizer')).toThrow(
      'optimizer.learningRate',
    );
  });
});
