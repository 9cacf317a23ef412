import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { TrunklineError } from '../../src/core/error.ts';
import type { Batch } from '../../src/step/batch.ts';
import type { SkippedStep, StepReport } from '../../src/step/report.ts';
import { Flow } from '../../src/stream/flow.ts';
import type { StepItem, StreamBatch } from '../../src/stream/item.ts';
import { type StepTaker, takeSteps } from '../../src/stream/take-steps.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Steps that end when they are told to. */
class Steps implements StepTaker {
  readonly begun: { readonly batch: Batch; end(rejected?: Record<string, string>): void; fail(error: Error): void }[] =
    [];
  taken = 0;

  take(batch: Batch): Promise<StepReport | SkippedStep> {
    return new Promise((resolve, reject) => {
      const end = (rejected: Record<string, string> = {}): void => {
        const heads = Object.keys(batch.labels).filter((head) => !(head in rejected));
        const { rows } = batch;
        if (heads.length === 0) resolve({ skipped: 'notFinite', rows, rejected });
        else resolve(reportOf(++this.taken, rows, heads, rejected));
      };
      this.begun.push({ batch, end, fail: reject });
    });
  }
}

function reportOf(step: number, rows: number, heads: readonly string[], rejected: Record<string, string>): StepReport {
  const head = { loss: 1, labels: 1, denominator: 1, weight: 1 };
  const times = { assembleMs: 0, computeMs: 0, mergeMs: 0, updateMs: 0 };
  const ofHeads = Object.fromEntries(heads.map((name) => [name, head]));
  return { step, rows, loss: 1, heads: ofHeads, rejected, dropped: 0, gradientNorms: {}, learningRates: {}, ...times };
}

function openFlow(deadLetters: unknown[] = []): Flow {
  return new Flow({
    name: 'test',
    origins: [{ source: 'test', tags: [] }],
    heads: ['a', 'b'],
    credit: { rows: 4, sizeBytes: 1000 },
    deadLetter: (rejected) => void deadLetters.push(rejected),
  });
}

/** A batch of some rows whose heads have labels where there is an x. */
function batchOf(flow: Flow, labels: Readonly<Record<string, string>>, more: Partial<StreamBatch> = {}): StreamBatch {
  const rows = Object.values(labels)[0]?.length ?? 0;
  flow.receive({ rows, sizeBytes: rows * 8 });
  const column = (marks: string) => ({
    values: new Float32Array(rows),
    present: Uint8Array.from(marks, (mark) => Number(mark === 'x')),
  });
  return {
    flow,
    epoch: 1,
    rows,
    inputs: {},
    labels: Object.fromEntries(Object.entries(labels).map(([head, marks]) => [head, column(marks)])),
    keys: Int32Array.from({ length: rows }, (_, row) => row),
    sizeBytes: rows * 8,
    assembleMs: 0,
    ...more,
  };
}

describe('takeSteps', () => {
  it('has two batches under way, and reports in order', async () => {
    const [flow, steps, batches$] = [openFlow(), new Steps(), new Subject<StreamBatch>()];
    const items: StepItem[] = [];
    batches$.pipe(takeSteps(steps)).subscribe((item) => items.push(item));
    for (let at = 0; at < 3; at++) batches$.next(batchOf(flow, { a: 'xx' }));
    batches$.next({ ...batchOf(flow, {}), epochEnd: 1 });
    expect(steps.begun).toHaveLength(2);
    steps.begun[1]?.end();
    await settled();
    expect(items).toEqual([]);
    expect(steps.begun).toHaveLength(2);
    steps.begun[0]?.end();
    await settled();
    expect(items).toHaveLength(2);
    steps.begun[2]?.end();
    await settled();
    expect(items.map((item) => ('epochEnd' in item ? 'end' : item.rows))).toEqual([2, 2, 2, 'end']);
    expect(flow.counts()).toMatchObject({ received: 6, pending: 0, outcomes: { trained: 6 } });
  });

  it('counts what became of each row, and hands on ids of labels that were left out', async () => {
    const deadLetters: unknown[] = [];
    const [flow, steps, batches$] = [openFlow(deadLetters), new Steps(), new Subject<StreamBatch>()];
    batches$.pipe(takeSteps(steps)).subscribe();
    const ids = ['p', 'q', 'r', 's'];
    batches$.next(batchOf(flow, { a: 'x--x', b: 'xx--' }, { ids, repeats: Uint8Array.of(0, 0, 0, 0) }));
    steps.begun[0]?.end({ b: 'loss NaN' });
    await settled();
    const { pending, outcomes, rejectedLabels } = flow.counts();
    expect({ pending, outcomes, rejectedLabels }).toEqual({
      pending: 0,
      outcomes: {
        trained: 2,
        evaluated: 0,
        filtered: 0,
        unlabelled: 1,
        rejected: 1,
        expired: 0,
        duplicate: 0,
        forwarded: 0,
      },
      rejectedLabels: { b: 2 },
    });
    const issue = { where: 'head "b"', expected: 'a finite loss and gradient', found: 'loss NaN' };
    expect(deadLetters).toEqual(['p', 'q'].map((id) => ({ reason: 'notFinite', head: 'b', id, issue })));
  });

  it('passes on what the taker throws when the steps under way have ended', async () => {
    const [flow, steps, batches$] = [openFlow(), new Steps(), new Subject<StreamBatch>()];
    const errors: unknown[] = [];
    batches$.pipe(takeSteps(steps)).subscribe({ error: (error) => errors.push(error) });
    for (let at = 0; at < 3; at++) batches$.next(batchOf(flow, { a: 'x' }));
    const error = new Error('broken');
    steps.begun[0]?.fail(error);
    await settled();
    expect(errors).toEqual([]);
    steps.begun[1]?.end();
    await settled();
    expect(errors).toEqual([error]);
    expect(steps.begun).toHaveLength(2);
    expect(batches$.observed).toBe(false);
  });

  it('takes what has arrived before it passes on an error of the stream', async () => {
    const [flow, steps, batches$] = [openFlow(), new Steps(), new Subject<StreamBatch>()];
    const seen: unknown[] = [];
    batches$.pipe(takeSteps(steps)).subscribe({ next: () => seen.push('step'), error: (error) => seen.push(error) });
    batches$.next(batchOf(flow, { a: 'x' }));
    batches$.error('medium');
    steps.begun[0]?.end();
    await settled();
    expect(seen).toEqual(['step', 'medium']);
  });

  it('refuses rows that have had their outcome', () => {
    const flow = openFlow();
    flow.receive({ rows: 2, sizeBytes: 16 });
    flow.finish('trained', 2);
    expect(() => flow.finish('trained', 1)).toThrow(
      new TrunklineError({
        where: "rows of 'test'",
        expected: "at most 0 that are pending, and 0 repeats, to become 'trained'",
        found: '1, and 0 repeats',
        hint: 'a row has one outcome: subscribe once, or let each subscription read for itself',
      }),
    );
  });
});
