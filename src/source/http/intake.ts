import type { Clock } from '../../core/clock.ts';
import type { EventSink } from '../../core/event.ts';
import type { Parsed } from '../../core/json.ts';
import { RouteError } from '../../core/route.ts';
import type { Judge, TableColumn } from '../source.ts';
import { type Group, type Outcome, sortGroup } from './group.ts';
import type { AcceptedLog } from './log.ts';
import { busy, full, unwritable } from './refusal.ts';
import type { Answer } from './verdict.ts';

/** A request that waits to be kept. */
export interface Request {
  readonly records: readonly Parsed[];
  /** Bytes of the body. */
  readonly sizeBytes: number;
  /** What tells it from others: its idempotency key and its content. */
  readonly key?: { readonly key: Buffer; readonly digest: Buffer };
}

export interface IntakeOptions {
  readonly name: string;
  readonly columns: readonly TableColumn[];
  readonly judge: Judge;
  /** Whether records of one id are one. */
  readonly onceById: boolean;
  readonly log: AcceptedLog;
  /** How many rows and bytes there may be that were accepted and not read. */
  readonly backlog: { readonly rows: number; readonly sizeBytes: number };
  /** How many bytes the log may have. */
  readonly logBytes: number;
  readonly clock: Clock;
  readonly events: EventSink;
}

interface Waiting {
  readonly request: Request;
  settle(outcome: Outcome): void;
  fail(error: unknown): void;
}

/**
 * Rows and bytes that are kept in one transaction at most, unless one request alone has more: enough for a flush to cost
 * little, and few enough that sorting and judging them keeps nobody waiting.
 */
const most = { rows: 512, sizeBytes: 2 ** 20 };

/**
 * Keeps what requests bring: those that come while others are being written wait, and are then judged and written
 * together, in the order in which they came. So one flush of the disk serves them all, and a request that comes twice
 * finds the first.
 */
export class Intake {
  readonly #options: IntakeOptions;
  #waiting: Waiting[] = [];
  #held = { rows: 0, sizeBytes: 0 };
  #working: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** @throws RouteError while nothing more is taken: before a body is looked at */
  admit(sizeBytes: number, rows = 1): void {
    const { backlog, log, logBytes } = this.#options;
    if (this.#isClosed) throw this.#refuse(unwritable('the server is closing'), 'closing');
    const { rows: ownRows, sizeBytes: ownBytes } = log.unread;
    const [aheadRows, aheadBytes] = [ownRows + this.#held.rows, ownBytes + this.#held.sizeBytes];
    const isAlone = aheadRows === 0;
    if (!isAlone && (aheadRows + rows > backlog.rows || aheadBytes + sizeBytes > backlog.sizeBytes))
      throw this.#refuse(busy(), 'backlog');
    if (log.sizeBytes + this.#held.sizeBytes + sizeBytes > logBytes) throw this.#refuse(full(), 'logFull');
  }

  /**
   * Resolves when what is good of a request is on the disk.
   * @throws RouteError when it can't be, or its idempotency key was used for something else
   */
  take(request: Request): Promise<Outcome> {
    this.admit(request.sizeBytes, request.records.length);
    return new Promise((settle, fail) => {
      this.#waiting.push({ request, settle, fail });
      this.#held.rows += request.records.length;
      this.#held.sizeBytes += request.sizeBytes;
      this.#working ??= this.#work();
    });
  }

  /** Resolves when everything that was taken is kept; nothing more is taken. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#working;
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      let [count, rows, sizeBytes] = [0, 0, 0];
      do {
        const { request } = this.#waiting[count] as Waiting;
        rows += request.records.length;
        sizeBytes += request.sizeBytes;
        count++;
      } while (count < this.#waiting.length && rows < most.rows && sizeBytes < most.sizeBytes);
      const group = this.#waiting.splice(0, count);
      try {
        await this.#keep(group);
      } catch (error) {
        for (const { fail } of group) fail(error);
      }
      for (const { request } of group) {
        this.#held.rows -= request.records.length;
        this.#held.sizeBytes -= request.sizeBytes;
      }
    }
    this.#working = undefined;
  }

  async #keep(waiting: readonly Waiting[]): Promise<void> {
    const { log, clock, columns, judge, onceById } = this.#options;
    const requests = waiting.map(({ request }) => request);
    const group = await sortGroup(requests, {
      columns,
      judge,
      find: (key) => log.find(key),
      next: log.next,
      onceById,
    });
    if (group.rows > 0) await this.#append(group, clock.nowMs());
    waiting.forEach(({ settle, fail, request }, at) => {
      const outcome = group.outcomes[at] as Outcome | RouteError;
      if (outcome instanceof RouteError) {
        fail(outcome);
        return;
      }
      if (!outcome.isRepeated) this.#tell(outcome.answer, request.sizeBytes);
      settle(outcome);
    });
  }

  async #append({ value, rows, keys }: Group, nowMs: number): Promise<void> {
    try {
      await this.#options.log.append(value, rows, keys, nowMs);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw this.#refuse(unwritable('its disk does not take it'), 'unwritable', message);
    }
  }

  #tell({ accepted, duplicates, rejected, rejectedLabels }: Answer, sizeBytes: number): void {
    const reasons: Record<string, number> = {};
    for (const { reason } of rejected) reasons[reason] = (reasons[reason] ?? 0) + 1;
    const { name: source, events } = this.#options;
    const labels = rejectedLabels.length;
    events({ type: 'recordsReceived', source, accepted, duplicates, rejected: reasons, labels, sizeBytes });
  }

  #refuse(error: RouteError, reason: 'backlog' | 'logFull' | 'unwritable' | 'closing', message?: string): RouteError {
    const { name: source, events } = this.#options;
    events({ type: 'recordsRefused', source, reason, ...(message === undefined ? {} : { message }) });
    return error;
  }
}
