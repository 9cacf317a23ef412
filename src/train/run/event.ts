import type { HeadStep, StepSkipped, StepTaken } from '../../core/train-event.ts';
import type { EpochEnd, StepItem } from '../../stream/item.ts';

/** What is told of a step. */
export function eventOf(item: Exclude<StepItem, EpochEnd>): StepTaken | StepSkipped {
  const { epoch, rows, rejected } = item;
  if ('skipped' in item) return { type: 'stepSkipped', reason: item.skipped, epoch, rows, rejected };
  const { step, loss, waitMs, assembleMs, computeMs, mergeMs, updateMs } = item;
  const heads: Record<string, HeadStep> = {};
  for (const name in item.heads) {
    const { loss: own, labels, weight, denominator } = item.heads[name] as HeadStep;
    heads[name] = { loss: own, labels, weight, denominator };
  }
  const times = { waitMs, assembleMs, computeMs, mergeMs, updateMs };
  return { type: 'stepTaken', step, epoch, rows, loss, heads, rejected, ...times };
}
