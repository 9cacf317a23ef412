import type { EpochEnded, HeadStep, RunStarted, StepSkipped, StepTaken } from '../../core/train-event.ts';
import type { Flow } from '../../stream/flow.ts';
import type { EpochEnd, StepItem } from '../../stream/item.ts';
import type { RunPlan } from './plan.ts';
import type { RunPlace } from './restore.ts';

/** What is told of a step. */
export function eventOf(item: Exclude<StepItem, EpochEnd>): StepTaken | StepSkipped {
  const { epoch, rows, rejected } = item;
  if ('skipped' in item) return { type: 'stepSkipped', reason: item.skipped, epoch, rows, rejected };
  const { step, loss, gradientNorms, learningRates, waitMs, assembleMs, computeMs, mergeMs, updateMs } = item;
  const heads: Record<string, HeadStep> = {};
  for (const name in item.heads) {
    const { loss: own, labels, weight, denominator } = item.heads[name] as HeadStep;
    heads[name] = { loss: own, labels, weight, denominator };
  }
  const times = { waitMs, assembleMs, computeMs, mergeMs, updateMs };
  return { type: 'stepTaken', step, epoch, rows, loss, heads, rejected, gradientNorms, learningRates, ...times };
}

/** What is told of a run that begins, or goes on. */
export function startedEvent(plan: RunPlan, place: RunPlace): RunStarted {
  const { name, directory, epochs, rowsPerEpoch, runner } = plan;
  return {
    type: 'runStarted',
    name,
    directory,
    ...place,
    ...(epochs === undefined ? {} : { epochs }),
    ...(rowsPerEpoch === undefined ? {} : { rowsPerEpoch }),
    heads: runner.program.heads.map((head) => head.name),
  };
}

/** What is told of an epoch's end. */
export function epochEvent(flow: Flow, place: RunPlace, durationMs: number): EpochEnded {
  const { received, pending, outcomes } = flow.counts();
  return { type: 'epochEnded', ...place, counts: { received, pending, ...outcomes }, durationMs };
}
