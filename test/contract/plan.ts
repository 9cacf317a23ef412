import { squaredDifference, type Tensor } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import type { Denominator, LossConfig, LossInputs } from '../../src/loss/index.ts';
import { meanPerRow } from '../../src/loss/row.ts';
import { type Branch, fork, GraphModel, type ModelSpec, merge } from '../../src/model/index.ts';
import type { Batch, HeadLabels } from '../../src/step/batch.ts';

/** A head of a random model. */
export interface HeadPlan {
  readonly name: string;
  readonly loss: LossConfig['type'];
  readonly weight: number;
  readonly denominator: Denominator;
}

/** A branch of a random model: layers, end a head or a fork. */
export interface BranchPlan {
  readonly units: readonly number[];
  readonly normalized: boolean;
  readonly dropout: boolean;
  readonly end: HeadPlan | readonly BranchPlan[];
}

/** A random model: inputs that are joined, and a tree of branches. */
export interface Plan {
  readonly inputs: readonly number[];
  readonly trunk: BranchPlan;
}

interface LossCase {
  readonly config: LossConfig;
  readonly units: number;
  readonly size: number;
  /** A label, from a number in [0, 1) for each of its elements. */
  readonly label: (random: readonly number[]) => readonly number[];
  readonly bound?: boolean;
  readonly whole?: boolean;
}

const real = (random: readonly number[]): readonly number[] => random.map((value) => 2 * value - 1);
const oneHot = (random: readonly number[]): readonly number[] => {
  const best = Math.floor((random[0] as number) * random.length);
  return random.map((_, at) => Number(at === best));
};
const numeric = (config: LossConfig, units = 1): LossCase => ({ config, units, size: 1, label: real });

/** A head for every loss there is. */
export const lossCases: Readonly<Record<LossConfig['type'], LossCase>> = {
  meanSquaredError: { ...numeric({ type: 'meanSquaredError' }, 2), size: 2 },
  meanAbsoluteError: numeric({ type: 'meanAbsoluteError' }),
  huber: numeric({ type: 'huber' }),
  logCosh: numeric({ type: 'logCosh' }),
  quantile: numeric({ type: 'quantile', levels: [0.1, 0.9] }, 2),
  gaussianNll: numeric({ type: 'gaussianNll' }, 2),
  poisson: { ...numeric({ type: 'poisson' }), label: ([value = 0]) => [Math.floor(value * 4)] },
  censored: { ...numeric({ type: 'censored' }), bound: true },
  cosineSimilarity: { ...numeric({ type: 'cosineSimilarity' }, 3), size: 3 },
  binaryCrossentropy: {
    ...numeric({ type: 'binaryCrossentropy', positiveWeight: 3, labelSmoothing: 0.1 }, 2),
    size: 2,
    label: (random) => random.map((value) => Number(value > 0.5)),
  },
  hinge: { ...numeric({ type: 'hinge' }), label: ([value = 0]) => [value > 0.5 ? 1 : -1] },
  categoricalCrossentropy: { ...numeric({ type: 'categoricalCrossentropy' }, 3), size: 3, label: oneHot },
  sparseCategoricalCrossentropy: {
    ...numeric({ type: 'sparseCategoricalCrossentropy' }, 3),
    label: ([value = 0]) => [Math.floor(value * 3)],
    whole: true,
  },
  kullbackLeibler: { ...numeric({ type: 'kullbackLeibler' }, 3), size: 3, label: oneHot },
  custom: numeric({
    type: 'custom',
    perRow: ({ output, label }: LossInputs): Tensor => meanPerRow(squaredDifference(output, label)),
  }),
};

const denominatorTypes: readonly Denominator[] = ['present', 'batch', 'ema'];

/** Random models: 1 to 4 inputs, forks in forks, 1 to 8 heads. */
export const plans: fc.Arbitrary<Plan> = fc
  .record({
    inputs: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
    shape: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
    losses: fc.array(fc.constantFrom(...(Object.keys(lossCases) as LossConfig['type'][])), {
      minLength: 8,
      maxLength: 8,
    }),
    denominators: fc.array(fc.constantFrom(...denominatorTypes), { minLength: 8, maxLength: 8 }),
    weights: fc.array(fc.constantFrom(1, 0.5, 0.3, 2), { minLength: 8, maxLength: 8 }),
    flags: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
  })
  .map(({ inputs, shape, losses, denominators, weights, flags }) => {
    let [heads, branches] = [0, 0];
    const head = (): HeadPlan => {
      const at = heads++;
      return {
        name: `head${at}`,
        loss: losses[at % 8] as LossConfig['type'],
        weight: weights[at % 8] as number,
        denominator: denominators[at % 8] as Denominator,
      };
    };
    const branch = (depth: number): BranchPlan => {
      const at = branches++;
      const children = depth >= shape.length || heads >= 6 ? 1 : (shape[depth] as number);
      const flag = (offset: number): boolean => flags[(at + offset) % 12] as boolean;
      const end = children === 1 ? head() : Array.from({ length: children }, () => branch(depth + 1));
      return { units: [3 + (at % 2)], normalized: flag(0) && flag(3), dropout: flag(1), end };
    };
    return { inputs, trunk: branch(0) };
  });

