import type { HeadsEvaluated, StepTaken } from '../../src/core/train-event.ts';

interface Step extends Partial<Omit<StepTaken, 'type' | 'heads'>> {
  /** Loss and labels of each head, and its denominator where it is not its labels. */
  readonly heads?: Readonly<Record<string, readonly [loss: number, labels: number, denominator?: number]>>;
}

export function stepTaken({ heads = {}, ...rest }: Step = {}): StepTaken {
  return {
    type: 'stepTaken',
    step: 1,
    epoch: 1,
    rows: 1,
    loss: 0,
    rejected: {},
    gradientNorms: {},
    learningRates: {},
    waitMs: 0,
    assembleMs: 0,
    computeMs: 0,
    mergeMs: 0,
    updateMs: 0,
    ...rest,
    heads: Object.fromEntries(
      Object.entries(heads).map(([name, [loss, labels, denominator = labels]]) => [
        name,
        { loss, labels, weight: 1, denominator },
      ]),
    ),
  };
}

export function headsEvaluated(heads: HeadsEvaluated['heads'], step = 1): HeadsEvaluated {
  return { type: 'headsEvaluated', source: 'test', step, epoch: 1, rows: 1000, heads, durationMs: 1500 };
}
