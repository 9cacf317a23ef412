import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, test } from 'vitest';
import { ShapeError } from '../../src/core/error.ts';
import {
  faultOfLabel,
  fitLabel,
  type LabelSpec,
  type Loss,
  type LossConfig,
  losses,
  summedLoss,
} from '../../src/loss/index.ts';

const lossOf = (config: LossConfig | LossConfig['type']): Loss =>
  losses.build(typeof config === 'string' ? { type: config } : config, undefined, 'loss');

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ShapeError);
    return (error as ShapeError).message;
  }
  throw new Error('it was accepted');
}

describe('labels that do not fit the head', () => {
  test.each<[string, LossConfig | LossConfig['type'], number[], number[], string]>([
    [
      'another number of classes',
      'categoricalCrossentropy',
      [10],
      [12],
      'head "digit", categoricalCrossentropy: expected labels [batch, 10] with an output [batch, 10]; found labels [batch, 12]\n' +
        "  hint: set the head's units to 12, or remap the labels",
    ],
    [
      'class numbers for a distribution',
      'categoricalCrossentropy',
      [10],
      [],
      'head "digit", categoricalCrossentropy: expected labels [batch, 10] with an output [batch, 10]; found labels [batch]\n' +
        '  hint: class numbers go with sparseCategoricalCrossentropy',
    ],
    [
      'a distribution for class numbers',
      'sparseCategoricalCrossentropy',
      [10],
      [10],
      'head "digit", sparseCategoricalCrossentropy: expected labels [batch] with an output [batch, 10]; found labels [batch, 10]\n' +
        '  hint: one number per class goes with categoricalCrossentropy',
    ],
    [
      'units for as many means and variances',
      'gaussianNll',
      [2],
      [3],
      'head "digit", gaussianNll: expected labels [batch, 1] with an output [batch, 2]; found labels [batch, 3]\n' +
        "  hint: set the head's units to 6, or remap the labels",
    ],
    [
      'another arrangement',
      'meanSquaredError',
      [4, 3],
      [12],
      'head "digit", meanSquaredError: expected labels [batch, 4, 3] with an output [batch, 4, 3]; found labels [batch, 12]\n' +
        '  hint: reshape the labels, or the output of the head',
    ],
  ])('%s', (_name, config, output, label, message) => {
    expect(messageOf(() => fitLabel(lossOf(config), output, label, 'head "digit"'))).toBe(message);
  });

  test.each([
    [[1], []],
    [[], [1]],
    [[3, 1], [3]],
  ])('axes of size 1 at the end do not matter: output %j, label %j', (output, label) => {
    expect(fitLabel(lossOf('huber'), output, label, '').shape).toEqual(output);
  });
});

describe('outputs that a loss has no meaning for', () => {
  test.each<[LossConfig | LossConfig['type'], number[], string]>([
    [
      'categoricalCrossentropy',
      [1],
      'head "h", categoricalCrossentropy: expected an output with at least 2 classes on its last axis; found an output [batch, 1]\n' +
        '  hint: give the head one unit per class, or use binaryCrossentropy for a single yes or no',
    ],
    [
      'sparseCategoricalCrossentropy',
      [],
      'head "h", sparseCategoricalCrossentropy: expected an output with at least 2 classes on its last axis; found an output [batch]\n' +
        '  hint: give the head one unit per class, or use binaryCrossentropy for a single yes or no',
    ],
    [
      'gaussianNll',
      [3],
      'head "h", gaussianNll: expected an output whose last axis is a multiple of 2: means, then variances; found an output [batch, 3]\n' +
        '  hint: give the head 2 units for each number to be predicted',
    ],
    [
      { type: 'quantile', levels: [0.1, 0.5, 0.9] },
      [2],
      'head "h", quantile: expected an output whose last axis is a multiple of 3: one block for each level; found an output [batch, 2]\n' +
        '  hint: give the head 3 units for each number to be predicted',
    ],
    [
      'cosineSimilarity',
      [1],
      'head "h", cosineSimilarity: expected an output of vectors with at least 2 numbers on its last axis; found an output [batch, 1]\n' +
        '  hint: a single number has no direction: use meanSquaredError',
    ],
  ])('%j of %j', (config, output, message) => {
    expect(messageOf(() => lossOf(config).label(output, 'head "h"'))).toBe(message);
  });
});

