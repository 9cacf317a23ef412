import { describe, expect, test } from 'vitest';
import type { MetricConfig, MetricContext } from '../../src/metric/index.ts';
import { build, heads, part, rowsFrom, scoreOf, throughJson } from './sample.ts';

describe('what has no meaning is undefined, never 0 or NaN', () => {
  test.each<[string, MetricConfig, MetricContext, number[], number[]]>([
    ['rocAuc of yeses only', { type: 'rocAuc' }, heads.yesOrNo, [0.1, 0.9], [1, 1]],
    ['rocAuc of noes only', { type: 'rocAuc' }, heads.score, [-1, 1], [-1, -1]],
    ['prAuc without a yes', { type: 'prAuc' }, heads.yesOrNo, [0.1, 0.9], [0, 0]],
    ['prAuc without a no', { type: 'prAuc' }, heads.yesOrNo, [0.1, 0.9], [1, 1]],
    ['precision when nothing is said to be', { type: 'precision' }, heads.yesOrNo, [0.1, 0.2], [1, 0]],
    ['recall without a yes', { type: 'recall' }, heads.yesOrNo, [0.1, 0.9], [0, 0]],
    ['f1 of noes, rightly said to be', { type: 'f1' }, heads.yesOrNo, [0.1, 0.2], [0, 0]],
    ['mcc of one answer', { type: 'mcc' }, heads.yesOrNo, [0.8, 0.9], [0, 1]],
    ['mcc of one class', { type: 'mcc' }, heads.classNumber, [0.4, 0.3, 0.2, 0.1, 0.1, 0.2, 0.3, 0.4], [2, 2]],
    ['r2 of equal labels', { type: 'r2' }, heads.number, [0.1, 0.9], [2, 2]],
    ['r2 of one row', { type: 'r2' }, heads.number, [0.1], [2]],
    ['pearson of equal predictions', { type: 'pearson' }, heads.number, [1, 1], [2, 3]],
    ['pearson of one row', { type: 'pearson' }, heads.number, [1], [2]],
    ['spearman of equal labels', { type: 'spearman' }, heads.number, [1, 2], [3, 3]],
    ['spearman of one row', { type: 'spearman' }, heads.number, [1], [2]],
  ])('%s', (_name, config, context, prediction, label) => {
    expect(scoreOf(config, context, rowsFrom(prediction, label))).toBeUndefined();
  });

  test('weights that rounding could turn into a spread', () => {
    const rows = 1000;
    const weight = Float32Array.from({ length: rows }, (_, row) => ((row * 37) % 101) / 101 + 0.01);
    const given = { rows, weight, label: new Float32Array(rows).fill(0.1) };
    const mixed = Float32Array.from({ length: rows }, (_, row) => row % 2);
    const equal = new Float32Array(rows).fill(0.7);
    for (let start = 0; start < 100; start++) {
      const rows = part({ ...given, prediction: mixed }, start, start + 9, heads.number);
      expect(scoreOf({ type: 'r2' }, heads.number, rows), `${weight[start]}`).toBeUndefined();
    }
    for (const type of ['pearson', 'spearman'] as const)
      expect(scoreOf({ type }, heads.number, { ...given, prediction: equal, label: mixed })).toBeUndefined();
    expect(scoreOf({ type: 'mcc' }, heads.yesOrNo, { ...given, prediction: equal, label: mixed })).toBeUndefined();
  });
});

describe('columns and classes without a score are left out', () => {
  test.each<[string, MetricConfig, MetricContext, number[], number[], number]>([
    ['r2', { type: 'r2' }, heads.numbers, [1, 5, 3, 7], [1, 2, 3, 2], 1],
    ['rocAuc', { type: 'rocAuc' }, heads.scores, [1, 5, 3, 7], [-1, 1, 1, 1], 1],
    ['mcc', { type: 'mcc' }, heads.scores, [-1, 5, 3, 7], [1, 1, -1, -1], -1],
    ['precision', { type: 'precision' }, heads.scores, [-1, 5, -3, 7], [1, 1, -1, -1], 0.5],
    ['f1: never right is 0', { type: 'f1' }, heads.scores, [-1, 5, -3, 7], [1, 1, -1, -1], 1 / 3],
  ])('%s', (_name, config, context, prediction, label, expected) => {
    expect(scoreOf(config, context, rowsFrom(prediction, label, 2))).toBeCloseTo(expected, 12);
  });
});

describe('edges', () => {
  test('a probability equal to the threshold, as far as float32 tells, is a yes; a score of 0 is none', () => {
    const threshold = 0.7;
    expect(Math.fround(threshold)).toBeLessThan(threshold);
    const of = (config: MetricConfig, context: MetricContext, guess: number) =>
      scoreOf(config, context, rowsFrom([guess], [1]));
    expect(of({ type: 'accuracy', threshold }, heads.yesOrNo, threshold)).toBe(1);
    expect(of({ type: 'accuracy' }, heads.yesOrNo, 0.5)).toBe(1);
    expect(of({ type: 'accuracy' }, heads.score, 0)).toBe(0);
    expect(of({ type: 'accuracy' }, heads.score, 2 ** -149)).toBe(1);
  });

  test.each(['rocAuc', 'prAuc'] as const)('%s takes −0 for 0, as JSON does', (type) => {
    const metric = build({ type }, heads.score);
    metric.add(rowsFrom([-0, 0, 1], [1, 0, 0]));
    expect(throughJson(metric.state())).toEqual(metric.state());
  });

  test('certain predictions are ranked', () => {
    const rows = rowsFrom([0, 1, 1, 0], [0, 1, 0, 0]);
    expect(scoreOf({ type: 'rocAuc' }, heads.yesOrNo, rows)).toBeCloseTo(5 / 6, 12);
  });

  test('a class is looked for in each place of a row', () => {
    const right = [0.7, 0.2, 0.1];
    const rows = rowsFrom([...right, 0.1, 0.2, 0.7], [0, 0], 1);
    expect(scoreOf({ type: 'accuracy' }, heads.places, rows)).toBe(0.5);
  });

  test('numbers far from 0 keep their digits', () => {
    const offsets = [0, 1, 2, 3, 4, 5, 6, 7];
    const label = offsets.map((offset) => 2 ** 23 + offset);
    const prediction = label.map((value, at) => value + (at % 2));
    const near = rowsFrom(
      offsets.map((offset, at) => offset + (at % 2)),
      offsets,
    );
    for (const type of ['r2', 'pearson'] as const)
      expect(scoreOf({ type }, heads.number, rowsFrom(prediction, label))).toBeCloseTo(
        scoreOf({ type }, heads.number, near) as number,
        8,
      );
  });

  test.each([1e-38, 1, 1e38])('correlations of numbers around %s', (scale) => {
    const label = [1, 2, 3].map((value) => Math.fround(value * scale));
    expect(scoreOf({ type: 'pearson' }, heads.number, rowsFrom(label, label))).toBeCloseTo(1, 12);
  });
});
