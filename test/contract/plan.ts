import { squaredDifference, type Tensor } from '@tensorflow/tfjs-core';
import { layers, regularizers } from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import type { Denominator, LossConfig, LossInputs } from '../../src/loss/index.ts';
import { meanPerRow } from '../../src/loss/row.ts';
import { type Branch, fork, GraphModel, lossOf, type ModelSpec, merge, mergeLosses } from '../../src/model/index.ts';
import type { Batch, HeadLabels } from '../../src/step/batch.ts';

/** A head of a random model. */
export interface HeadPlan {
  readonly name: string;
  readonly loss: LossConfig['type'];
  readonly weight: number;
  readonly denominator: Denominator;
  /** Whether each of its labels has a weight of its own. */
  readonly weighted?: boolean;
  /** Factor of the learning rate of what only this head uses; 1 when left out. */
  readonly learningRate?: number;
  readonly frozen?: boolean;
  readonly trainingOnly?: boolean;
  /** Size of an input that serves this head only. */
  readonly side?: number;
}

/**
 * How branches begin that part from one another: each with a hidden layer and then one that all of them use, or each
 * with a merge of two neighbours among forks of the same trunk, so that the merges overlap.
 */
export type Parting = 'apart' | 'shared' | 'diamond';

/** A branch of a random model: layers, and what ends it: a head, or branches. */
export interface BranchPlan {
  readonly units: readonly number[];
  readonly normalized: boolean;
  readonly dropout: boolean;
  /** Whether its layers ask for regularisation of their own. */
  readonly regularized?: boolean;
  /** A head on what the branch gives, where nothing forks: its loss has as many units as the last layer. */
  readonly tap?: HeadPlan;
  readonly parting?: Parting;
  readonly end: HeadPlan | readonly BranchPlan[];
}

