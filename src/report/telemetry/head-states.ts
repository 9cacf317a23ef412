import type { HeadEvaluation, HeadScore, HeadStep } from '../../core/train-event.ts';
import { HeadCap } from './head-cap.ts';

/** A count that several heads may share: those without series of their own do. */
interface Count {
  labels: number;
}

/** What is known of one head. */
export interface HeadState {
  /** What it is called in series: its name, or `__other__`. */
  readonly series: string;
  /** Mean loss over the last interval in which it had labels. */
  loss: number | undefined;
  /** Of the last step that trained it. */
  weight: number | undefined;
  denominator: number | undefined;
  /** When it was trained last; when it became known, as long as it was not. On the monotonic clock. */
  lastMs: number;
  /** Of this interval: the sum of the losses over its labels, and how many these were. */
  sum: number;
  sumLabels: number;
  /** Labels that its series was trained on. */
  readonly trained: Count;
  /** By source. */
  readonly evaluations: Map<string, HeadEvaluation>;
  /** Over its last labels, each scored before it was trained on. */
  prequential: HeadScore | undefined;
}

/** What steps say of heads. Memory is bounded by the number of heads; those that are retired go. */
export class HeadStates {
  readonly #heads = new Map<string, HeadState>();
  readonly #cap: HeadCap;
  /** By series. */
  readonly #trained = new Map<string, Count>();

  constructor(mostSeries: number) {
    this.#cap = new HeadCap(mostSeries);
  }

  /** Heads that have no series of their own. */
  get cut(): number {
    return this.#cap.cut;
  }

  /** The heads that there are now. */
  begin(names: readonly string[], nowMs: number): void {
    const present = new Set(names);
    for (const name of this.#heads.keys()) if (!present.has(name)) this.#heads.delete(name);
    for (const name of names) this.#of(name, nowMs);
  }

  add(heads: Readonly<Record<string, HeadStep>>, nowMs: number): void {
    for (const name in heads) {
      const { loss, labels, weight, denominator } = heads[name] as HeadStep;
      const head = this.#of(name, nowMs);
      // The same for every denominator.
      head.sum += loss * denominator;
      head.sumLabels += labels;
      head.trained.labels += labels;
      head.weight = weight;
      head.denominator = denominator;
      head.lastMs = nowMs;
    }
  }

  evaluated(source: string, heads: Readonly<Record<string, HeadEvaluation>>, nowMs: number): void {
    for (const [name, evaluation] of Object.entries(heads)) this.#of(name, nowMs).evaluations.set(source, evaluation);
  }

  scored(heads: Readonly<Record<string, HeadScore>>, nowMs: number): void {
    for (const [name, score] of Object.entries(heads)) this.#of(name, nowMs).prequential = score;
  }

  seriesOf(name: string): string {
    return this.#heads.get(name)?.series ?? this.#cap.nameOf(name);
  }

  /** An interval is over: its means are those that are shown. */
  endInterval(): void {
    for (const head of this.#heads.values()) {
      if (head.sumLabels > 0) head.loss = head.sum / head.sumLabels;
      head.sum = 0;
      head.sumLabels = 0;
    }
  }

  /** Labels that were trained on, by series: they stay when heads go. */
  *labels(): Generator<readonly [series: string, labels: number]> {
    for (const [series, { labels }] of this.#trained) yield [series, labels];
  }

  /** In the order in which they became known. */
  all(): IterableIterator<[string, HeadState]> {
    return this.#heads.entries();
  }

  get size(): number {
    return this.#heads.size;
  }

  #of(name: string, nowMs: number): HeadState {
    let head = this.#heads.get(name);
    if (!head) {
      const unknown = { loss: undefined, weight: undefined, denominator: undefined };
      const series = this.#cap.nameOf(name);
      const trained = this.#trained.get(series) ?? { labels: 0 };
      this.#trained.set(series, trained);
      const interval = { sum: 0, sumLabels: 0 };
      head = {
        series,
        ...unknown,
        ...interval,
        trained,
        lastMs: nowMs,
        evaluations: new Map(),
        prequential: undefined,
      };
      this.#heads.set(name, head);
    }
    return head;
  }
}
