import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Chunk } from '../../../src/core/chunk.ts';
import type { DenseColumn } from '../../../src/core/column.ts';
import { ShapeError } from '../../../src/core/error.ts';
import { Predictor } from '../../../src/pipeline/run/predictor.ts';
import type { StepRunner } from '../../../src/step/runner.ts';

/** Rows with these numbers. */
const chunkOf = (numbers: readonly number[]): Chunk => ({
  rows: numbers.length,
  inputs: { x: { kind: 'dense', size: 1, values: Float32Array.from(numbers) } },
  labels: {},
  keys: Int32Array.from(numbers.keys()),
});

/** A model that says of each number what is ten times it, and one more than it; and how many rows it was given each time. */
function opened(backlogRows = 10_000) {
  const calls: number[] = [];
  let release = (): void => {};
  let gate: Promise<void> | undefined;
  const predict = async (rows: number, inputs: Parameters<StepRunner['predict']>[1]) => {
    calls.push(rows);
    await gate;
    const values = (inputs.x as DenseColumn).values as Float32Array;
    expect(values).toHaveLength(rows);
    if (values.includes(13)) throw new ShapeError({ where: 'x', expected: 'no 13', found: '13' });
    return {
      ten: Float32Array.from(values, (value) => 10 * value),
      pair: Float32Array.from([...values].flatMap((value) => [value, value + 1])),
    };
  };
  const predictor = new Predictor({ runner: { predict }, step: () => calls.length, backlogRows });
  const hold = (): void => {
    gate = new Promise((resolve) => {
      release = resolve;
    });
  };
  return { predictor, calls, hold, release: () => release() };
}

test('requests that come together, or while others are computed, are computed together, and each has its own rows', async () => {
  const { predictor, calls, hold, release } = opened();
  hold();
  const first = [predictor.predict(chunkOf([1])), predictor.predict(chunkOf([2, 3]))];
  await new Promise((resolve) => setImmediate(resolve));
  const later = [predictor.predict(chunkOf([4, 5])), predictor.predict(chunkOf([6, 7, 8]))];
  release();
  const answers = await Promise.all([...first, ...later]);
  expect(answers.map(({ values }) => [...(values.ten as Float32Array)])).toEqual([
    [10],
    [20, 30],
    [40, 50],
    [60, 70, 80],
  ]);
  expect([...(answers.map(({ values }) => values.pair)[1] as Float32Array)]).toEqual([2, 3, 3, 4]);
  // So many rows that programs are compiled for few sizes only.
  expect(calls).toEqual([4, 8]);
});

test('whatever the sizes of requests, each is answered for its rows, in powers of two up to 256', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 }), async (sizes) => {
      const { predictor, calls } = opened();
      let next = 100;
      const asked = sizes.map((size) => Array.from({ length: size }, () => next++));
      const answers = await Promise.all(asked.map((numbers) => predictor.predict(chunkOf(numbers))));
      for (const [at, { values }] of answers.entries())
        expect([...(values.ten as Float32Array)]).toEqual(asked[at]?.map((number) => 10 * number));
      for (const rows of calls) expect([1, 2, 4, 8, 16, 32, 64, 128, 256]).toContain(rows);
    }),
    { numRuns: 30 },
  );
});

test('a request whose rows do not fit fails alone', async () => {
  const { predictor } = opened();
  const answers = await Promise.allSettled([[1], [13], [2]].map((numbers) => predictor.predict(chunkOf(numbers))));
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect((answers[1] as PromiseRejectedResult).reason).toBeInstanceOf(ShapeError);
  expect([...((await predictor.predict(chunkOf([3]))).values.ten as Float32Array)]).toEqual([30]);
});

test('beyond what may wait a request is refused, and taken when there is room; one alone is always taken', async () => {
  const { predictor, hold, release } = opened(4);
  hold();
  const first = predictor.predict(chunkOf([1, 2, 3, 4, 5]));
  await expect(predictor.predict(chunkOf([6]))).rejects.toMatchObject({ status: 429, retryAfterSeconds: 1 });
  expect(() => predictor.admit()).toThrow('predictions: expected room for more; found as many as may wait');
  release();
  await first;
  await predictor.predict(chunkOf([6]));
});
