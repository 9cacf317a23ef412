import { expect } from 'vitest';
import { chunkBytes } from '../../src/core/rows.ts';
import type { Flow } from '../../src/stream/flow.ts';
import type { Operator } from '../../src/stream/flow-operator.ts';
import type { StreamChunk } from '../../src/stream/item.ts';
import type { HeldRows } from '../../src/stream/state.ts';
import type { ChainPlan } from './chain.ts';
import { heads } from './sample.ts';

/** Bytes of a row of the sample source, at most: numbers, places, text, labels with a weight, key, id, time, origin. */
const rowBytes = 8 + 2 * (8 + 12) + 3 * 5 + 4 + 4 + 10 + 8 + 4 + 1;

/** What the streams of a plan may hold, and what they do: in bytes. */
export class Bounds {
  readonly #plan: ChainPlan;
  /** Each flow with the bytes of the largest item that went from one of its operators to the next. */
  readonly #largest = new Map<Flow, number>();

  constructor(plan: ChainPlan) {
    this.#plan = plan;
  }

  get flows(): Iterable<Flow> {
    return this.#largest.keys();
  }

  /** @throws what `expect` throws when an operator or a ledger holds more than it may */
  check(item: StreamChunk): void {
    const { flow } = item;
    this.#largest.set(flow, Math.max(this.#largest.get(flow) ?? 0, chunkBytes(item)));
    this.checkAll();
  }

  checkAll(): void {
    for (const [flow, largest] of this.#largest) {
      this.#checkPending(flow, largest);
      const state = flow.state()[flow.name];
      flow.operators.forEach((operator, place) => {
        // Where streams meet, what waits are their items.
        const isMeeting = operator.name === 'interleave' || operator.name === 'join';
        const item = isMeeting ? Math.max(...this.#largest.values()) : largest;
        for (const [name, held] of Object.entries(state?.operators[place]?.state.rows ?? {}))
          if (name === 'emitted') expect(held.of.length).toBeLessThanOrEqual(flow.credit.pending.rows);
          else this.#checkHeld(operator, name, held, item);
        if (operator.name === 'join') this.#checkStore(operator);
      });
    }
  }

  /** What was read and has come to no outcome: credit, what operators hold, and what reading went on for without credit. */
  #checkPending(flow: Flow, largest: number): void {
    const { credit, sources, batchRows } = this.#plan;
    const isSource = flow.name.startsWith('source');
    const own = isSource ? credit : { rows: 1024, sizeBytes: sources.length * credit.sizeBytes };
    const sized = flow.operators.flatMap(({ bound }) => (bound?.sizeBytes === undefined ? [] : [bound]));
    const unsizedRows = flow.credit.granted.rows - own.rows - sized.reduce((sum, { rows }) => sum + rows, 0);
    const sizedBytes = sized.reduce((sum, { sizeBytes = 0 }) => sum + 2 * sizeBytes, 0);
    const repeats = flow.counts().repeats.pending;
    const allowed = own.sizeBytes + sizedBytes + (unsizedRows + repeats + batchRows) * rowBytes + largest;
    expect(flow.credit.pending.sizeBytes, `pending in ${flow.name}`).toBeLessThanOrEqual(allowed);
  }

  /** What is kept from being freed: twice what an operator may hold, and two chunks, one of which is being taken in. */
  #checkHeld({ name, bound }: Operator, what: string, held: HeldRows, largest: number): void {
    const pinned = held.chunks.reduce((sum, chunk) => sum + chunkBytes(chunk), 0);
    const steps = [...this.#plan.steps, ...this.#plan.sources.flatMap((source) => source.steps)];
    const kept = steps.flatMap((step) => (step.type === 'reservoir' ? [step.rowsPerHead * heads.length] : []));
    const rows = name === 'reservoir' ? Math.max(0, ...kept) : (bound?.rows ?? held.of.length);
    const allowed = Math.min(bound?.sizeBytes ?? Number.POSITIVE_INFINITY, rows * rowBytes);
    expect(pinned, `${what} of ${name}`).toBeLessThanOrEqual(2 * Math.max(allowed, rowBytes) + 2 * largest);
  }

  #checkStore({ counts }: Operator): void {
    const { meeting } = this.#plan;
    const { items = 0, sizeBytes = 0 } = counts?.() ?? {};
    if (meeting.type !== 'join') return;
    expect(items).toBeLessThanOrEqual(meeting.maxItems);
    expect(sizeBytes).toBeLessThanOrEqual(meeting.maxBytes);
  }
}
