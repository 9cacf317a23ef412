import { describe, expect, test } from 'vitest';
import { TrunklineError } from '../../src/core/error.ts';
import type { LabelledRows, MetricConfig, MetricContext } from '../../src/metric/index.ts';
import { build, heads, rowsFrom } from './sample.ts';

function messageOf(refused: () => unknown): string {
  try {
    refused();
  } catch (error) {
    return error instanceof TrunklineError ? error.message : `not one of ours: ${error}`;
  }
  return 'nothing was thrown';
}

const ofAnswers = 'expected a head that predicts a probability, or probabilities of classes, or a score';

describe('a metric that does not go with its head', () => {
  test.each<[MetricConfig, MetricContext, string]>([
    [
      { type: 'rocAuc' },
      heads.number,
      `head "a", rocAuc: ${ofAnswers}; found one that predicts a number\n` +
        '  hint: for numbers there are rootMeanSquaredError, meanAbsoluteError, r2, pearson and spearman, among others',
    ],
    [
      { type: 'r2' },
      heads.classNumber,
      'head "a", r2: expected a head that predicts a number; found one that predicts probabilities of classes\n' +
        '  hint: for classes there are accuracy, topK, f1, mcc and rocAuc, among others',
    ],
    [
      { type: 'topK' },
      { ...heads.yesOrNo, where: '' },
      'topK: expected a head that predicts probabilities of classes; found one that predicts a probability\n' +
        '  hint: for a yes or no there are accuracy, f1, mcc, rocAuc and prAuc, among others',
    ],
    [
      { type: 'topK' },
      heads.classNumber,
      'head "a", topK.k: expected fewer than the 4 classes; found 5\n' +
        '  hint: every class is among as many as there are: the metric would always be 1',
    ],
    [
      { type: 'f1', threshold: 0.3 },
      heads.score,
      'head "a", f1.threshold: expected no threshold: only a head that predicts a probability has one; found 0.3\n' +
        '  hint: scores say yes above 0',
    ],
    [
      { type: 'mcc', threshold: 0.5 },
      heads.oneHot,
      'head "a", mcc.threshold: expected no threshold: only a head that predicts a probability has one; found 0.5\n' +
        '  hint: the most probable class is the answer',
    ],
    [
      { type: 'accuracy' },
      { ...heads.classNumber, labelWidth: 3 },
      'head "a", accuracy: expected labels of 1 or 4 for each row with predictions of 4; found labels of 3\n' +
        '  hint: a label is the number of the class, or one number for each class',
    ],
    [
      { type: 'accuracy' },
      { ...heads.places, labelWidth: 3 },
      'head "a", accuracy: expected labels of 2 or 6 for each row with predictions of 6; found labels of 3\n' +
        '  hint: a label is the number of the class, or one number for each class',
    ],
    [
      { type: 'accuracy' },
      { ...heads.places, classes: 4 },
      'head "a", accuracy: expected predictions of at least 2 classes in each place; found 6 numbers, ' +
        'with 4 to a place',
    ],
    [
      { type: 'meanSquaredError' },
      { ...heads.numbers, labelWidth: 1 },
      'head "a", meanSquaredError: expected labels of 2 for each row with predictions of 2; found labels of 1',
    ],
  ])('%o', (config, context, message) => {
    expect(messageOf(() => build(config, context))).toBe(message);
  });
});

describe('options out of bounds', () => {
  test.each<[object, string]>([
    [{ type: 'rocauc' }, "found 'rocauc'\n  hint: did you mean 'rocAuc'?"],
    [
      { type: 'f1', average: 'mean' },
      "head \"a\", metric.average: expected one of 'macro', 'micro', 'weighted'; found 'mean'",
    ],
    [{ type: 'f1', threshold: 1 }, 'head "a", metric.threshold: expected a number, less than 1; found 1'],
    [{ type: 'prAuc', bins: 8 }, 'head "a", metric.bins: expected a number, at least 16; found 8'],
    [{ type: 'spearman', samples: 1.5 }, 'head "a", metric.samples: expected a whole number; found 1.5'],
  ])('%o', (config, message) => {
    expect(() => build(config as MetricConfig, heads.yesOrNo)).toThrow(message);
  });
});

