import { expect } from 'vitest';
import type { Batch } from '../../src/step/batch.ts';

/** How far apart numbers may be, relative to 1 and what was expected. */
const tolerance = 2e-5;

/**
 * The same structure, numbers alike to rounding: within the tolerance, or where a model magnifies rounding (a loss that
 * divides by an output near 0, a normalisation of one row), no further from what is expected than that moves by itself
 * when its inputs are rounded otherwise.
 */
export async function expectAlike<T>(
  found: T,
  expected: T,
  batches: readonly Batch[],
  repeat: (batches: readonly Batch[]) => Promise<T>,
): Promise<void> {
  const distance = distanceOf(found, expected);
  if (distance <= tolerance) return;
  const moved = [];
  for (const shift of [0, 1, 2]) moved.push(distanceOf(await repeat(batches.map(rounded(shift))), expected));
  expect(distance, `beside ${moved}, by rounding of inputs`).toBeLessThan(8 * Math.max(...moved));
}

/** The largest difference of two numbers that stand at the same place. */
function distanceOf(found: unknown, expected: unknown, path = ''): number {
  if (typeof expected === 'number' && typeof found === 'number') {
    if (Object.is(found, expected)) return 0;
    expect(Number.isFinite(found) && Number.isFinite(expected), `${path}: ${found} for ${expected}`).toBe(true);
    return Math.abs(found - expected) / (1 + Math.abs(expected));
  }
  if (typeof expected !== 'object' || expected === null) {
    expect(found, path).toBe(expected);
    return 0;
  }
  expect(Object.keys(found as object).sort(), path).toEqual(Object.keys(expected).sort());
  return Object.entries(expected).reduce(
    (largest, [key, value]) =>
      Math.max(largest, distanceOf((found as Record<string, unknown>)[key], value, `${path}/${key}`)),
    0,
  );
}

/** A batch whose numbers differ by the precision of float32, other ones for each shift. */
const rounded =
  (shift: number) =>
  (batch: Batch): Batch => ({
    ...batch,
    inputs: Object.fromEntries(
      Object.entries(batch.inputs).map(([name, values]) => [
        name,
        values instanceof Float32Array
          ? values.map((value, at) => value * (1 + (((at + shift) % 3) - 1) * 2 ** -23))
          : values,
      ]),
    ),
  });
