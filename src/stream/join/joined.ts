import type { Observable, Subscription } from 'rxjs';
import type { Json, Rejected } from '../../core/chunk.ts';
import type { Clock } from '../../core/clock.ts';
import type { EventSink } from '../../core/event.ts';
import { emptyChunk } from '../../core/rows.ts';
import type { Flow } from '../flow.ts';
import type { DeadLetter } from '../flow-options.ts';
import { stateOf } from '../from-source.ts';
import type { StreamChunk } from '../item.ts';
import { joinedFlow } from '../joined-flow.ts';
import type { Feed } from '../pump.ts';
import type { HeldRows, StreamState } from '../state.ts';
import { checkIds, checkLabels } from './check.ts';
import { allCounts, type Counting, noCounts } from './counts.ts';
import { RowDecoder } from './decoder.ts';
import { Matcher, type MatcherOptions } from './matcher.ts';
import { type Side, Sides, type Taken } from './sides.ts';
import { JoinStore, type StorePosition } from './store.ts';
import { emptyTally, type StoreTally } from './store-tally.ts';
import { UnwritableStore } from './unwritable.ts';

export interface JoinedOptions extends MatcherOptions {
  readonly directory: string;
  readonly time: 'event' | 'processing';
  readonly name: string;
  readonly clock: Clock;
  /** Told when the disk does not take what waits, and when it does again. */
  readonly events: EventSink;
  readonly deadLetter?: DeadLetter;
  readonly restore?: StreamState;
}

interface State {
  readonly counts: Counting;
  /** The highest time seen; null before the first. */
  readonly timeMs: number | null;
  /** The side that the last row was from. */
  readonly last: Side;
  /** What the store holds: it is opened later. */
  readonly tally: StoreTally;
  /** Labels for the dead letters that have not got there. */
  readonly rejected: readonly Rejected[];
  readonly isFinished: boolean;
}

/** What there is when the store is open. */
interface Working {
  readonly store: JoinStore;
  readonly matcher: Matcher;
  readonly decoder: RowDecoder;
}

/** Rows that are taken at once, and entries that are ended at once, at most: nothing else is done meanwhile. */
const takenAtOnce = 256;
const endedAtOnce = 512;
/** After so long a disk that is full is tried again. */
const againMs = 1000;
/** Earlier than any time. */
const earliestMs = -8.64e15;

/** Rows of two streams, joined by id. */
export class Joined implements Feed {
  readonly flow: Flow;
  readonly epoch = 1;
  readonly #options: JoinedOptions;
  readonly #sides: Sides;
  readonly #subscriptions: readonly Subscription[];
  readonly #controller = new AbortController();
  #counts: Counting = { ...noCounts };
  #timeMs = earliestMs;
  #rejected: readonly Rejected[] = [];
  #isFinished = false;
  #tally = emptyTally;
  #store: JoinStore | undefined;
  /** Undefined before the first row, and after a change that the disk did not take. */
  #working: Working | undefined;
  #stall: { readonly sinceMs: number } | undefined;
  #position: StorePosition | undefined;

