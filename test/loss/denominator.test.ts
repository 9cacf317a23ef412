import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DenominatorState, denominatorOf, denominators } from '../../src/loss/index.ts';

const decay = 0.9;

/** The values of an ema denominator over a run of batches of 8 rows. */
function run(labelled: readonly number[]): readonly number[] {
  let state: DenominatorState | undefined;
  return labelled.map((present) => {
    const divided = denominatorOf('ema', { present, batch: 8 }, state, decay);
    state = divided.state;
    return divided.value;
  });
}

describe('a denominator', () => {
  test.each([
    ['present', 3],
    ['batch', 8],
  ] as const)('%s counts rows', (denominator, value) => {
    expect(denominatorOf(denominator, { present: 3, batch: 8 })).toEqual({ value, state: undefined });
  });

  test('ema begins with the labelled rows, and then follows them slowly', () => {
    const [first, second, third] = run([3, 1, 8]) as [number, number, number];
    expect(first).toBeCloseTo(3, 12);
    expect(second).toBeCloseTo((0.9 * 3 + 1) / 1.9, 12);
    expect(third).toBeCloseTo((0.81 * 3 + 0.9 + 8) / 2.71, 12);
  });

  test('ema follows the rate, not the number: batches of another size are no surprise', () => {
    const { state } = denominatorOf('ema', { present: 4, batch: 8 });
    expect(denominatorOf('ema', { present: 50, batch: 100 }, state).value).toBeCloseTo(50, 10);
  });

  test.each(denominators)('%s of an absent head is 1, and its state is not touched', (denominator) => {
    const { state } = denominatorOf(denominator, { present: 3, batch: 8 });
    const divided = denominatorOf(denominator, { present: 0, batch: 8 }, state);
    expect(divided.value).toBe(1);
    expect(divided.state).toBe(state);
    expect(denominatorOf(denominator, { present: 0, batch: 0 })).toEqual({ value: 1, state: undefined });
  });

  test('ema is the same with and without the batches in which the head is silent', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 8 })), (labelled) => {
        const spoken = labelled.filter((present) => present > 0);
        expect(run(labelled).filter((_, at) => labelled[at] !== 0)).toEqual(run(spoken));
      }),
    );
  });

  test.each(denominators)('%s is above 0 and at most the batch, however rare labels are', (denominator) => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1000 }), { maxLength: 50 }), (labelled) => {
        let state: DenominatorState | undefined;
        for (const present of labelled) {
          const divided = denominatorOf(denominator, { present, batch: 1000 }, state, decay);
          expect(divided.value).toBeGreaterThanOrEqual((1 - decay) * present);
          expect(divided.value).toBeLessThanOrEqual(1000 * (1 + 1e-12));
          state = divided.state;
        }
      }),
    );
  });

  test('goes on from a stored state bit for bit', () => {
    const { state } = denominatorOf(
      'ema',
      { present: 3, batch: 7 },
      denominatorOf('ema', { present: 1, batch: 3 }).state,
    );
    const restored = JSON.parse(JSON.stringify(state)) as DenominatorState;
    const next = { present: 2, batch: 5 };
    expect(denominatorOf('ema', next, restored)).toEqual(denominatorOf('ema', next, state));
  });
});
