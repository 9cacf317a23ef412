import { describe, expect, test } from 'vitest';
import type { LabelledRows, MetricConfig, MetricContext } from '../../src/metric/index.ts';
import { heads, scoreOf } from './sample.ts';

// The numbers are scikit-learn 1.9.1's and scipy 1.17.1's, the latter for pearson and spearman; of weighted rows,
// pearson is from numpy.cov with aweights. Scores of classes without a divisor are left out with zero_division=nan.

const rows = 40;

/** Whole numbers in [0, m) that are the same in NumPy: (a i² + b i + c) mod m. */
function sequence(count: number, a: number, b: number, c: number, m: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => (a * i * i + b * i + c) % m);
}

const weight = Float32Array.from(sequence(rows, 3, 5, 1, 7), (value) => value / 4 + 0.25);

const yesOrNo = (): LabelledRows => {
  const prediction = Float32Array.from(sequence(rows, 7, 3, 2, 23), (value) => (value + 1) / 32);
  const label = sequence(rows, 5, 11, 3, 13).map((value, at) => Number(value + 6 * (prediction[at] as number) > 8));
  return { rows, prediction, label: Float32Array.from(label) };
};

const yesesAndNoes = (): LabelledRows => {
  const prediction = Float32Array.from(sequence(3 * rows, 7, 5, 1, 29), (value) => (value + 1) / 32);
  const label = sequence(3 * rows, 11, 2, 6, 17).map((value, at) =>
    Number(value / 17 + (prediction[at] as number) > 1),
  );
  return { rows, prediction, label: Float32Array.from(label), weight };
};

/** Class 3 is neither predicted nor true. */
const classes = (): LabelledRows => {
  const scores = sequence(4 * rows, 5, 7, 3, 31).map((value, at) => (at % 4 === 3 ? 0.5 : value + 1) / 64);
  const label = sequence(rows, 3, 7, 2, 11).map((value, at) =>
    Math.floor((value + 3.2 * (scores[4 * at + 1] as number)) % 3),
  );
  // Among equal classes ours takes the first, scikit-learn's top_k_accuracy_score the last: so none are.
  const prediction = Float32Array.from(scores, (score, at) => score - (at % 4) / 512);
  return { rows, prediction, label: Int32Array.from(label) };
};

const numbers = (): LabelledRows => {
  const prediction = sequence(2 * rows, 3, 7, 5, 37).map((value) => (value - 18) / 8);
  const label = sequence(2 * rows, 5, 1, 4, 11).map((value, at) => (prediction[at] as number) + (value - 5) / 4);
  return { rows, prediction: Float32Array.from(prediction), label: Float32Array.from(label) };
};

type Golden = readonly [config: MetricConfig, expected: number];

function agrees(context: MetricContext, given: LabelledRows, golden: readonly Golden[]): void {
  test.each(golden.map(([config, expected]) => [JSON.stringify(config), config, expected] as const))(
    '%s',
    (_, config, expected) => {
      expect(Math.abs((scoreOf(config, context, given) as number) - expected)).toBeLessThan(1e-12);
    },
  );
}

describe('a yes or no', () => {
  agrees(heads.yesOrNo, yesOrNo(), [
    [{ type: 'accuracy' }, 0.5],
    [{ type: 'precision' }, 0.125],
    [{ type: 'recall' }, 0.07142857142857142],
    [{ type: 'f1' }, 0.09090909090909091],
    [{ type: 'mcc' }, -0.23586408826243163],
    [{ type: 'rocAuc' }, 0.5851648351648352],
    [{ type: 'prAuc' }, 0.39761904761904765],
    [{ type: 'meanSquaredError' }, 0.249072265625],
    [{ type: 'f1', threshold: 0.25 }, 0.5714285714285714],
    [{ type: 'mcc', threshold: 0.25 }, 0.2516299559794226],
  ]);
});

describe('a yes or no, weighted', () => {
  agrees(heads.yesOrNo, { ...yesOrNo(), weight }, [
    [{ type: 'accuracy' }, 0.49044585987261147],
    [{ type: 'precision' }, 0.0967741935483871],
    [{ type: 'recall' }, 0.05454545454545454],
    [{ type: 'f1' }, 0.06976744186046512],
    [{ type: 'mcc' }, -0.2636134771165774],
    [{ type: 'rocAuc' }, 0.6245098039215686],
    [{ type: 'prAuc' }, 0.42394596017557584],
    [{ type: 'meanSquaredError' }, 0.2428219546178344],
  ]);
});

