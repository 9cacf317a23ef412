import type { Json, Rejected, RejectedAt } from '../core/chunk.ts';
import { ConfigError, TrunklineError } from '../core/error.ts';
import type { FlowSnapshot } from '../core/flow-snapshot.ts';
import type { Source } from '../source/source.ts';
import type { Bound, Operator } from './flow-operator.ts';
import type { FlowOptions, Origin } from './flow-options.ts';
import { type Amount, add, type FlowCounts, Ledger, type Outcome } from './ledger.ts';
import type { FlowState, OperatorState, StreamState } from './state.ts';

/**
 * One subscription to a source: how much may be read, what became of every row, and which operators it passes. It
 * travels with the rows, because RxJS has no way upstream.
 */
export class Flow {
  readonly name: string;
  readonly origins: readonly Origin[];
  readonly heads: readonly string[];
  readonly mayHaveNewHeads: boolean;
  readonly inputs: Source['inputs'];
  readonly isEndless: boolean;
  /** How much is read ahead of what the operators hold. */
  readonly ahead: Amount;
  readonly #options: FlowOptions;
  readonly #ledger: Ledger;
  readonly #controller = new AbortController();
  readonly #operators: Operator[] = [];
  readonly #consumers: (() => boolean)[] = [];
  readonly #feeders: Flow[] = [];
  #granted: Amount;
  /** Rows that were granted whatever their bytes. */
  #unsized = 0;
  #place: () => Json = () => null;
  #wake: (() => void) | undefined;

  constructor(options: FlowOptions) {
    this.name = options.name;
    this.origins = options.origins;
    this.heads = options.heads;
    this.mayHaveNewHeads = options.mayHaveNewHeads ?? false;
    this.inputs = options.inputs ?? {};
    this.isEndless = options.isEndless ?? false;
    this.ahead = options.credit;
    this.#options = options;
    this.#ledger = new Ledger(options.name);
    this.#granted = options.credit;
    if (options.restore) this.#ledger.restore(options.restore.ledger);
  }

  /** Aborts when the stream ends, for whatever reason. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Rows that were received, and what became of them. */
  counts(): FlowCounts {
    return this.#ledger.counts();
  }

