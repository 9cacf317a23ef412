import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
// Registers the gradients.
import '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { type LossConfig, type LossInputs, losses, rowLosses, selectRows, summedLoss } from '../../src/loss/index.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('losses whose value is known', () => {
  const single = (config: LossConfig, output: number[], label: number[], bound?: number[]): number => {
    const loss = losses.build(config, undefined, 'loss');
    const { shape, dtype } = loss.label([output.length], '');
    const batch = {
      output: tf.tensor(output, [1, output.length]),
      label: tf.tensor(label, [1, ...shape], dtype),
      present: tf.tensor1d([true], 'bool'),
      ...(bound && { bound: tf.tensor(bound, [1, ...shape], 'int32') }),
    };
    return rowLosses(loss, batch).dataSync()[0] as number;
  };

  test.each<[string, LossConfig, number[], number[], number, number[]?]>([
    ['three off, squared', { type: 'meanSquaredError' }, [3], [0], 9],
    ['huber beyond delta: delta (|e| − delta / 2)', { type: 'huber', delta: 1 }, [3], [0], 2.5],
    ['smoothL1 within beta: e² / (2 beta)', { type: 'huber', delta: 0.5, form: 'smoothL1' }, [0.25], [0], 0.0625],
    ['too high for a low quantile', { type: 'quantile', levels: [0.1] }, [2], [0], 1.8],
    ['too low for a low quantile', { type: 'quantile', levels: [0.1] }, [-2], [0], 0.2],
    ['an exact mean of variance 1', { type: 'gaussianNll' }, [5, 0], [5], 0],
    ['one standard deviation off', { type: 'gaussianNll' }, [5, 0], [6], 0.5],
    ['poisson at its label', { type: 'poisson' }, [Math.log(4)], [4], 4 - 4 * Math.log(4)],
    ['undecided: log 2', { type: 'binaryCrossentropy' }, [0], [1], Math.LN2],
    ['a rare yes', { type: 'binaryCrossentropy', positiveWeight: 15 }, [0], [1], 15 * Math.LN2],
    [
      'focal at p = 0.9, gamma = 2: a hundredth (Lin et al. 2017, section 3.2)',
      { type: 'binaryCrossentropy', focal: { gamma: 2 } },
      [Math.log(9)],
      [1],
      -Math.log(0.9) / 100,
    ],
    ['no focus: plain', { type: 'binaryCrossentropy', focal: { gamma: 0 } }, [Math.log(9)], [1], -Math.log(0.9)],
    ['four equal classes', { type: 'sparseCategoricalCrossentropy' }, [1, 1, 1, 1], [2], Math.log(4)],
    ['the predicted distribution', { type: 'kullbackLeibler' }, [Math.log(3), 0], [0.75, 0.25], 0],
    ['within the margin', { type: 'hinge' }, [0.25], [1], 0.75],
    ['on the wrong side, squared', { type: 'hinge', squared: true }, [1], [0], 4],
    ['the opposite direction', { type: 'cosineSimilarity' }, [1, 2], [-10, -20], 2],
    ['no direction', { type: 'cosineSimilarity' }, [0, 0], [1, 2], 1],
    ['below "< 5"', { type: 'censored' }, [3], [5], 0, [-1]],
    ['above "< 5"', { type: 'censored' }, [7], [5], 4, [-1]],
    ['below "> 5"', { type: 'censored' }, [3], [5], 4, [1]],
    ['above "> 5"', { type: 'censored' }, [7], [5], 0, [1]],
    ['beside "= 5"', { type: 'censored' }, [7], [5], 4, [0]],
  ])('%s', (_name, config, output, label, expected, bound) => {
    expect(single(config, output, label, bound)).toBeCloseTo(expected, 5);
  });

  test('a perfect prediction is not moved', () => {
    const [exact, bound] = [tf.tensor2d([[3], [0]]), tf.zeros([2, 1])];
    for (const type of ['meanSquaredError', 'meanAbsoluteError', 'huber', 'logCosh', 'censored'] as const) {
      const loss = losses.build({ type }, undefined, 'loss');
      const gradient = tf.grad((output) => loss.perRow({ output, label: exact, bound }))(tf.clone(exact));
      expect([...gradient.dataSync()].map(Math.abs), type).toEqual([0, 0]);
    }
  });

  test('an output of exactly 0, as a new head gives, is moved', () => {
    const loss = losses.build({ type: 'binaryCrossentropy' }, undefined, 'loss');
    const label = tf.tensor2d([[1], [0]]);
    const gradient = tf.grad((output: tf.Tensor) => loss.perRow({ output, label }))(tf.zeros([2, 1]));
    expect([...gradient.dataSync()]).toEqual([-0.5, 0.5]);
  });
});

describe('a selection of rows', () => {
  test('lets no gradient through that was not chosen, be it NaN', () => {
    const rows = tf.tensor1d([true, false], 'bool');
    const x = tf.tensor2d([
      [1, 2],
      [Number.NaN, 1 / 0],
    ]);
    const { value, grad } = tf.valueAndGrad((of: tf.Tensor) => selectRows(rows, of))(
      x,
      tf.tensor2d([
        [3, 4],
        [Number.NaN, -1 / 0],
      ]),
    );
    expect([...value.dataSync()]).toEqual([1, 2, 0, 0]);
    expect([...grad.dataSync()]).toEqual([3, 4, 0, 0]);
  });
});

