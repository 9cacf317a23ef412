import { expect, test } from 'vitest';
import { didYouMean, suggest } from '../../src/core/suggest.ts';

const choices = ['sum', 'mse', 'adam', 'adamw', 'binaryCrossentropy', 'categoricalCrossentropy', 'rmsProp', 'csv'];

test.each([
  ['binaryCrossEntropy', 'binaryCrossentropy'],
  ['binary_crossentropy', 'binaryCrossentropy'],
  ['catagoricalCrosentropy', 'categoricalCrossentropy'],
  ['adma', 'adam'],
  ['Adam', 'adam'],
  ['RMSprop', 'rmsProp'],
  ['sun', 'sum'],
  ['cvs', 'csv'],
  ['SMU', 'sum'],
  ['vsc', undefined],
  ['sgd', undefined],
  ['huber', undefined],
  ['', undefined],
])('suggest(%s) is %s', (name, expected) => {
  expect(suggest(name, choices)).toBe(expected);
});

test('didYouMean is a hint, or nothing', () => {
  expect(didYouMean('adamW', choices)).toEqual({ hint: "did you mean 'adamw'?" });
  expect(didYouMean('zzz', choices)).toEqual({});
  expect(didYouMean('adam', [])).toEqual({});
});