  /** This flow, and those that are joined into it, as they are now. */
  snapshots(): readonly FlowSnapshot[] {
    const { repeats, ...counts } = this.counts();
    const { pending: queued, granted } = this.credit;
    const operators = this.#operators.map((operator) => ({ name: operator.name, counts: operator.counts?.() ?? {} }));
    const own = { name: this.name, ...counts, repeated: repeats.received, queued, granted, operators };
    return [...this.#feeders.flatMap((feeder) => feeder.snapshots()), own];
  }

  /** What may be pending before reading stops, and what is pending. */
  get credit(): { readonly granted: Amount; readonly pending: Amount } {
    const pending = this.#ledger.pending;
    const unsizedBytes = pending.rows > 0 ? (this.#unsized * pending.sizeBytes) / pending.rows : 0;
    const { rows, sizeBytes } = this.#granted;
    return { granted: { rows: rows + this.#unsized, sizeBytes: sizeBytes + unsizedBytes }, pending };
  }

  /** Operators in their order, with what they hold at most. */
  get operators(): readonly Operator[] {
    return this.#operators;
  }

  /**
   * Makes an operator known. Operators do so in their order, with the first item they see.
   * @returns what it goes on from, if the stream goes on from a state
   * @throws ConfigError when the state is of other operators
   */
  register(operator: Operator): OperatorState | undefined {
    const place = this.#operators.length;
    this.#operators.push(operator);
    if (operator.bound) this.grant(operator.bound);
    const { restore } = this.#options;
    const restored = restore?.operators[place];
    if (restore && restored?.name !== operator.name) throw this.#otherOperators();
    return restored?.state;
  }

  /** @throws ConfigError when a state has operators that the stream does not have */
  checkRestored(): void {
    if ((this.#options.restore?.operators.length ?? 0) > this.#operators.length) throw this.#otherOperators();
  }

  #otherOperators(): ConfigError {
    const names = (operators: readonly { readonly name: string }[]): string =>
      operators.map(({ name }) => name).join(', ') || 'none';
    return new ConfigError({
      where: `state of '${this.name}'`,
      expected: `that of its operators: ${names(this.#operators)}`,
      found: `one of ${names(this.#options.restore?.operators ?? [])}`,
      hint: 'go on with the operators that the state was taken from, in their order',
    });
  }

  /** Lets so much more be pending. */
  grant({ rows, sizeBytes }: Bound): void {
    const granted = this.#granted;
    if (sizeBytes === undefined) this.#unsized += rows;
    else this.#granted = { rows: granted.rows + rows, sizeBytes: granted.sizeBytes + sizeBytes };
    this.changed();
  }

  /** Makes known who uses up rows. While nobody has anything to do, reading goes on whatever the credit. */
  consumer(idle: () => boolean): void {
    this.#consumers.push(idle);
  }

  /** Whether somebody uses up rows, and so says what becomes of those that were emitted. */
  get consumed(): boolean {
    return this.#consumers.length > 0;
  }

  /** Makes known a flow whose rows are passed on to this one. */
  fedBy(feeder: Flow): void {
    this.#feeders.push(feeder);
  }

  /** Says where the source is when it is asked. */
  at(place: () => Json): void {
    this.#place = place;
  }

  /** Rows came from the source. */
  receive(amount: Amount): void {
    this.#ledger.receive(amount);
  }

  /** Rows are sent once more: what becomes of them is counted apart. */
  repeat(amount: Amount): void {
    this.#ledger.repeat(amount);
  }

  /** Rows came to an outcome on the way. */
  settle(outcome: Outcome, rows: number, repeats = 0): void {
    this.#ledger.settle(this.#ledger.passed, outcome, rows, repeats);
    this.changed();
  }

  /** Rows came to an outcome at the end, in the order in which batches were emitted. */
  finish(outcome: Outcome, rows: number, repeats = 0): void {
    this.#ledger.settle(this.#ledger.ended, outcome, rows, repeats);
    if (rows > 0) this.#ended(rows);
    this.changed();
  }

  /** Everything of an epoch came to an outcome. */
  epochEnded(): void {
    this.#ended(0);
  }

  #ended(rows: number): void {
    for (const operator of this.#operators) operator.ended?.(rows);
  }

  /** Hands on what could not be read. */
  async report(rejected: readonly Rejected[]): Promise<void> {
    await this.#report('read', this.#ledger.passed.rejections, rejected);
  }

  async #report(stage: RejectedAt['stage'], before: number, rejected: readonly Rejected[]): Promise<void> {
    let number = before;
    for (const one of rejected) await this.#options.deadLetter?.(one, { flow: this.name, stage, number: ++number });
  }

  /**
   * Counts what could not be read.
   * @throws TrunklineError when more is rejected than the limit allows
   */
  reject(rejected: readonly Rejected[]): void {
    const tally = this.#ledger.passed;
    for (const { head, reason } of rejected) {
      if (head !== undefined) add(tally.rejectedLabels, head, 1);
      else {
        this.#ledger.receive({ rows: 1, sizeBytes: 0 });
        this.#ledger.settle(tally, 'rejected', 1);
        add(tally.rejected, reason, 1);
      }
    }
    if (rejected.length > 0) this.#checkLimit(rejected);
  }

  /** Counts labels that a step was taken without, and hands their ids on. */
  async rejectLabels(rejected: readonly (Rejected & { readonly head: string })[]): Promise<void> {
    const tally = this.#ledger.ended;
    const before = tally.rejections;
    for (const { head } of rejected) add(tally.rejectedLabels, head, 1);
    await this.#report('step', before, rejected);
  }

  #checkLimit(latest: readonly Rejected[]): void {
    const { rejectLimit } = this.#options;
    const { received, outcomes, rejected } = this.counts();
    if (!rejectLimit || received < rejectLimit.after || outcomes.rejected <= rejectLimit.share * received) return;
    const reasons = Object.entries(rejected).map(([reason, count]) => `${count} × ${reason}`);
    throw new TrunklineError([
      {
        where: `source '${this.name}'`,
        expected: `at most ${100 * rejectLimit.share} % of the records rejected`,
        found: `${outcomes.rejected} of ${received}: ${reasons.join(', ')}`,
        hint: 'the latest of them follow',
      },
      ...latest.slice(-3).map(({ issue }) => issue),
    ]);
  }

  /** Whether more is to be read: there is credit, or nobody has anything to do. */
  get wanted(): boolean {
    const { granted, pending } = this.credit;
    if (pending.rows < granted.rows && pending.sizeBytes < granted.sizeBytes) return true;
    return this.#consumers.every((idle) => idle());
  }

  /** Resolves when more is to be read, or the stream has ended. */
  async untilWanted(): Promise<void> {
    while (!this.signal.aborted && !this.wanted)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    for (const operator of this.#operators) if (operator.ready) await operator.ready();
  }

  /** Says that `wanted` may have become another. */
  changed(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** Ends the stream. */
  end(reason?: unknown): void {
    this.#controller.abort(reason);
    this.changed();
  }

  /**
   * What the stream goes on from: of this flow, and of those that are joined into it. Rows that were emitted and have not
   * come to an outcome are in it. To be called when no outcome of a batch is known in part.
   */
  state(): StreamState {
    const own: FlowState = {
      place: this.#place(),
      ledger: this.#ledger.state(),
      operators: this.#operators.map((operator) => ({ name: operator.name, state: operator.state() })),
    };
    return Object.assign({}, ...this.#feeders.map((feeder) => feeder.state()), { [this.name]: own });
  }

  /** Resolves when everything that a state of now refers to is on the disk. */
  async durable(): Promise<void> {
    await Promise.all(this.#feeders.map((feeder) => feeder.durable()));
    for (const operator of this.#operators) await operator.durable?.();
  }

  /** Says that nobody goes on from before these places, by the names of flows. */
  async covered(places: ReadonlyMap<string, Json>): Promise<void> {
    for (const feeder of this.#feeders) await feeder.covered(places);
    const own = places.get(this.name);
    if (own !== undefined) for (const operator of this.#operators) await operator.covered?.(own);
  }

  /** Why a run that is repeated may differ; empty when it may not. */
  get notReplayable(): readonly string[] {
    const reasons = [this.#options, ...this.#operators].map(({ notReplayable }) => notReplayable);
    const before = this.#feeders.flatMap((feeder) => feeder.notReplayable);
    return [...before, ...reasons.filter((reason) => reason !== undefined)];
  }
}
