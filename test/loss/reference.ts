import { squaredDifference, sum } from '@tensorflow/tfjs-core';
import type { LossConfig } from '../../src/loss/index.ts';

/** One row in float64: the loss of an output, given its label and bounds. */
export type RowReference = (output: readonly number[], label: readonly number[], bound: readonly number[]) => number;

/** A loss as it is configured and applied in the tests, with its definition written out for plain numbers. */
export interface Case {
  readonly name: string;
  readonly config: LossConfig;
  /** Of one sample. */
  readonly outputShape: readonly number[];
  readonly reference: RowReference;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const perElement =
  (of: (output: number, label: number, bound: number) => number): RowReference =>
  (output, label, bound) =>
    mean(output.map((value, at) => of(value, label[at] as number, bound[at] ?? 0)));

/** −log p of a yes with these logits. */
const surprise = (x: number): number => Math.max(-x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const probability = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

function huberOf(error: number, delta: number): number {
  const size = Math.abs(error);
  return size <= delta ? size ** 2 / 2 : delta * (size - delta / 2);
}

function logSoftmax(logits: readonly number[]): readonly number[] {
  const most = Math.max(...logits);
  const total = Math.log(logits.reduce((sum, x) => sum + Math.exp(x - most), 0));
  return logits.map((x) => x - most - total);
}

function vectors(values: readonly number[], size: number): readonly (readonly number[])[] {
  return Array.from({ length: values.length / size }, (_, at) => values.slice(at * size, (at + 1) * size));
}

const perVector =
  (size: number, of: (output: readonly number[], label: readonly number[]) => number): RowReference =>
  (output, label) => {
    const labels = vectors(label, size);
    return mean(vectors(output, size).map((vector, at) => of(vector, labels[at] as readonly number[])));
  };

const smoothed = (y: number, share: number, classes: number): number => (1 - share) * y + share / classes;
const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, at) => sum + value * (b[at] as number), 0);

const crossEntropy = (share: number) => (output: readonly number[], label: readonly number[]) =>
  -dot(
    label.map((y) => smoothed(y, share, label.length)),
    logSoftmax(output),
  );

const ofClasses =
  (classes: number, share: number): RowReference =>
  (output, label) =>
    mean(
      vectors(output, classes).map((vector, at) =>
        crossEntropy(share)(
          vector,
          vector.map((_, index) => (index === label[at] ? 1 : 0)),
        ),
      ),
    );

const divergence = (output: readonly number[], label: readonly number[]): number => {
  const predicted = logSoftmax(output);
  return label.reduce((sum, y, at) => sum + (y === 0 ? 0 : y * (Math.log(y) - (predicted[at] as number))), 0);
};

const binary =
  (yes: number, no: number, share = 0, gamma = 0): RowReference =>
  (output, label) =>
    perElement((x, y) => {
      const [p, target] = [probability(x), smoothed(y, share, 2)];
      const ofYes = yes * probability(-x) ** gamma * surprise(x);
      const ofNo = no * p ** gamma * surprise(-x);
      return target * ofYes + (1 - target) * ofNo;
    })(output, label, []);

const pinball =
  (levels: readonly number[]): RowReference =>
  (output, label) =>
    mean(
      output.map((value, at) => {
        const level = levels[Math.floor((at * levels.length) / output.length)] as number;
        const error = (label[at % label.length] as number) - value;
        return error >= 0 ? level * error : (level - 1) * error;
      }),
    );

const gaussian =
  (minimumVariance: number): RowReference =>
  (output, label) =>
    mean(
      label.map((y, at) => {
        const v = output[label.length + at] as number;
        const variance = (v > 0 ? 1 + v : Math.exp(v)) + minimumVariance;
        return (Math.log(variance) + (y - (output[at] as number)) ** 2 / variance) / 2;
      }),
    );

const censoredBy = (of: (error: number) => number): RowReference =>
  perElement((output, label, bound) => {
    const known = (bound === -1 && output <= label) || (bound === 1 && output >= label);
    return known ? 0 : of(output - label);
  });

const margin = (power: number): RowReference => perElement((x, y) => Math.max(0, 1 - (2 * y - 1) * x) ** power);
const squared = (error: number): number => error ** 2;

function one(name: string, config: LossConfig, outputShape: readonly number[], reference: RowReference): Case {
  return { name, config, outputShape, reference };
}

const mse = perElement((output, label) => (output - label) ** 2);