describe('rows that are not what they should be change nothing', () => {
  const good = rowsFrom([0.9, 0.2], [1, 0]);
  test.each<[string, MetricContext, LabelledRows, string]>([
    [
      'too few predictions',
      heads.yesesAndNoes,
      good,
      'head "a", accuracy: expected 6 predicted numbers in 2 rows; found 2',
    ],
    [
      'too many labels',
      heads.yesOrNo,
      { ...good, label: Float32Array.of(1, 0, 1) },
      'head "a", accuracy: expected 2 labels in 2 rows; found 3',
    ],
    [
      'too few weights',
      heads.yesOrNo,
      { ...good, weight: Float32Array.of(1) },
      'head "a", accuracy: expected 2 weights in 2 rows; found 1',
    ],
    [
      'a label that is no number',
      heads.yesOrNo,
      { ...good, label: Float32Array.of(1, Number.NaN) },
      'head "a", accuracy: expected labels that are finite; found NaN in row 1',
    ],
    [
      'a class that does not exist',
      heads.places,
      rowsFrom([0.1, 0.2, 0.7, 0.1, 0.2, 0.7, 0.1, 0.2, 0.7, 0.1, 0.2, 0.7], [0, 1, 2, 3], 2),
      'head "a", accuracy: expected labels that are whole numbers in [0, 2]; found 3 in row 1',
    ],
    [
      'a class between two',
      heads.classNumber,
      rowsFrom([0.1, 0.2, 0.3, 0.4], [0.5]),
      'head "a", accuracy: expected labels that are whole numbers in [0, 3]; found 0.5 in row 0',
    ],
    [
      'a negative weight',
      heads.yesOrNo,
      { ...good, weight: Float32Array.of(1, -1) },
      'head "a", accuracy: expected weights of at least 0; found -1 in row 1',
    ],
  ])('%s', (_name, context, rows, message) => {
    const metric = build({ type: 'accuracy' }, context);
    const before = metric.state();
    expect(messageOf(() => metric.add(rows))).toBe(message);
    expect(metric.state()).toEqual(before);
  });
});

describe('the state of something else', () => {
  test.each<[MetricConfig, MetricConfig, MetricContext, string]>([
    [{ type: 'rocAuc', bins: 64 }, { type: 'rocAuc' }, heads.yesOrNo, 'bins 64; found one with bins 4096'],
    [{ type: 'topK', k: 2 }, { type: 'topK', k: 1 }, heads.classNumber, 'k 2; found one with k 1'],
    [
      { type: 'f1', threshold: 0.3 },
      { type: 'f1', average: 'micro' },
      heads.yesOrNo,
      'average macro, threshold 0.3; found one with average micro, threshold left out',
    ],
    [
      { type: 'spearman', samples: 9 },
      { type: 'spearman', samples: 9, seed: 1 },
      heads.number,
      'samples 9, seed 0; found one with samples 9, seed 1',
    ],
  ])('%o refuses that of %o', (own, other, context, message) => {
    const metric = build(own, context);
    const before = metric.state();
    const saved = JSON.parse(JSON.stringify(build(other, context).state()));
    expect(messageOf(() => metric.restore(saved))).toBe(
      `head "a", ${own.type}: expected a state with the options ${message}\n` +
        '  hint: give the options that it was saved with, or start anew',
    );
    expect(metric.state()).toEqual(before);
    metric.restore(JSON.parse(JSON.stringify(build(own, context).state())));
  });

  test.each<[string, MetricConfig, MetricContext, string]>([
    [
      'of another head',
      { type: 'pearson' },
      heads.number,
      'head "a", pearson: expected the state of this metric, with a width of 2 and errors, meanX, meanY, notFinite, ' +
        'options, products, squaresX, squaresY, weight, width; found one with a width of 1 and errors, meanX, meanY, ' +
        'notFinite, options, products, squaresX, squaresY, weight, width\n' +
        '  hint: metrics of another type, or of a head of another width, start anew',
    ],
    [
      'of another metric',
      { type: 'meanSquaredError' },
      heads.numbers,
      'head "a", pearson: expected the state of this metric, with a width of 2 and errors, meanX, meanY, notFinite, ' +
        'options, products, squaresX, squaresY, weight, width; found one with a width of 2 and notFinite, options, sum, total, width\n' +
        '  hint: metrics of another type, or of a head of another width, start anew',
    ],
  ])('%s', (_name, config, context, message) => {
    const pearson = build({ type: 'pearson' }, heads.numbers);
    pearson.add(rowsFrom([1, 2, 3, 5], [2, 1, 4, 3], 2));
    const before = pearson.state();
    expect(messageOf(() => pearson.restore(build(config, context).state()))).toBe(message);
    expect(pearson.state()).toEqual(before);
  });
});
