import { expect, test } from 'vitest';
import { recordsOf } from '../../../src/source/http/body.ts';

/** Counts turns of the event loop until something has ended. */
async function turnsOf<T>(work: Promise<T>): Promise<readonly [result: T, turns: number]> {
  let [turns, isOver] = [0, false];
  const count = (): void => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const result = await work;
  isOver = true;
  return [result, turns];
}

const line = `${JSON.stringify({ id: 'a', x: Array.from({ length: 200 }, (_, at) => at) })}\n`;
const bodyOf = (records: number): Uint8Array => Buffer.from(line.repeat(records));
const type = 'application/x-ndjson';
const slices = (records: number): number => Math.floor((records * line.length) / 2 ** 16);

test('lines of large bodies are parsed in slices, one of them in a turn of the event loop', async () => {
  const [[one, other], turns] = await turnsOf(
    Promise.all([recordsOf(bodyOf(800), type, 1e4), recordsOf(bodyOf(500), type, 1e4)]),
  );
  expect([one?.length, other?.length]).toEqual([800, 500]);
  expect(turns).toBeGreaterThanOrEqual(slices(800) + slices(500) - 2);
});

test('a body that is too large on the way is refused then', async () => {
  await expect(recordsOf(bodyOf(800), type, 700)).rejects.toThrow('at most 700 records');
});