/** A random model: inputs that are joined, and a tree of branches. */
export interface Plan {
  /** What names of inputs begin with, where models stand side by side; nothing when left out. */
  readonly prefix?: string;
  readonly inputs: readonly number[];
  /** Whether the first two inputs are of one size and go through the same layer. */
  readonly siamese?: boolean;
  /** Where the losses are named: with the outputs, in a list, or in a merge of losses that is the objective. */
  readonly objective?: 'outputs' | 'list' | 'merge';
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

/** Losses that a layer of three units can end in. */
const tapLosses = ['cosineSimilarity', 'categoricalCrossentropy', 'kullbackLeibler'] as const;

const ofEight = <T>(choices: readonly T[]): fc.Arbitrary<readonly T[]> =>
  fc.array(fc.constantFrom(...choices), { minLength: 8, maxLength: 8 });
const ofFlags = fc.array(fc.boolean(), { minLength: 12, maxLength: 12 });

/** What heads of random models are: the first has the first of each list, and so on. */
const headTraits = fc.record({
  losses: ofEight(Object.keys(lossCases) as LossConfig['type'][]),
  denominators: ofEight(denominatorTypes),
  weights: ofEight([1, 0.5, 0.3, 2]),
  learningRates: ofEight([1, 1, 0.5, 0]),
  sides: ofEight([0, 0, 0, 2]),
  weighted: ofFlags,
  frozen: ofFlags,
  trainingOnly: ofFlags,
});

/** Random models: 1 to 4 inputs, forks in forks, layers and merges that several heads use, 1 to 8 heads. */
export const plans: fc.Arbitrary<Plan> = fc
  .record({
    inputs: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
    siamese: fc.boolean(),
    objective: fc.constantFrom('outputs', 'outputs', 'list', 'merge'),
    shape: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
    partings: ofEight<Parting>(['apart', 'apart', 'shared', 'diamond']),
    traits: headTraits,
    flags: ofFlags,
    taps: ofFlags,
  })
  .map(({ inputs, siamese, objective, shape, partings, traits, flags, taps }): Plan => {
    let [heads, branches, tapped] = [0, 0, 0];
    const head = (loss?: LossConfig['type']): HeadPlan => {
      const at = heads++;
      const of = <T>(values: readonly T[]): T => values[at % 8] as T;
      const side = of(traits.sides);
      return {
        name: `head${at}`,
        loss: loss ?? of(traits.losses),
        weight: of(traits.weights),
        denominator: of(traits.denominators),
        weighted: of(traits.weighted),
        learningRate: of(traits.learningRates),
        frozen: of(traits.frozen) && of(traits.weighted),
        trainingOnly: of(traits.trainingOnly),
        ...(side && !loss ? { side } : {}),
      };
    };
    const branch = (depth: number): BranchPlan => {
      const at = branches++;
      const children = depth >= shape.length || heads >= 6 ? 1 : (shape[depth] as number);
      const flag = (offset: number): boolean => flags[(at + offset) % 12] as boolean;
      const tap = taps[at % 12] && taps[(at + 1) % 12] && heads < 5 ? head(tapLosses[tapped++ % 3]) : undefined;
      const end = children === 1 ? head() : Array.from({ length: children }, () => branch(depth + 1));
      return {
        // A fork that begins where another ends has no layers of its own.
        units: depth > 0 && children > 1 && flag(4) && !tap ? [] : [tap ? 3 : 3 + (at % 2)],
        normalized: flag(0) && flag(3),
        dropout: flag(1),
        regularized: flag(2) && flag(5),
        parting: partings[at % 8] as Parting,
        ...(tap ? { tap } : {}),
        end,
      };
    };
    const twin = inputs.length > 1 && siamese;
    const sizes = twin ? [inputs[0] as number, inputs[0] as number, ...inputs.slice(2)] : inputs;
    return { inputs: sizes, siamese: twin, objective: objective as 'outputs', trunk: branch(0) };
  });

export function headsOf({ tap, end }: BranchPlan): readonly HeadPlan[] {
  return [...(tap ? [tap] : []), ...('loss' in end ? [end] : end.flatMap(headsOf))];
}

/** Sizes of all inputs, by name. */
export function inputsOf({ prefix = '', inputs, trunk }: Plan): Readonly<Record<string, number>> {
  const sides = headsOf(trunk).flatMap(({ name, side }) => (side ? [[`side/${name}`, side] as const] : []));
  return Object.fromEntries([...inputs.map((size, at) => [`${prefix}input${at}`, size] as const), ...sides]);
}

/** The same model with another head on the trunk, which has a hidden layer of its own. */
export function withHead(plan: Plan, head: HeadPlan): Plan {
  const { trunk } = plan;
  const added: BranchPlan = { units: [3], normalized: true, dropout: true, end: head };
  const plain: BranchPlan = { units: [], normalized: false, dropout: false, end: trunk.end };
  const children = 'loss' in trunk.end ? [plain] : trunk.end;
  return { ...plan, trunk: { ...trunk, end: [...children, added] } };
}

/**
 * The same model with a fork where its only head was, so that a head can be added without changing names. A head's
 * learning rate and freezing are of what only it uses: where an added head would share that, there are none.
 */
export function forked(plan: Plan): Plan {
  const sharing = headsOf(plan.trunk).length === 1 || plan.trunk.parting === 'diamond';
  const { end, ...branch } = (sharing ? withoutOwn(plan) : plan).trunk;
  if (!('loss' in end)) return { ...plan, trunk: { ...branch, end } };
  const only: BranchPlan = { units: [], normalized: false, dropout: false, end };
  // A merge in place of the fork would give the head something else.
  return { ...plan, trunk: { ...branch, parting: 'apart', end: [only] } };
}

/** The same model without settings that are of one head alone. */
export const withoutOwn = (plan: Plan): Plan => mapHeads(plan, (head) => ({ ...head, learningRate: 1, frozen: false }));

/** The same tree of other branches: `change` sees each before those inside it. */
export function mapBranches(plan: Plan, change: (branch: BranchPlan) => BranchPlan): Plan {
  const within = (given: BranchPlan): BranchPlan => {
    const branch = change(given);
    return 'loss' in branch.end ? branch : { ...branch, end: branch.end.map(within) };
  };
  return { ...plan, trunk: within(plan.trunk) };
}

/** The same tree with other heads. */
export const mapHeads = (plan: Plan, change: (head: HeadPlan) => HeadPlan): Plan =>
  mapBranches(plan, ({ tap, end, ...branch }) => ({
    ...branch,
    ...(tap ? { tap: change(tap) } : {}),
    end: 'loss' in end ? change(end) : end,
  }));

export const modelOf = (plan: Plan, seed = 5): ModelSpec => modelOfAll([plan], seed);

/** Models side by side, which share nothing: names of their inputs and heads must differ. */
export function modelOfAll(plans: readonly Plan[], seed = 5): ModelSpec {
  const graph = new GraphModel(seed);
  for (const plan of plans) growIn(graph, plan);
  return graph.describe();
}

function growIn(graph: GraphModel, plan: Plan): void {
  const { prefix = '' } = plan;
  const inputs = plan.inputs.map((size, at) => graph.input(`${prefix}input${at}`, [size]));
  const objective = plan.objective ?? 'outputs';
  const hidden = (units: number, regularized = false): ReturnType<typeof layers.dense> =>
    layers.dense({
      units,
      activation: 'tanh',
      ...(regularized ? { kernelRegularizer: regularizers.l2({ l2: 0.01 }) } : {}),
    });
  const output = (branch: Branch, head: HeadPlan): void => {
    const { weight, denominator, learningRate = 1, frozen = false, trainingOnly = false } = head;
    const loss = objective === 'list' ? {} : { loss: lossCases[head.loss].config };
    graph.output(head.name, branch, { ...loss, weight, denominator, learningRate, frozen, trainingOnly });
  };
  const begin = (branch: Branch, parting: Parting, count: number): readonly Branch[] => {
    if (parting === 'apart') return fork(branch, count);
    if (parting === 'shared') {
      const shared = hidden(3);
      return fork(branch, count).map((child) => child.add(hidden(3), shared));
    }
    const arms = fork(branch, count + 1).map((arm) => arm.add(hidden(3)));
    return Array.from({ length: count }, (_, at) => {
      const pair = [arms[at], arms[at + 1]] as [Branch, Branch];
      return merge(pair, at % 2 === 0 ? 'multiply' : 'concat');
    });
  };
  const grow = (branch: Branch, of: BranchPlan): void => {
    const { units, normalized, dropout, regularized, tap, parting = 'apart', end } = of;
    for (const width of units) branch.add(hidden(width, regularized));
    if (normalized) branch.add(layers.batchNormalization());
    if (dropout) branch.add(layers.dropout({ rate: 0.3 }));
    if (tap) output(branch, tap);
    if (!('loss' in end)) {
      begin(branch, parting, end.length).forEach((child, at) => {
        grow(child, end[at] as BranchPlan);
      });
      return;
    }
    const [last] = tap ? fork(branch, 1) : [branch];
    const { name, side } = end;
    const whole = side ? merge([last, graph.input(`side/${name}`, [side])], 'concat') : last;
    output(whole.add(layers.dense({ units: lossCases[end.loss].units })), end);
  };
  const twin = hidden(3);
  const entries = plan.siamese ? inputs.map((input, at) => (at < 2 ? input.add(twin) : input)) : inputs;
  grow(
    entries.length === 1 ? (entries[0] as Branch) : merge(entries, 'concat', { name: `${prefix}joined` }),
    plan.trunk,
  );
  const heads = headsOf(plan.trunk);
  if (objective === 'list') graph.giveLosses(heads.map(({ loss }) => lossCases[loss].config));
  if (objective === 'merge')
    graph.minimise(
      mergeLosses(
        heads.map(({ name, weight }) => lossOf(name, weight)),
        heads.map((_, at) => 1 / (1 + at)),
      ),
    );
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
  // Whole numbers can't be NaN: there it is a class that does not exist.
  const absent = whole && filling !== 0 ? 2 ** 31 - 1 : filling;
  const values = present.flatMap((known, row) => {
    const random = fractions(size, seed * 31 + row * 7 + 3);
    return known ? label(random) : random.map(() => absent);
  });
  const weights = fractions(present.length, seed * 17 + 5);
  return {
    values: whole ? Int32Array.from(values) : Float32Array.from(values),
    present: Uint8Array.from(present, Number),
    ...(bound ? { bound: Float32Array.from(present, (known, row) => (known ? (row % 3) - 1 : filling)) } : {}),
    ...(head.weighted
      ? { weight: Float32Array.from(present, (known, row) => (known ? 2 * (weights[row] as number) : filling)) }
      : {}),
  };
}

/** Which rows have a label of which head, by head. */
export type Pattern = Readonly<Record<string, readonly boolean[]>>;

/** Patterns of labels: heads without any, rows without any, one-row batches. */
export const patterns = (plan: Plan): fc.Arbitrary<Pattern> =>
  fc.constantFrom(1, 2, 5).chain((rows) => patternsOf(headsOf(plan.trunk), rows));

/** Patterns of labels of these heads, in so many rows. */
export const patternsOf = (heads: readonly HeadPlan[], rows: number): fc.Arbitrary<Pattern> =>
  fc
    .tuple(
      ...heads.map(() =>
        fc.oneof(
          { weight: 1, arbitrary: fc.constant(new Array<boolean>(rows).fill(false)) },
          { weight: 3, arbitrary: fc.array(fc.boolean(), { minLength: rows, maxLength: rows }) },
        ),
      ),
    )
    .map((columns) => Object.fromEntries(heads.map(({ name }, at) => [name, columns[at] as readonly boolean[]])));

export function batchFor(plan: Plan, pattern: Pattern, seed: number, filling: Filling = 0): Batch {
  const heads = headsOf(plan.trunk).filter(({ name }) => pattern[name]);
  const rows = Object.values(pattern)[0]?.length ?? 0;
  return {
    rows,
    inputs: Object.fromEntries(
      Object.entries(inputsOf(plan)).map(([name, size], at) => [
        name,
        Float32Array.from(real(fractions(rows * size, seed * 13 + at))),
      ]),
    ),
    labels: Object.fromEntries(
      heads.map((head, at) => [
        head.name,
        labelsFor(head, pattern[head.name] as readonly boolean[], seed + at * 101, filling),
      ]),
    ),
  };
}
