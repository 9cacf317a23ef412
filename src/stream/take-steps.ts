import type { OperatorFunction } from 'rxjs';
import type { Batch } from '../step/batch.ts';
import type { SkippedStep, StepReport } from '../step/report.ts';
import type { Flow } from './flow.ts';
import { inTurn } from './in-turn.ts';
import type { StepItem, StreamBatch } from './item.ts';
import { markLabelled } from './labelled.ts';

/** What takes gradient steps: a `StepRunner`. */
export interface StepTaker {
  take(batch: Batch, options?: { readonly points?: boolean }): Promise<StepReport | SkippedStep>;
}

export interface TakeStepsOptions {
  /** Whether reports come with the best guesses of all rows; false when left out. */
  readonly points?: boolean;
  /**
   * Called with a step whose batch carries the stream's state, or with the end of an epoch that follows it. No later step is begun before
   * it has resolved: what the taker has learned is what it had learned by then.
   */
  readonly pause?: (item: StepItem) => Promise<void>;
}

/** Batches under way: while one is computed, the next is written. */
const inFlight = 2;

/**
 * Takes a step with every batch, in order, and reports it. While one is computed, the next is prepared. Counts what
 * became of every row: it was trained on when a label of it was; without a label it is `unlabelled`, and `rejected` when
 * its labels were all left out because their loss or gradient was not finite. Ids of such go to the dead letters.
 * @throws what the taker throws, when the steps under way have ended
 */
export function takeSteps(
  taker: StepTaker,
  { points = false, pause }: TakeStepsOptions = {},
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
          return batch.rows === 0 ? { waitMs } : { waitMs, taken: await taker.take(batch, { points }) };
        },
        pauses: ({ state, epochEnd }) => state !== undefined || epochEnd !== undefined,
        async end(batch, { waitMs, taken }) {
          const { flow, epoch, epochEnd, state } = batch;
          if (taken) {
            settle(batch, 'skipped' in taken ? [] : Object.keys(taken.heads));
            await rejectLabels(batch, taken.rejected);
          }
          const completed = state ? { state: flow.completed(state) } : {};
          if (taken) {
            const assembleMs = batch.assembleMs + ('assembleMs' in taken ? taken.assembleMs : 0);
            const item = { ...taken, assembleMs, waitMs, batch, epoch, ...completed };
            emit(item);
            if (state && epochEnd === undefined) await pause?.(item);
          }
          if (epochEnd === undefined) return;
          const end = { epochEnd, flow, ...completed };
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
async function rejectLabels({ flow, rows, labels, ids }: StreamBatch, rejected: StepReport['rejected']): Promise<void> {
  for (const [head, found] of Object.entries(rejected)) {
    const issue = { where: `head "${head}"`, expected: 'a finite loss and gradient', found };
    const present = labels[head]?.present;
    const bad = Array.from({ length: rows }, (_, row) => row).filter((row) => present?.[row]);
    await flow.rejectLabels(
      bad.map((row) => ({
        reason: 'notFinite',
        issue,
        head,
        ...(ids?.[row] === undefined ? {} : { id: ids[row] }),
      })),
    );
  }
}
