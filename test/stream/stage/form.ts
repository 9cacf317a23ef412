import { layers } from '@tensorflow/tfjs-layers';
import type { OperatorFunction } from 'rxjs';
import {
  type Branch,
  fork as forkGraph,
  GraphModel,
  type ModelSpec,
  merge as mergeGraph,
} from '../../../src/model/index.ts';
import type { InputShape } from '../../../src/stream/stage/describer.ts';
import {
  type Activation,
  branch,
  type ForkBranch,
  fork,
  type HeadLosses,
  merge,
  mergeLosses,
  type Selector,
  trunk,
} from '../../../src/stream/stage/index.ts';
import { type BranchPlan, type HeadPlan, lossCases, type Plan } from '../../contract/plan.ts';

/** What a branch of a random model is called: its head, or its place in the fork. */
function namesOf(ends: readonly BranchPlan[], prefix: string): readonly string[] {
  return ends.map(({ end }, at) => ('loss' in end ? end.name : `${prefix}${at}`));
}

/** Branches that end in a head have no layers of their own before the fork that names it. */
const endsOf = ({ end }: BranchPlan): readonly BranchPlan[] =>
  'loss' in end ? [{ units: [], normalized: false, dropout: false, end }] : end;

function layersOf({ units, normalized, dropout }: BranchPlan): layers.Layer[] {
  return [
    ...units.map((width) =>
      layers.dense({ units: width, activation: 'tanh', ...(normalized ? { kernelRegularizer: 'l1l2' } : {}) }),
    ),
    ...(normalized ? [layers.batchNormalization()] : []),
    ...(dropout ? [layers.dropout({ rate: 0.3 })] : []),
  ];
}

/** A random model, as a graph. */
export function graphOf({ inputs: sizes, trunk: planned }: Plan, seed = 5): ModelSpec {
  const graph = new GraphModel(seed);
  const inputs = sizes.map((size, at) => graph.input(`input${at}`, [size]));
  const grow = (from: Branch, plan: BranchPlan, prefix: string): void => {
    if ('loss' in plan.end) {
      const { config, units } = lossCases[plan.end.loss];
      const { name, weight, denominator } = plan.end;
      graph.output(name, from.add(...layersOf(plan), layers.dense({ units })), { loss: config, weight, denominator });
      return;
    }
    from.add(...layersOf(plan));
    forkGraph(from, namesOf(plan.end, prefix)).forEach((child, at) => {
      grow(child as Branch, (plan.end as readonly BranchPlan[])[at] as BranchPlan, `${prefix}${at}`);
    });
  };
  const joined = inputs.length === 1 ? (inputs[0] as Branch) : mergeGraph(inputs, 'concat', { name: 'joined' });
  grow(joined, { ...planned, end: endsOf(planned) }, 'branch');
  return graph.describe();
}

export const inputsOf = ({ inputs }: Plan): Readonly<Record<string, InputShape>> =>
  Object.fromEntries(inputs.map((size, at) => [`input${at}`, { shape: [size] }]));

/** The same, as a selector. */
export function selectorOf({ inputs, trunk: planned }: Plan): Selector {
  const forked = (plan: BranchPlan, prefix: string): OperatorFunction<Activation, HeadLosses> => {
    const [own, ends] = [layersOf(plan), plan.end as readonly BranchPlan[]];
    const names = namesOf(ends, prefix);
    const parts = ends.map((end, at) => [names[at], operatorOf(end, `${prefix}${at}`)] as const);
    return (activation$) => activation$.pipe(trunk(...own), fork(Object.fromEntries(parts))) as never;
  };
  const operatorOf = (plan: BranchPlan, prefix: string): ForkBranch => {
    if (!('loss' in plan.end)) return forked(plan, prefix);
    const { config, units } = lossCases[plan.end.loss];
    const { weight, denominator } = plan.end;
    return branch([...layersOf(plan), layers.dense({ units })], config, { weight, denominator });
  };
  const body = forked({ ...planned, end: endsOf(planned) }, 'branch');
  return (batch$) =>
    (inputs.length === 1 ? batch$ : batch$.pipe(merge('concat', { name: 'joined' }))).pipe(body, mergeLosses());
}

/** Of a random model what both forms here can say: branches that part, with layers of their own, and heads at their ends. */
export function sayable({ inputs, trunk }: Plan): Plan {
  const branch = ({ units, normalized, dropout, end }: BranchPlan): BranchPlan => ({
    units,
    normalized,
    dropout,
    end: 'loss' in end ? head(end) : end.map(branch),
  });
  const head = ({ name, loss, weight, denominator, weighted = false }: HeadPlan): HeadPlan => {
    return { name, loss, weight, denominator, weighted };
  };
  return { inputs, trunk: branch(trunk) };
}
