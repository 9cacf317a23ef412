import type { OperatorFunction } from 'rxjs';
import { markLabelled } from '../core/labelled.ts';
import type { Batch } from '../step/batch.ts';
import type { TakeOptions } from '../step/flight.ts';
import type { SkippedStep, StepReport } from '../step/report.ts';
import type { Flow } from './flow.ts';
import { inTurn } from './in-turn.ts';
import type { EpochEnd, StepItem, StreamBatch } from './item.ts';

/** What takes gradient steps: a `StepRunner`. */
export interface StepTaker {
  take(batch: Batch, options?: TakeOptions): Promise<StepReport | SkippedStep>;
}

export interface TakeStepsOptions {
  /** Whether reports come with the best guesses of all rows; false when left out. */
  readonly points?: boolean;
  /** Heads with `prequential` are scored after every so many steps, in whose reports the scores are; 100 when left out. */
  readonly scoreEverySteps?: number;
  /** Called with the end of an epoch. No later step is begun before it has resolved. */
  readonly pause?: (end: EpochEnd) => Promise<void>;
  /** See `TakeOptions.ended`. */
  readonly ended?: NonNullable<TakeOptions['ended']>;
  /** Resolves when the next step may be begun; at once when left out. */
  readonly mayBegin?: () => Promise<void>;
}

/** Batches under way: while one is computed, the next is written. */
const inFlight = 2;

/** Scoring takes longer than copying rows: once for so many steps it is a small part of them. */
const stepsPerScore = 100;

/**
 * Takes a step with every batch, in order, and reports it. While one is computed, the next is prepared. Counts what
 * became of every row: it was trained on when a label of it was; without a label it is `unlabelled`, and `rejected` when
 * its labels were all left out because their loss or gradient was not finite, or a spike. Ids of such go to the dead letters.
 * @throws what the taker throws, when the steps under way have ended
 */
export function takeSteps(
  taker: StepTaker,
  { points = false, scoreEverySteps = stepsPerScore, pause, ended, mayBegin }: TakeStepsOptions = {},
): OperatorFunction<StreamBatch, StepItem> {
  return inTurn<StreamBatch, { readonly waitMs: number; readonly taken?: StepReport | SkippedStep }, StepItem>(
    (emit) => {
      const flows = new Map<Flow, number>();
      return {
        inFlight,
        arrive({ flow, rows }, idle) {
          if (!flows.has(flow)) flow.consumer(idle);
          const granted = flows.get(flow) ?? 0;
          flows.set(flow, Math.max(granted, rows));
          if (rows > granted) flow.grant({ rows: inFlight * (rows - granted) });
        },
        async begin(batch, waitMs) {
          if (batch.rows === 0) return { waitMs };
          if (mayBegin) await mayBegin();
          // Rows without a label that came this far are to be kept: whoever made the batch has dropped the others.
          const how = { points, scoreEverySteps, keepUnlabelled: true, ...(ended ? { ended } : {}) };
          return { waitMs, taken: await taker.take(batch, how) };
        },
        pauses: ({ epochEnd }) => epochEnd !== undefined,
        async end(batch, { waitMs, taken }) {
          const { flow, epoch, epochEnd } = batch;
          if (taken) {
            settle(batch, 'skipped' in taken ? [] : Object.keys(taken.heads));
            await rejectLabels(batch, taken);
          }
          if (taken) {
            const assembleMs = batch.assembleMs + ('assembleMs' in taken ? taken.assembleMs : 0);
            emit({ ...taken, assembleMs, waitMs, batch, epoch });
          }
          if (epochEnd === undefined) return;
          flow.epochEnded();
          const end = { epochEnd, flow };
          emit(end);
          await pause?.(end);
        },
        changed() {
          for (const flow of flows.keys()) flow.changed();
        },
      };
    },
  );
}

/** Counts what became of the rows of a batch. */
function settle({ flow, rows, labels, repeats }: StreamBatch, trained: readonly string[]): void {
  const isTrained = new Uint8Array(rows);
  const left = markLabelled(isTrained, labels, trained);
  const isLabelled = isTrained.slice();
  if (left > 0) markLabelled(isLabelled, labels, Object.keys(labels));
  const counts = { trained: 0, rejected: 0, unlabelled: 0 };
  const again = { trained: 0, rejected: 0, unlabelled: 0 };
  for (let row = 0; row < rows; row++) {
    const outcome = isTrained[row] ? 'trained' : isLabelled[row] ? 'rejected' : 'unlabelled';
    counts[outcome]++;
    if (repeats?.[row]) again[outcome]++;
  }
  for (const outcome of ['trained', 'rejected', 'unlabelled'] as const)
    if (counts[outcome] > 0) flow.finish(outcome, counts[outcome], again[outcome]);
}

/** Labels that the step was taken without go to the dead letters. */
async function rejectLabels(
  { flow, rows, labels, ids }: StreamBatch,
  { rejected, spikes = {} }: StepReport | SkippedStep,
): Promise<void> {
  for (const [head, found] of Object.entries(rejected)) {
    const isSpike = head in spikes;
    const expected = isSpike ? 'a loss as it usually is' : 'a finite loss and gradient';
    const issue = { where: `head "${head}"`, expected, found };
    const present = labels[head]?.present;
    const bad = Array.from({ length: rows }, (_, row) => row).filter((row) => present?.[row]);
    await flow.rejectLabels(
      bad.map((row) => ({
        reason: isSpike ? 'spike' : 'notFinite',
        issue,
        head,
        ...(ids?.[row] === undefined ? {} : { id: ids[row] }),
      })),
    );
  }
}