/** At least one for every loss: its example's options or defaults, one unit and several, and each option. */
export const cases: readonly Case[] = [
  one('meanSquaredError', { type: 'meanSquaredError' }, [1], mse),
  one('meanSquaredError of scalars', { type: 'meanSquaredError' }, [], mse),
  one('meanSquaredError of a matrix', { type: 'meanSquaredError' }, [2, 3], mse),
  one(
    'meanAbsoluteError',
    { type: 'meanAbsoluteError' },
    [3],
    perElement((output, label) => Math.abs(output - label)),
  ),
  one(
    'huber',
    { type: 'huber', delta: 0.5 },
    [2],
    perElement((output, label) => huberOf(output - label, 0.5)),
  ),
  one(
    'huber as smoothL1',
    { type: 'huber', delta: 2, form: 'smoothL1' },
    [2],
    perElement((output, label) => huberOf(output - label, 2) / 2),
  ),
  one(
    'logCosh',
    { type: 'logCosh' },
    [2],
    perElement((output, label) => {
      const size = Math.abs(output - label);
      return size < 1 ? Math.log(Math.cosh(size)) : size + Math.log1p(Math.exp(-2 * size)) - Math.LN2;
    }),
  ),
  one('quantile', { type: 'quantile' }, [2], pinball([0.5])),
  one('quantile, one level', { type: 'quantile', levels: [0.9] }, [1], pinball([0.9])),
  one('quantile, levels of one number', { type: 'quantile', levels: [0.1, 0.5, 0.9] }, [3], pinball([0.1, 0.5, 0.9])),
  one('quantile, levels of two numbers', { type: 'quantile', levels: [0.25, 0.75] }, [4], pinball([0.25, 0.75])),
  one('gaussianNll', { type: 'gaussianNll' }, [2], gaussian(1e-6)),
  one('gaussianNll of two numbers', { type: 'gaussianNll', minimumVariance: 0.1 }, [4], gaussian(0.1)),
  one(
    'poisson',
    { type: 'poisson' },
    [2],
    perElement((x, y) => (x > 40 ? Math.exp(40) * (x - 39) : Math.exp(x)) - y * x),
  ),
  one('censored', { type: 'censored' }, [2], censoredBy(squared)),
  one(
    'censored with huber',
    { type: 'censored', error: 'huber', delta: 2 },
    [3],
    censoredBy((error) => huberOf(error, 2)),
  ),
  one(
    'cosineSimilarity',
    { type: 'cosineSimilarity' },
    [3],
    perVector(3, (a, b) => 1 - dot(a, b) / Math.hypot(...a) / Math.hypot(...b)),
  ),
  one('binaryCrossentropy', { type: 'binaryCrossentropy' }, [1], binary(1, 1)),
  one('binaryCrossentropy, weighted', { type: 'binaryCrossentropy', positiveWeight: 15 }, [3], binary(15, 1)),
  one('binaryCrossentropy, smoothed', { type: 'binaryCrossentropy', labelSmoothing: 0.1 }, [2], binary(1, 1, 0.1)),
  one('binaryCrossentropy, focal', { type: 'binaryCrossentropy', focal: {} }, [2], binary(1, 1, 0, 2)),
  one(
    'binaryCrossentropy, focal with everything',
    { type: 'binaryCrossentropy', labelSmoothing: 0.2, focal: { gamma: 1.5, alpha: 0.25 } },
    [1],
    binary(0.25, 0.75, 0.2, 1.5),
  ),
  one('hinge', { type: 'hinge' }, [2], margin(1)),
  one('hinge, squared', { type: 'hinge', squared: true }, [1], margin(2)),
  one('categoricalCrossentropy', { type: 'categoricalCrossentropy' }, [4], perVector(4, crossEntropy(0))),
  one(
    'categoricalCrossentropy, smoothed, in each of two places',
    { type: 'categoricalCrossentropy', labelSmoothing: 0.1 },
    [2, 3],
    perVector(3, crossEntropy(0.1)),
  ),
  one('sparseCategoricalCrossentropy', { type: 'sparseCategoricalCrossentropy' }, [4], ofClasses(4, 0)),
  one(
    'sparseCategoricalCrossentropy, smoothed, in each of two places',
    { type: 'sparseCategoricalCrossentropy', labelSmoothing: 0.1 },
    [2, 3],
    ofClasses(3, 0.1),
  ),
  one('kullbackLeibler', { type: 'kullbackLeibler' }, [3], perVector(3, divergence)),
  one(
    'custom',
    { type: 'custom', perRow: ({ output, label }) => sum(squaredDifference(output, label), -1) },
    [2],
    (output, label) => output.reduce((total, value, at) => total + (value - (label[at] as number)) ** 2, 0),
  ),
];
