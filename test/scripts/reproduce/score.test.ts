import { expect, test } from 'vitest';
import { formatSpread, spreadOf, threePlaces } from '../../../scripts/reproduce/score.ts';
import { verdict } from '../../../scripts/reproduce/tox21.ts';

test('a spread is the mean of rounds and their standard deviation', () => {
  expect(spreadOf([0.5, 0.7, 0.6])).toEqual({
    mean: expect.closeTo(0.6, 12),
    deviation: expect.closeTo(0.081649658, 8),
  });
  expect(formatSpread(spreadOf([0.8666, 0.8666]))).toBe('.867 ± .000');
});

test.for([
  [0.8674, '.867'],
  [-0.05, '-.050'],
  [1, '1.000'],
] as const)('%d is written %s', ([value, text]) => {
  expect(threePlaces(value)).toBe(text);
});

test.for([
  [0.503, 'same'],
  [0.514, 'same'],
  [0.492, 'same'],
  [0.515, 'better'],
  [0.491, 'worse'],
] as const)('a mean of %d beside .503 ± .011 is %s', ([mean, expected]) => {
  expect(verdict({ mean, deviation: 1 }, { mean: 0.503, deviation: 0.011 + 1e-9 })).toBe(expected);
});
