import { expect, test } from 'vitest';
import type { FlowState } from '../../../src/stream/state.ts';
import { Coverage, placesOf } from '../../../src/train/run/covered.ts';

const ledger = {} as FlowState['ledger'];
const at = (row: number) => ({ live: { place: { epoch: 1, position: { row } }, ledger, operators: [] } });

test('only what the oldest of the kept checkpoints covers may be forgotten', () => {
  const coverage = new Coverage(3);
  coverage.add(10, at(100));
  expect(coverage.oldest([10])).toBeUndefined();
  coverage.add(20, at(200));
  expect(coverage.oldest([20, 10])).toEqual(new Map([['live', { row: 100 }]]));
  coverage.add(30, at(300));
  coverage.add(40, at(400));
  expect(coverage.oldest([30, 20, 10])).toEqual(new Map([['live', { row: 100 }]]));
  expect(coverage.oldest([40, 30, 20])).toEqual(new Map([['live', { row: 200 }]]));
  expect(coverage.oldest([40, 30, 20, 10])).toEqual(new Map([['live', { row: 200 }]]));
});

test('of checkpoints that an earlier process wrote nothing is forgotten until they are gone', () => {
  const coverage = new Coverage(2);
  coverage.add(20, at(200));
  expect(coverage.oldest([20, 10])).toBeUndefined();
  coverage.add(30, at(300));
  expect(coverage.oldest([30, 20])).toEqual(new Map([['live', { row: 200 }]]));
});

test('what has no position, as flows of several sources, is left out', () => {
  const place = { epoch: 1 };
  expect(
    placesOf({ ...at(5), both: { place: null, ledger, operators: [] }, new: { place, ledger, operators: [] } }),
  ).toEqual(new Map([['live', { row: 5 }]]));
});
