import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { vi } from 'vitest';

// They compile many programs, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

/** Checks that a property holds for models, whose variables are freed after each. */
export function holds<T>(
  cases: fc.Arbitrary<T>,
  numRuns: number,
  property: (value: T) => Promise<void>,
  examples: readonly T[] = [],
): Promise<void> {
  const freeing = fc.asyncProperty(cases, async (value) => {
    try {
      await property(value);
    } finally {
      tf.disposeVariables();
    }
  });
  return fc.assert(freeing, { numRuns, examples: examples.map((value): [T] => [value]) });
}
