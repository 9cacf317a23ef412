import type { Chunk, Rejected } from '../../core/chunk.ts';
import type { Flow } from '../flow.ts';
import type { Counting } from './counts.ts';
import type { Match } from './decoder.ts';
import { RowEncoder } from './encoder.ts';
import { type Entry, early, entryBytes, keyOf, past, sent, waiting } from './entry.ts';
import { lateLabel } from './late.ts';
import { Names } from './names.ts';
import type { JoinStore } from './store.ts';

export interface MatcherOptions {
  readonly ttlMs: number;
  readonly maxItems: number;
  readonly maxBytes: number;
  readonly onLate: 'train' | 'deadLetter' | 'drop';
}

/** What is done with rows as they come, one after the other. */
export class Matcher {
  readonly #store: JoinStore;
  readonly #flow: Flow;
  readonly #counts: Counting;
  readonly #options: MatcherOptions;
  readonly #heads: Names;
  readonly #encoder: RowEncoder;
  /** Heads that labels may still come of; a sample that has them all waits no more. Undefined when they may be any. */
  readonly #awaited: readonly number[] | undefined;
  #nextDueMs = Number.NEGATIVE_INFINITY;
  /** What rows look like. */
  readonly forms: Names;
  #matches: Match[] = [];
  #rejected: Rejected[] = [];
  /** What the flow is told when all of that is in the store. */
  #books: (() => void)[] = [];