export function headsOf({ end }: BranchPlan): readonly HeadPlan[] {
  return 'loss' in end ? [end] : end.flatMap(headsOf);
}

/** The same model with another head on the trunk, which has a hidden layer of its own. */
export function withHead({ inputs, trunk }: Plan, head: HeadPlan): Plan {
  const added: BranchPlan = { units: [3], normalized: true, dropout: true, end: head };
  const plain: BranchPlan = { units: [], normalized: false, dropout: false, end: trunk.end };
  const children = 'loss' in trunk.end ? [plain] : trunk.end;
  return { inputs, trunk: { ...trunk, end: [...children, added] } };
}

/** The same model with a fork where its only head was, so that a head can be added without changing names. */
export function forked(plan: Plan): Plan {
  if (!('loss' in plan.trunk.end)) return plan;
  const only: BranchPlan = { units: [], normalized: false, dropout: false, end: plan.trunk.end };
  return { ...plan, trunk: { ...plan.trunk, end: [only] } };
}

export function modelOf(plan: Plan, seed = 5): ModelSpec {
  const graph = new GraphModel(seed);
  const inputs = plan.inputs.map((size, at) => graph.input(`input${at}`, [size]));
  const grow = (branch: Branch, { units, normalized, dropout, end }: BranchPlan): void => {
    for (const width of units) branch.add(layers.dense({ units: width, activation: 'tanh' }));
    if (normalized) branch.add(layers.batchNormalization());
    if (dropout) branch.add(layers.dropout({ rate: 0.3 }));
    if ('loss' in end) {
      const { config, units: width } = lossCases[end.loss];
      const { weight, denominator } = end;
      graph.output(end.name, branch.add(layers.dense({ units: width })), { loss: config, weight, denominator });
      return;
    }
    fork(branch, end.length).forEach((child, at) => {
      grow(child, end[at] as BranchPlan);
    });
  };
  grow(inputs.length === 1 ? (inputs[0] as Branch) : merge(inputs, 'concat', { name: 'joined' }), plan.trunk);
  return graph.describe();
}

/** Numbers in [0, 1) that follow from their place and a seed. */
export function fractions(count: number, seed: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => {
    const wave = Math.sin(at * 12.9898 + seed * 78.233 + 1) * 43758.5453;
    return wave - Math.floor(wave);
  });
}

/** What stands where a label is absent: nothing, or what must not matter. */
export type Filling = number;

/** Labels of one head. */
export function labelsFor(head: HeadPlan, present: readonly boolean[], seed: number, filling: Filling = 0): HeadLabels {
  const { size, label, bound, whole } = lossCases[head.loss];
  const values = present.flatMap((known, row) => {
    const random = fractions(size, seed * 31 + row * 7 + 3);
    return known ? label(random) : random.map(() => filling);
  });
  return {
    values: whole ? Int32Array.from(values) : Float32Array.from(values),
    present: Uint8Array.from(present, Number),
    ...(bound ? { bound: Float32Array.from(present, (known, row) => (known ? (row % 3) - 1 : filling)) } : {}),
  };
}

/** Which rows have a label of which head, by head. */
export type Pattern = Readonly<Record<string, readonly boolean[]>>;

/** Patterns of labels: heads without any, rows without any, one-row batches. */
export function patterns(plan: Plan): fc.Arbitrary<Pattern> {
  const heads = headsOf(plan.trunk);
  return fc
    .constantFrom(1, 2, 5)
    .chain((rows) =>
      fc
        .tuple(
          ...heads.map(() =>
            fc.oneof(
              { weight: 1, arbitrary: fc.constant(new Array<boolean>(rows).fill(false)) },
              { weight: 3, arbitrary: fc.array(fc.boolean(), { minLength: rows, maxLength: rows }) },
            ),
          ),
        )
        .map((columns) => Object.fromEntries(heads.map(({ name }, at) => [name, columns[at] as readonly boolean[]]))),
    );
}

export function batchFor(plan: Plan, pattern: Pattern, seed: number, filling: Filling = 0): Batch {
  const heads = headsOf(plan.trunk).filter(({ name }) => pattern[name]);
  const rows = Object.values(pattern)[0]?.length ?? 0;
  return {
    rows,
    inputs: Object.fromEntries(
      plan.inputs.map((size, at) => [`input${at}`, Float32Array.from(real(fractions(rows * size, seed * 13 + at)))]),
    ),
    labels: Object.fromEntries(
      heads.map((head, at) => [
        head.name,
        labelsFor(head, pattern[head.name] as readonly boolean[], seed + at * 101, filling),
      ]),
    ),
  };
}