  constructor(samples$: Observable<StreamChunk>, labels$: Observable<StreamChunk>, options: JoinedOptions) {
    this.#options = options;
    this.#sides = new Sides();
    const { samples, labels } = this.#sides;
    this.#subscriptions = [samples$.subscribe(samples), labels$.subscribe(labels)];
    try {
      const flows = [samples.flowAt('join.samples'), labels.flowAt('join.labels')] as const;
      const { name, restore, deadLetter, time } = options;
      checkLabels(flows[1]);
      const isLive = flows.some(({ isEndless }) => isEndless);
      this.#sides.waits = !isLive;
      const reasons = [
        ...(isLive ? ['join takes samples and labels as they come: which is first depends on that'] : []),
        ...(time === 'event' ? [] : ['join lets samples expire by the clock']),
      ];
      this.flow = joinedFlow('join', flows, {
        name,
        rowsOf: [flows[0]],
        ...(reasons.length > 0 ? { notReplayable: reasons.join('; ') } : {}),
        ...(deadLetter ? { deadLetter } : {}),
        ...(restore ? { restore } : {}),
      });
      this.#restore();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #restore(): void {
    const { samples, labels } = this.#sides;
    const { restore, name } = this.#options;
    const place = restore && (stateOf(restore, name).place as { readonly position?: StorePosition });
    this.#position = place?.position;
    this.flow.at(() => {
      this.#position = this.#store?.position() ?? this.#position;
      return this.#position ? { position: this.#position } : {};
    });
    const restored = this.flow.register({
      name: 'join',
      state: () => ({
        json: {
          counts: { ...this.#counts },
          timeMs: this.#timeMs === earliestMs ? null : this.#timeMs,
          last: this.#sides.last,
          tally: { ...this.#tally },
          rejected: this.#rejected as unknown as readonly Json[],
          isFinished: this.#isFinished,
        } satisfies Record<keyof State, Json>,
        rows: { samples: samples.rows.held(), labels: labels.rows.held() },
      }),
      counts: () => allCounts(this.#counts, this.#tally),
      durable: async () => this.#store?.durable(),
      covered: async (at) => this.#store?.cover(at as unknown as StorePosition),
    });
    if (!restored) return;
    const { counts, timeMs, last, tally, rejected, isFinished } = restored.json as unknown as State;
    this.#counts = { ...counts };
    this.#timeMs = timeMs ?? earliestMs;
    this.#sides.last = last;
    this.#rejected = rejected;
    this.#isFinished = isFinished;
    this.#grant(tally);
    samples.rows.restore(restored.rows.samples as HeldRows);
    labels.rows.restore(restored.rows.labels as HeldRows);
  }

  async next(): Promise<(() => StreamChunk | undefined) | undefined> {
    const working = this.#working ?? (await this.#open());
    await this.flow.report(this.#rejected);
    this.flow.reject(this.#rejected);
    this.#rejected = [];
    while (!this.#controller.signal.aborted && !this.#isFinished) {
      if (this.#sides.next({ samples: 0, labels: 0 }) || this.#isDueByClock(working)) return () => this.#take(working);
      if (this.#sides.areOver) return () => this.#end(working);
      await this.#arrival(working);
    }
    return undefined;
  }

  async #open(): Promise<Working> {
    this.#store ??= await this.#opened();
    if (this.#controller.signal.aborted) this.#store.close();
    this.#controller.signal.throwIfAborted();
    const matcher = await this.#matcher(this.#store);
    this.#working = { store: this.#store, matcher, decoder: new RowDecoder(matcher.forms, this.flow.heads) };
    return this.#working;
  }

  /** The store as of the position, as soon as the disk takes what going back there writes. */
  async #opened(): Promise<JoinStore> {
    for (;;) {
      if (this.#stall) await this.#options.clock.sleep(againMs, this.#controller.signal);
      try {
        return await JoinStore.open(this.#options.directory, this.#position);
      } catch (error) {
        this.#stalled(error);
      }
    }
  }

  /** A matcher for what is in the store, as soon as the disk takes what that writes. */
  async #matcher(store: JoinStore): Promise<Matcher> {
    const { heads, mayHaveNewHeads } = this.#sides.labels.flowAt('join.labels');
    const awaited = mayHaveNewHeads ? undefined : heads;
    for (;;) {
      if (this.#stall) await this.#options.clock.sleep(againMs, this.#controller.signal);
      try {
        return new Matcher(store, this.flow, awaited, this.#counts, this.#options);
      } catch (error) {
        this.#stalled(error);
      }
    }
  }

  /** Changes what waits, and counts it; when the disk does not take it, nothing of that is so. @returns whether it was done */
  #change({ store, matcher }: Working, act: () => void): boolean {
    const [counts, timeMs, last] = [{ ...this.#counts }, this.#timeMs, this.#sides.last];
    try {
      store.change(act);
    } catch (error) {
      this.#stalled(error);
      [this.#counts, this.#timeMs, this.#sides.last] = [counts, timeMs, last];
      this.#working = undefined;
      return false;
    }
    const { clock, events, name: source } = this.#options;
    if (this.#stall) events({ type: 'sourceBack', source, awayMs: clock.monotonicMs() - this.#stall.sinceMs });
    this.#stall = undefined;
    matcher.book();
    this.#grant(store.tally);
    return true;
  }

  /** @throws what is no error of the disk */
  #stalled(error: unknown): void {
    if (!(error instanceof UnwritableStore)) throw error;
    const { clock, events, name: source } = this.#options;
    if (!this.#stall) events({ type: 'sourceAway', source, message: error.message });
    this.#stall ??= { sinceMs: clock.monotonicMs() };
  }

  #isDueByClock({ matcher }: Working): boolean {
    return this.#options.time === 'processing' && matcher.isDue(this.#options.clock.nowMs());
  }

  /** Resolves when a row has come, or by the clock something is due. */
  async #arrival({ matcher }: Working): Promise<void> {
    const { time, clock } = this.#options;
    const restMs = matcher.nextDueMs - clock.nowMs();
    if (time === 'event' || restMs === Number.POSITIVE_INFINITY) return this.#sides.arrival();
    const timer = new AbortController();
    const over = clock.sleep(restMs, timer.signal).catch((error) => {
      if (!timer.signal.aborted) throw error;
    });
    try {
      await Promise.race([this.#sides.arrival(), over]);
    } finally {
      timer.abort();
    }
  }

  /** Rows in their order, until one has to be waited for. */
  #take(working: Working): StreamChunk | undefined {
    const { matcher, decoder } = working;
    const sides = this.#sides;
    const taken: Taken = { samples: 0, labels: 0 };
    const isByClock = this.#options.time === 'processing';
    let ended = 0;
    const isUpToDate = (timeMs: number): boolean => {
      this.#timeMs = Math.max(this.#timeMs, timeMs);
      ended += matcher.expire(this.#timeMs, endedAtOnce - ended);
      return !matcher.isDue(this.#timeMs);
    };
    const isTaken = this.#change(working, () => {
      if (isByClock && !isUpToDate(this.#options.clock.nowMs())) return;
      while (taken.samples + taken.labels < takenAtOnce) {
        const side = sides.next(taken);
        if (!side) return;
        const { chunk, row, timeMs } = sides.at(side, taken);
        checkIds(chunk, side);
        const ownMs = isByClock ? this.#timeMs : (timeMs ?? this.#timeMs);
        if (!isUpToDate(ownMs)) return;
        if (side === 'samples') matcher.sample(chunk, row, ownMs);
        else matcher.label(chunk, row, ownMs);
        taken[side]++;
        sides.last = side;
      }
    });
    if (!isTaken) return undefined;
    sides.forward(taken);
    const { matches, rejected } = matcher.takeOut();
    this.#rejected = rejected;
    return matches.length === 0 ? undefined : { ...decoder.chunk(matches), flow: this.flow, epoch: this.epoch };
  }

  /** What waits has waited in vain, as nothing will come any more. */
  #end(working: Working): StreamChunk | undefined {
    let isAll = false;
    const isDone = this.#change(working, () => {
      isAll = working.matcher.endAll(endedAtOnce);
    });
    if (!isDone || !isAll) return undefined;
    this.#isFinished = true;
    return { ...emptyChunk, flow: this.flow, epoch: this.epoch, epochEnd: this.epoch };
  }

  /** Lets as much more be pending as waits: it takes up no memory. */
  #grant(tally: StoreTally): void {
    this.flow.grant({ rows: tally.samplesWaiting - this.#tally.samplesWaiting });
    this.#tally = tally;
  }

  close(): void {
    this.#controller.abort();
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    this.#sides.samples.close();
    this.#sides.labels.close();
    this.#store?.close();
  }
}