  /** @param heads that labels may come of; any, when undefined */
  constructor(
    store: JoinStore,
    flow: Flow,
    heads: readonly string[] | undefined,
    counts: Counting,
    options: MatcherOptions,
  ) {
    this.#store = store;
    this.#flow = flow;
    this.#counts = counts;
    this.#options = options;
    const names = (of: 'forms' | 'heads'): Names =>
      new Names(store.names(of), (number, text) => store.keepName(of, number, text));
    this.forms = names('forms');
    this.#heads = names('heads');
    this.#encoder = new RowEncoder(this.forms);
    let awaited: readonly number[] | undefined;
    store.change(() => {
      awaited = heads?.map((head) => this.#heads.number(head));
    });
    this.#awaited = awaited;
  }

  /** What was done is in the store: the flow counts it now. */
  book(): void {
    for (const tell of this.#books.splice(0)) tell();
  }

  /** When the first of what is kept ends, or earlier. */
  get nextDueMs(): number {
    return this.#nextDueMs;
  }

  isDue(nowMs: number): boolean {
    return this.#nextDueMs <= nowMs;
  }

  /** Ends what is due, and no more than so many. @returns how many that were */
  expire(nowMs: number, limit: number): number {
    if (!this.isDue(nowMs)) return 0;
    const keys = ([1, 0] as const).flatMap((isWaiting) => this.#store.due(isWaiting, nowMs, limit)).slice(0, limit);
    for (const key of keys) this.#end(key);
    this.#nextDueMs = this.#store.firstDueMs();
    return keys.length;
  }

  /** Ends what waits, as nothing will come any more. @returns whether that is all */
  endAll(limit: number): boolean {
    const keys = this.#store.due(1, Number.MAX_VALUE, limit);
    for (const key of keys) this.#forget(key, 'Expired');
    return keys.length < limit;
  }

  /** A sample comes. */
  sample(chunk: Chunk, row: number, timeMs: number): void {
    const id = chunk.ids?.[row] as string;
    const key = keyOf(id);
    const before = this.#store.find(key);
    const bytes = this.#encoder.sample(chunk, row);
    this.#books.push(() => this.#flow.receive({ rows: 1, sizeBytes: bytes.length }));
    if (before && before.kind !== early) {
      this.#counts.samplesDuplicate++;
      this.#books.push(() => this.#flow.settle('duplicate', 1));
      this.#labelsFor(key, id, before, chunk, row, timeMs);
      return;
    }
    const own = this.#newHeads(chunk, row, []);
    const heads = [...own.numbers, ...(before?.heads ?? []).filter((head) => !own.numbers.includes(head))];
    const again = own.numbers.length + (before?.heads.length ?? 0) - heads.length;
    this.#counts.labelsDuplicate += again;
    this.#counts.labelsUsed += heads.length;
    if (heads.length > 0) {
      const labels = (before?.rows ?? []).map((number) => this.#store.row(number));
      const first = own.names.length > 0 ? [this.#encoder.labels(chunk, row, own.names)] : [];
      this.#matches.push({ id, sample: bytes, labels: [...first, ...labels], isRepeat: false });
    }
    if (before) this.#store.drop(before.rows);
    const isDone = this.#isDone(heads);
    const rows = isDone ? [] : [this.#store.add(bytes)];
    this.#put(key, before, {
      kind: isDone ? past : heads.length > 0 ? sent : waiting,
      order: before?.order ?? this.#store.number(),
      dueMs: timeMs + (isDone ? 2 : 1) * this.#options.ttlMs,
      sizeBytes: entryBytes(key) + (isDone ? 0 : bytes.length),
      heads,
      rows,
    });
  }

  /** Labels of a sample come. */
  label(chunk: Chunk, row: number, timeMs: number): void {
    const id = chunk.ids?.[row] as string;
    const key = keyOf(id);
    this.#labelsFor(key, id, this.#store.find(key), chunk, row, timeMs);
  }

  /** Samples that go on since this was last asked, and labels that came too late for it. */
  takeOut(): { readonly matches: readonly Match[]; readonly rejected: readonly Rejected[] } {
    const [matches, rejected] = [this.#matches, this.#rejected];
    this.#matches = [];
    this.#rejected = [];
    return { matches, rejected };
  }

  #labelsFor(key: string, id: string, before: Entry | undefined, chunk: Chunk, row: number, timeMs: number): void {
    const { names, numbers } = this.#newHeads(chunk, row, before?.heads ?? []);
    if (numbers.length === 0) return;
    const heads = [...(before?.heads ?? []), ...numbers];
    if (!before || before.kind === early) {
      const bytes = this.#encoder.labels(chunk, row, names);
      this.#put(key, before, {
        kind: early,
        order: before?.order ?? this.#store.number(),
        dueMs: Math.max(before?.dueMs ?? Number.NEGATIVE_INFINITY, timeMs + this.#options.ttlMs),
        sizeBytes: (before?.sizeBytes ?? entryBytes(key)) + bytes.length,
        heads,
        rows: [...(before?.rows ?? []), this.#store.add(bytes)],
      });
      return;
    }
    const isLate = before.kind === past;
    if (isLate) {
      this.#counts.labelsLate += numbers.length;
      if (this.#options.onLate === 'deadLetter')
        for (const head of names) this.#rejected.push(lateLabel(chunk, row, head, id, this.#options.ttlMs));
      if (this.#options.onLate !== 'train' || before.rows.length === 0) return;
    } else this.#counts.labelsUsed += numbers.length;
    const sample = this.#store.row(before.rows[0] as number);
    const isRepeat = before.kind !== waiting;
    if (isRepeat) this.#books.push(() => this.#flow.repeat({ rows: 1, sizeBytes: sample.length }));
    this.#matches.push({ id, sample, labels: [this.#encoder.labels(chunk, row, names)], isRepeat });
    const isDone = this.#isDone(heads);
    if (isDone) this.#store.drop(before.rows);
    this.#put(key, before, {
      kind: isLate || isDone ? past : sent,
      order: before.order,
      dueMs: before.dueMs + (isDone && !isLate ? this.#options.ttlMs : 0),
      sizeBytes: isDone ? entryBytes(key) : before.sizeBytes,
      heads,
      rows: isDone ? [] : before.rows,
    });
  }

  /** Counts the labels of a row. @returns those of heads that had none */
  #newHeads(chunk: Chunk, row: number, known: readonly number[]) {
    const found = this.#encoder.headsAt(chunk, row);
    const names: string[] = [];
    const numbers: number[] = [];
    for (const head of found) {
      const number = this.#heads.number(head);
      if (known.includes(number)) continue;
      names.push(head);
      numbers.push(number);
    }
    this.#counts.labelsReceived += found.length;
    this.#counts.labelsDuplicate += found.length - names.length;
    return { names, numbers };
  }

  #isDone(heads: readonly number[]): boolean {
    const awaited = this.#awaited;
    return awaited !== undefined && heads.length >= awaited.length && awaited.every((head) => heads.includes(head));
  }

  #put(key: string, before: Entry | undefined, after: Entry): void {
    this.#store.replace(key, before, after);
    this.#nextDueMs = Math.min(this.#nextDueMs, after.dueMs);
    const { maxItems, maxBytes } = this.#options;
    while (this.#store.tally.items > maxItems || this.#store.tally.sizeBytes > maxBytes) {
      const [first] = [...this.#store.due(0, Number.MAX_VALUE, 1), ...this.#store.due(1, Number.MAX_VALUE, 1)];
      this.#forget(first as string, 'Evicted');
    }
  }

  /** The time of an entry is over. A sample is remembered for as long again, and kept if it may still be trained. */
  #end(key: string): void {
    const entry = this.#store.find(key) as Entry;
    if (entry.kind === early || entry.kind === past) {
      this.#forget(key, 'Expired');
      return;
    }
    this.#settle(entry, 'Expired');
    const isKept = this.#options.onLate === 'train';
    if (!isKept) this.#store.drop(entry.rows);
    const dueMs = entry.dueMs + this.#options.ttlMs;
    const left = isKept ? {} : { rows: [], sizeBytes: entryBytes(key) };
    this.#store.replace(key, entry, { ...entry, kind: past, dueMs, ...left });
  }

  #forget(key: string, why: 'Expired' | 'Evicted'): void {
    const entry = this.#store.find(key) as Entry;
    this.#settle(entry, why);
    this.#store.drop(entry.rows);
    this.#store.replace(key, entry, undefined);
  }

  /** Counts what waited in vain. */
  #settle({ kind, heads }: Entry, why: 'Expired' | 'Evicted'): void {
    if (kind === early) this.#counts[`labels${why}`] += heads.length;
    if (kind !== waiting) return;
    this.#counts[`samples${why}`]++;
    this.#books.push(() => this.#flow.settle('expired', 1));
  }
}
