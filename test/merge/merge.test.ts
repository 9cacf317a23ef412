import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type MergeConfig,
  type MergeState,
  type MergeStrategy,
  merges,
  type PresentHead,
} from '../../src/merge/index.ts';

const build = (config: MergeConfig): MergeStrategy => merges.build(config, undefined, 'merge');
const examples = merges.plugins.map(({ type, example }) => ({ type, ...example }) as MergeConfig);

/** Which of five heads are present in each step, with their losses: from 0 to 10¹⁵. */
const steps = fc.array(
  fc.uniqueArray(
    fc.record({
      head: fc.integer({ min: 0, max: 4 }),
      loss: fc.oneof(
        fc.constant(0),
        fc.double({ min: 0, max: 10, noNaN: true }),
        fc.double({ min: 0, max: 1e15, noNaN: true }),
      ),
    }),
    {
      minLength: 1,
      selector: ({ head }) => head,
    },
  ),
  { maxLength: 30 },
);
const named = (heads: readonly { readonly head: number }[]): readonly PresentHead[] =>
  heads.map(({ head }) => ({ name: `head${head}`, weight: 1 + head / 10 }));

describe.each(examples.map((config) => [config.type, config] as const))('%s', (type, config) => {
  it('says what it is, and what each option is', () => {
    const plugin = merges.find(type, 'merge');
    expect(plugin.summary).toMatch(/\.$/);
    for (const [option, field] of Object.entries(plugin.fields.shape))
      expect((field as { description?: string }).description, option).toMatch(/\.$/);
  });

  it('gives finite factors, 0 or more, and leaves absent heads as they were', () => {
    fc.assert(
      fc.property(steps, (run) => {
        const strategy = build(config);
        let state: MergeState = {};
        for (const step of run) {
          const heads = named(step);
          const factors = strategy.weigh(heads, state);
          expect(factors).toHaveLength(heads.length);
          for (const factor of factors) expect(Number.isFinite(factor) && factor >= 0).toBe(true);
          const next = strategy.observe(
            heads,
            step.map(({ loss }) => loss),
            JSON.parse(JSON.stringify(state)),
          );
          for (const [name, own] of Object.entries(state))
            if (!heads.some((head) => head.name === name)) expect(next[name]).toEqual(own);
          for (const name of Object.keys(next))
            expect([...Object.keys(state), ...heads.map((head) => head.name)]).toContain(name);
          state = next;
        }
      }),
      { numRuns: 60 },
    );
  });

  it('scales with the heads’ own weights', () => {
    const strategy = build(config);
    const [plain, doubled] = [1, 2].map((weight) =>
      strategy.weigh(
        [
          { name: 'a', weight },
          { name: 'b', weight },
        ],
        {},
      ),
    );
    plain?.forEach((factor, at) => {
      expect(doubled?.[at]).toBeCloseTo(2 * factor, 12);
    });
  });
});

describe('merge strategies', () => {
  it('sum: a head’s factor does not depend on who else is present', () => {
    const strategy = build({ type: 'sum' });
    expect(strategy.weigh([{ name: 'a', weight: 0.3 }], {})).toEqual([0.3]);
    expect(
      strategy.weigh(
        [
          { name: 'b', weight: 2 },
          { name: 'a', weight: 0.3 },
        ],
        {},
      ),
    ).toEqual([2, 0.3]);
  });

  it('static: factors by name, normalised over who is present', () => {
    const heads = [
      { name: 'a', weight: 1 },
      { name: 'b', weight: 2 },
      { name: 'c', weight: 1 },
    ];
    expect(build({ type: 'static', weights: { a: 3, b: 0.5 } }).weigh(heads, {})).toEqual([3, 1, 1]);
    const normalized = build({ type: 'static', weights: { a: 3, b: 1 }, normalize: true });
    expect(normalized.weigh(heads.slice(0, 2), {})).toEqual([1.5, 1]);
    expect(normalized.weigh(heads.slice(0, 1), {})).toEqual([1]);
  });

  it('uncertainty: the learned variance is that of the loss', () => {
    const strategy = build({ type: 'uncertainty', learningRate: 0.05 });
    const heads = [
      { name: 'quiet', weight: 1 },
      { name: 'noisy', weight: 1 },
    ];
    let state: MergeState = {};
    for (let step = 0; step < 3000; step++) state = strategy.observe(heads, [0.25, 4], state);
    // ½ e⁻ˢ L + ½ s is smallest at s = log L, where the factor is 1 / 2L.
    expect(state.quiet?.logVariance).toBeCloseTo(Math.log(0.25), 3);
    expect(state.noisy?.logVariance).toBeCloseTo(Math.log(4), 3);
    const [quiet, noisy] = strategy.weigh(heads, state);
    expect(quiet).toBeCloseTo(2, 2);
    expect(noisy).toBeCloseTo(0.125, 3);
  });

  it('uncertainty: losses of 0 and below end at the bound, and lead back from it', () => {
    const strategy = build({ type: 'uncertainty', bound: 3 });
    const heads = [
      { name: 'solved', weight: 1 },
      { name: 'likely', weight: 1 },
    ];
    let state: MergeState = {};
    for (let step = 0; step < 100_000; step++) state = strategy.observe(heads, [0, -1], state);
    for (const weight of strategy.weigh(heads, state)) expect(weight).toBe(0.5 * Math.exp(3));
    expect(Object.values(state.likely ?? {}).every(Number.isFinite)).toBe(true);
    for (let step = 0; step < 6000; step++) state = strategy.observe(heads, [1, 1], state);
    for (const weight of strategy.weigh(heads, state)) expect(weight).toBeCloseTo(0.5, 2);
  });

  it('uncertainty: a smaller bound holds at once, also for what was remembered under a larger one', () => {
    const state = { a: { logVariance: -9 } };
    const weights = build({ type: 'uncertainty', bound: 2 }).weigh([{ name: 'a', weight: 1 }], state);
    expect(weights).toEqual([0.5 * Math.exp(2)]);
  });

  it('uncertainty: refuses to begin beyond its bound', () => {
    expect(() => build({ type: 'uncertainty', bound: 2, initial: -3 })).toThrow(
      /^merge strategy uncertainty, initial: expected a number from -2 to 2, as its bound says; found -3$/,
    );
  });

  it('uncertainty: a head that comes late begins as if it were alone', () => {
    const strategy = build({ type: 'uncertainty' });
    let state: MergeState = {};
    for (let step = 0; step < 50; step++) state = strategy.observe([{ name: 'a', weight: 1 }], [3], state);
    const late = strategy.observe([{ name: 'b', weight: 1 }], [3], state);
    expect(late.b).toEqual(strategy.observe([{ name: 'b', weight: 1 }], [3], {}).b);
    expect(late.a).toEqual(state.a);
  });

  it('names an unknown strategy', () => {
    expect(() => build({ type: 'uncertanty' } as never)).toThrow(/hint: did you mean 'uncertainty'\?/);
  });
});