describe('a loss with a parameter of its own', () => {
  const garbage = [Number.NaN, Number.POSITIVE_INFINITY, -3e38];

  test('sees a labelled row instead of absent labels, and its parameter no trace of them', () => {
    const scale = tf.variable(tf.scalar(2));
    const seen: number[] = [];
    const loss = losses.build(
      {
        type: 'custom',
        perRow: ({ output, label }: LossInputs) => {
          seen.push(...output.dataSync(), ...label.dataSync());
          return tf.mul(scale, tf.exp(tf.sub(output, label)));
        },
      },
      undefined,
      'loss',
    );
    const slope = (absent: number): number => {
      const row = (value: number) => tf.tensor1d([value, absent]);
      const batch = { output: row(1), label: row(3), weight: row(5), present: tf.tensor1d([true, false], 'bool') };
      const { grads } = tf.variableGrads(() => summedLoss(loss, batch), [scale]);
      return (grads[scale.name] as tf.Tensor).dataSync()[0] as number;
    };
    for (const absent of [0, ...garbage]) expect(slope(absent)).toBe(Math.fround(5 * Math.fround(Math.exp(-2))));
    expect(new Set(seen)).toEqual(new Set([1, 3]));
  });
});

describe('predictions', () => {
  const loss = (config: LossConfig) => losses.build(config, undefined, 'loss');

  test.each<[string, LossConfig, number[], number[], number[]]>([
    ['probabilities', { type: 'binaryCrossentropy' }, [0, Math.log(9)], [0.5, 0.9], [0.5, 0.9]],
    ['distributions', { type: 'kullbackLeibler' }, [0, Math.log(3)], [0.25, 0.75], [0.25, 0.75]],
    ['rates', { type: 'poisson' }, [0, Math.log(9)], [1, 9], [1, 9]],
    ['means and variances', { type: 'gaussianNll', minimumVariance: 1 }, [5, 7, 2, 0], [5, 7, 4, 2], [5, 7]],
    ['quantiles and the median', { type: 'quantile', levels: [0.1, 0.45, 0.9] }, [1, 2, 3], [1, 2, 3], [2]],
  ])('%s', (_name, config, output, prediction, point) => {
    const tensor = tf.tensor2d([output]);
    const close = (found: tf.Tensor, expected: number[]): void => {
      for (const [at, value] of found.dataSync().entries()) expect(value).toBeCloseTo(expected[at] as number, 5);
      expect(found.shape).toEqual([1, expected.length]);
    };
    close(loss(config).predict(tensor), prediction);
    close(loss(config).point(tensor), point);
  });
});

describe('configurations that are refused', () => {
  test.each<[object, string]>([
    [
      { type: 'binaryCrossEntropy' },
      `heads[0].loss.type: expected one of ${losses.types.map((type) => `'${type}'`).join(', ')}; found 'binaryCrossEntropy'\n` +
        "  hint: did you mean 'binaryCrossentropy'?",
    ],
    [
      { type: 'binaryCrossentropy', positiveWieght: 15 },
      "heads[0].loss.positiveWieght: expected an option out of 'positiveWeight', 'labelSmoothing', 'focal', 'type'; found 'positiveWieght'\n" +
        "  hint: did you mean 'positiveWeight'?",
    ],
    [
      { type: 'binaryCrossentropy', focal: { gama: 2 } },
      "heads[0].loss.focal.gama: expected an option out of 'gamma', 'alpha'; found 'gama'\n  hint: did you mean 'gamma'?",
    ],
    [
      { type: 'binaryCrossentropy', positiveWeight: 15, focal: { alpha: 0.25 } },
      "heads[0].loss: expected either 'positiveWeight' or 'focal.alpha'; found an object with type, positiveWeight, focal\n" +
        '  hint: both weigh the yes against the no: keep one of them',
    ],
    [{ type: 'huber', delta: 0 }, 'heads[0].loss.delta: expected a number, more than 0; found 0'],
    [
      { type: 'gaussianNll', minimumVariance: 0 },
      'heads[0].loss.minimumVariance: expected a number, at least 1e-12; found 0',
    ],
    [{ type: 'quantile', levels: [0.5, 1] }, 'heads[0].loss.levels[1]: expected a number, less than 1; found 1'],
    [
      { type: 'censored', delta: 2 },
      "heads[0].loss: expected 'delta' together with 'error: huber'; found an object with type, delta\n" +
        "  hint: set error to huber, or leave 'delta' out",
    ],
    [
      { type: 'custom', perRow: 'mse' },
      'heads[0].loss.perRow: expected a function from { output, label } to the loss of each row: this loss is for programs, not for pipeline files; ' +
        "found 'mse'",
    ],
  ])('%j', (config, message) => {
    expect(() => losses.build(config, undefined, 'heads[0].loss')).toThrow(expect.objectContaining({ message }));
  });
});