describe('several yeses and noes, weighted', () => {
  agrees(heads.yesesAndNoes, yesesAndNoes(), [
    [{ type: 'accuracy' }, 0.6348195329087049],
    [{ type: 'rocAuc' }, 0.7096633799730959],
    [{ type: 'prAuc' }, 0.7007267128624344],
    [{ type: 'precision', average: 'macro' }, 0.6206119162640902],
    [{ type: 'recall', average: 'macro' }, 0.6399803570802204],
    [{ type: 'f1', average: 'macro' }, 0.6292049305722208],
    [{ type: 'precision', average: 'micro' }, 0.6311475409836066],
    [{ type: 'recall', average: 'micro' }, 0.652542372881356],
    [{ type: 'f1', average: 'micro' }, 0.6416666666666667],
    [{ type: 'precision', average: 'weighted' }, 0.6358777532137885],
    [{ type: 'recall', average: 'weighted' }, 0.652542372881356],
    [{ type: 'f1', average: 'weighted' }, 0.6431308915155355],
  ]);
});

const ofClasses: readonly Golden[] = [
  [{ type: 'accuracy' }, 0.375],
  [{ type: 'topK', k: 2 }, 0.75],
  [{ type: 'mcc' }, 0.06495979082006638],
  [{ type: 'rocAuc' }, 0.5443323347239036],
  [{ type: 'prAuc' }, 0.39209169842416675],
  [{ type: 'precision', average: 'macro' }, 0.3717948717948718],
  [{ type: 'recall', average: 'macro' }, 0.37856829161176986],
  [{ type: 'f1', average: 'macro' }, 0.35042735042735035],
  [{ type: 'precision', average: 'micro' }, 0.375],
  [{ type: 'recall', average: 'micro' }, 0.375],
  [{ type: 'f1', average: 'micro' }, 0.375],
  [{ type: 'precision', average: 'weighted' }, 0.4705128205128205],
  [{ type: 'recall', average: 'weighted' }, 0.375],
  [{ type: 'f1', average: 'weighted' }, 0.39465811965811964],
];

describe('classes by number', () => {
  agrees(heads.classNumber, classes(), ofClasses);
});

describe('classes, one-hot', () => {
  const { label, ...given } = classes();
  const oneHot = Float32Array.from({ length: 4 * rows }, (_, at) => Number(label[Math.floor(at / 4)] === at % 4));
  agrees(heads.oneHot, { ...given, label: oneHot }, ofClasses);
});

describe('classes, weighted', () => {
  agrees(heads.classNumber, { ...classes(), weight }, [
    [{ type: 'accuracy' }, 0.46496815286624205],
    [{ type: 'topK', k: 2 }, 0.802547770700637],
    [{ type: 'mcc' }, 0.16688509713236374],
    [{ type: 'rocAuc' }, 0.6107803012796905],
    [{ type: 'prAuc' }, 0.42219451150000453],
    [{ type: 'precision', average: 'macro' }, 0.42822580645161296],
    [{ type: 'recall', average: 'macro' }, 0.4334943639291465],
    [{ type: 'f1', average: 'macro' }, 0.41469970983293325],
    [{ type: 'precision', average: 'micro' }, 0.46496815286624205],
    [{ type: 'recall', average: 'micro' }, 0.46496815286624205],
    [{ type: 'f1', average: 'micro' }, 0.46496815286624205],
    [{ type: 'precision', average: 'weighted' }, 0.5474265461269776],
    [{ type: 'recall', average: 'weighted' }, 0.46496815286624205],
    [{ type: 'f1', average: 'weighted' }, 0.49021999521935233],
  ]);
});

describe('numbers', () => {
  agrees(heads.numbers, numbers(), [
    [{ type: 'meanSquaredError' }, 0.6828125],
    [{ type: 'rootMeanSquaredError' }, 0.8263246940519205],
    [{ type: 'meanAbsoluteError' }, 0.74375],
    [{ type: 'r2' }, 0.7208431004837188],
    [{ type: 'pearson' }, 0.8625377621911492],
    [{ type: 'spearman' }, 0.8445236049747149],
  ]);
});

describe('numbers, weighted', () => {
  agrees(heads.numbers, { ...numbers(), weight }, [
    [{ type: 'meanSquaredError' }, 0.6863057324840764],
    [{ type: 'rootMeanSquaredError' }, 0.8284357141529308],
    [{ type: 'meanAbsoluteError' }, 0.7436305732484076],
    [{ type: 'r2' }, 0.6877241020503271],
    [{ type: 'pearson' }, 0.8464992524773276],
  ]);
});