describe('batches whose parts do not fit each other', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  const batch = (): Parameters<typeof summedLoss>[1] => ({
    output: tf.zeros([3, 1]),
    label: tf.zeros([3]),
    present: tf.ones([3], 'bool'),
  });

  test.each<[string, LossConfig, object, string]>([
    ['labels', { type: 'huber' }, { label: tf.zeros([2]) }, 'head "h", huber: expected labels [3]; found labels [2]'],
    [
      'presence',
      { type: 'huber' },
      { present: tf.ones([3, 1], 'bool') },
      'head "h", huber: expected presence [3]; found presence [3, 1]',
    ],
    [
      'weights',
      { type: 'huber' },
      { weight: tf.ones([1]) },
      'head "h", huber: expected weights [3]; found weights [1]',
    ],
    [
      'bounds',
      { type: 'censored' },
      { bound: tf.ones([2]) },
      'head "h", censored: expected bounds [3]; found bounds [2]',
    ],
    ['no bounds', { type: 'censored' }, {}, 'head "h", censored: expected a bound for each label; found none'],
    [
      'what a custom function gives back',
      { type: 'custom', perRow: ({ output }) => output },
      {},
      'head "h", custom: expected losses [3]; found losses [3, 1]',
    ],
  ])('%s', (_name, config, parts, message) => {
    expect(messageOf(() => summedLoss(lossOf(config), { ...batch(), ...parts }, 'head "h"'))).toBe(message);
  });
});

describe('values that cannot be labels', () => {
  const spec = (config: LossConfig | LossConfig['type'], output: number[]): LabelSpec =>
    lossOf(config).label(output, '');

  test.each<[string, LabelSpec, number[], number[] | undefined, string | undefined]>([
    ['a number', spec('huber', [2]), [1, -3e30], undefined, undefined],
    [
      'an infinite number',
      spec('huber', [2]),
      [1, -1 / 0],
      undefined,
      'a finite number that float32 can hold; found -Infinity',
    ],
    ['a count', spec('poisson', [1]), [-1], undefined, 'a finite number that float32 can hold, at least 0; found -1'],
    [
      'an infinite count',
      spec('poisson', [1]),
      [1 / 0],
      undefined,
      'a finite number that float32 can hold, at least 0; found Infinity',
    ],
    ['a yes or no', spec('binaryCrossentropy', [1]), [2], undefined, 'a number from 0 to 1; found 2'],
    ['a class', spec('sparseCategoricalCrossentropy', [10]), [9], undefined, undefined],
    ['a class too many', spec('sparseCategoricalCrossentropy', [10]), [10], undefined, 'a class from 0 to 9; found 10'],
    ['a broken class', spec('sparseCategoricalCrossentropy', [10]), [1.5], undefined, 'a class from 0 to 9; found 1.5'],
    ['one-hot', spec('categoricalCrossentropy', [2, 2]), [0, 1, 0.5, 0.5], undefined, undefined],
    [
      'two classes at once',
      spec('categoricalCrossentropy', [2, 2]),
      [0, 1, 1, 1],
      undefined,
      'probabilities that sum to 1; found a sum of 2',
    ],
    ['a negative share', spec('kullbackLeibler', [2]), [-0.5, 1.5], undefined, 'a probability from 0 to 1; found -0.5'],
    ['a bound', spec('censored', [2]), [1, 2], [-1, 0], undefined],
    ['no bound', spec('censored', [2]), [1, 2], undefined, 'a bound for each of 2; found none'],
    ['few bounds', spec('censored', [2]), [1, 2], [1], 'a bound for each of 2; found 1'],
    ['an odd bound', spec('censored', [2]), [1, 2], [1, 2], "a bound of -1 ('<'), 0 ('=') or 1 ('>'); found 2"],
  ])('%s', (_name, of, label, bounds, text) => {
    const fault = faultOfLabel(of, label, bounds);
    expect(fault && `${fault.expected}; found ${fault.found}`).toBe(text);
  });
});
