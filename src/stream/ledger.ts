import type { Json, RejectedAt } from '../core/chunk.ts';
import { TrunklineError } from '../core/error.ts';

/** What may become of a row; each row comes to one of these once. `forwarded` is to another flow, which goes on counting. */
export const outcomes = [
  'trained',
  'evaluated',
  'filtered',
  'unlabelled',
  'rejected',
  'expired',
  'duplicate',
  'forwarded',
] as const;
export type Outcome = (typeof outcomes)[number];
export type OutcomeCounts = Readonly<Record<Outcome, number>>;

/** What became of rows so far: received = pending + Σ outcomes, at every moment. */
export interface FlowCounts {
  /** Rows and records that came from the source, in every epoch. */
  readonly received: number;
  /** Rows whose outcome is not known yet. */
  readonly pending: number;
  readonly outcomes: OutcomeCounts;
  /** Rows that were sent once more, and what became of them: they are in none of the other counts. */
  readonly repeats: { readonly received: number; readonly pending: number; readonly outcomes: OutcomeCounts };
  /** Rejected rows by reason. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Rejected labels of rows that went on without them, by head. */
  readonly rejectedLabels: Readonly<Record<string, number>>;
}

type Counts = Record<string, number>;

/** Outcomes, as they were counted at one place. */
export class Tally {
  outcomes: Counts = {};
  repeats: Counts = {};
  rejected: Counts = {};
  rejectedLabels: Counts = {};

  /** Records and labels that were rejected. */
  get rejections(): number {
    return total(this.rejected) + total(this.rejectedLabels);
  }

  /** A copy that JSON can hold. */
  state(): Json {
    const { outcomes, repeats, rejected, rejectedLabels } = this;
    return {
      outcomes: { ...outcomes },
      repeats: { ...repeats },
      rejected: { ...rejected },
      rejectedLabels: { ...rejectedLabels },
    };
  }

  restore(state: Json): void {
    Object.assign(this, structuredClone(state));
  }
}

/** How many records and labels had been rejected there, as a state says. */
export function rejectionsOf({ passed, ended }: LedgerState, stage: RejectedAt['stage']): number {
  const tally = new Tally();
  tally.restore(stage === 'read' ? passed : ended);
  return tally.rejections;
}

/** Rows, and the bytes they take up. */
export interface Amount {
  readonly rows: number;
  readonly sizeBytes: number;
}

export interface LedgerState {
  readonly received: number;
  readonly repeated: number;
  /** Bytes of a row, on average. */
  readonly rowBytes: number;
  /** Outcomes on the way to the end, and at the end. */
  readonly passed: Json;
  readonly ended: Json;
}

/**
 * Counts rows of one subscription. A row has the average size of those that are pending, so that all bytes are given
 * back when the last row is.
 */
export class Ledger {
  /** Where rows were sent, for errors. */
  readonly #name: string;
  #received = 0;
  #repeated = 0;
  #pending = 0;
  #pendingRepeats = 0;
  #pendingBytes = 0;
  /** Outcomes on the way, and those of the end: what a state that follows a batch says of the end is known later. */
  readonly passed = new Tally();
  readonly ended = new Tally();

  constructor(name: string) {
    this.#name = name;
  }

  /** Rows whose outcome is not known, repeats included. */
  get pending(): Amount {
    return { rows: this.#pending + this.#pendingRepeats, sizeBytes: this.#pendingBytes };
  }

  receive({ rows, sizeBytes }: Amount): void {
    this.#received += rows;
    this.#pending += rows;
    this.#pendingBytes += sizeBytes;
  }

  repeat({ rows, sizeBytes }: Amount): void {
    this.#repeated += rows;
    this.#pendingRepeats += rows;
    this.#pendingBytes += sizeBytes;
  }

  /**
   * Rows that came to an outcome.
   * @param repeats how many of them were sent once more
   * @throws TrunklineError when there are more than are pending
   */
  settle(tally: Tally, outcome: Outcome, rows: number, repeats = 0): void {
    const [pending, again] = [this.#pending, this.#pendingRepeats];
    if (rows - repeats > pending || repeats > again)
      throw new TrunklineError({
        where: `rows of '${this.#name}'`,
        expected: `at most ${pending} that are pending, and ${again} repeats, to become '${outcome}'`,
        found: `${rows - repeats}, and ${repeats} repeats`,
        hint: 'a row has one outcome: subscribe once, or let each subscription read for itself',
      });
    if (rows > 0) this.#pendingBytes *= (pending + again - rows) / (pending + again);
    this.#pending -= rows - repeats;
    this.#pendingRepeats -= repeats;
    add(tally.outcomes, outcome, rows - repeats);
    add(tally.repeats, outcome, repeats);
  }

  counts(): FlowCounts {
    const sum = (of: 'outcomes' | 'repeats' | 'rejected' | 'rejectedLabels'): Counts => {
      const total = { ...this.passed[of] };
      for (const [name, count] of Object.entries(this.ended[of])) add(total, name, count);
      return total;
    };
    const all = (counts: Counts): OutcomeCounts =>
      Object.fromEntries(outcomes.map((outcome) => [outcome, counts[outcome] ?? 0])) as OutcomeCounts;
    const [own, again] = [sum('outcomes'), sum('repeats')];
    return {
      received: this.#received,
      pending: this.#pending,
      outcomes: all(own),
      repeats: { received: this.#repeated, pending: this.#pendingRepeats, outcomes: all(again) },
      rejected: sum('rejected'),
      rejectedLabels: sum('rejectedLabels'),
    };
  }

  state(): LedgerState {
    const { rows, sizeBytes } = this.pending;
    return {
      received: this.#received,
      repeated: this.#repeated,
      rowBytes: rows > 0 ? sizeBytes / rows : 0,
      passed: this.passed.state(),
      ended: this.ended.state(),
    };
  }

  restore({ received, repeated, rowBytes, passed, ended }: LedgerState): void {
    this.#received = received;
    this.#repeated = repeated;
    this.passed.restore(passed);
    this.ended.restore(ended);
    const { outcomes: own, repeats: again } = this.counts();
    this.#pending = received - total(own);
    this.#pendingRepeats = repeated - total(again.outcomes);
    this.#pendingBytes = this.pending.rows * rowBytes;
  }
}

/** Adds to one of several counts. */
export function add(counts: Counts, name: string, count: number): void {
  if (count !== 0) counts[name] = (counts[name] ?? 0) + count;
}

function total(counts: Counts): number {
  let sum = 0;
  for (const count of Object.values(counts)) sum += count;
  return sum;
}
