import type { EventSink } from '../core/event.ts';
import { formatValue } from '../core/format.ts';
import { matchNames } from '../core/pattern.ts';
import type { LabelSpec } from '../loss/index.ts';
import { type RowFault, unknownHeads } from './sample-fault.ts';

/** What labels of heads may become that there are none of yet. */
export interface NewHeadsOptions {
  /** Pattern of the names that may become heads. */
  readonly names: string;
  /** How many heads there may be that were made so. */
  readonly max: number;
  /** Those that there are. */
  readonly made: readonly string[];
  /** Names that stand for something else in the model. */
  readonly taken: ReadonlySet<string>;
  /** What labels of such a head must be. */
  readonly spec: LabelSpec;
  /** Told of the first head that there was no room for. */
  readonly events: EventSink;
}

/** They become names of parameters and series, and come from anybody. */
const form = /^[A-Za-z0-9][\w.-]{0,99}$/;

/** Why a label is of no head. */
export type Refusal = Pick<RowFault, 'reason' | 'expected' | 'found'> & Partial<Pick<RowFault, 'part'>>;

/**
 * Heads that are to be made because labels of them came. Who reads such a label waits with it, and with everything after
 * it; whoever trains makes the heads, and reading goes on where it was. So a head is there before its first label is
 * handed on, whatever was read ahead, and after a crash the same label asks for it again.
 */
export class NewHeads {
  readonly spec: LabelSpec;
  readonly #options: NewHeadsOptions;
  readonly #wanted = new Set<string>();
  #listener: (() => void) | undefined;
  #isFull = false;

  constructor(options: NewHeadsOptions) {
    this.spec = options.spec;
    this.#options = options;
  }

  /** Heads that somebody waits for. */
  get wanted(): readonly string[] {
    return [...this.#wanted];
  }

  /** Told each time that somebody begins to wait for heads. */
  onWanted(listener: () => void): void {
    this.#listener = listener;
    if (this.#wanted.size > 0) listener();
  }

  /** Whether somebody waits for a head of this name. */
  isWanted(name: string): boolean {
    return this.#wanted.has(name);
  }

  /**
   * Why a name can't become a head; undefined when it can.
   * @param before how many others are to become heads before it, besides those that somebody waits for
   */
  refusal(name: string, before: number): Refusal | undefined {
    const { names, max, made, taken } = this.#options;
    if (this.isWanted(name)) return undefined;
    const found = formatValue(name);
    if (!form.test(name) || name in Object.prototype || taken.has(name))
      return {
        reason: 'badHeadName',
        expected: 'a name of up to 100 letters, digits, . _ and -, that is not in use',
        found,
      };
    if (matchNames(names, [name]).length === 0)
      return {
        reason: 'unknownHead',
        expected: `a head of the model, or a name that ${formatValue(names)} means`,
        found,
      };
    if (made.length + this.#wanted.size + before < max) return undefined;
    return { reason: 'tooManyHeads', expected: `a head of the model, which has the ${max} that may be made`, found };
  }

  /** There was no room for a head: said of the first alone, as there may be any number. */
  full(source: string, head: string): void {
    if (this.#isFull) return;
    this.#isFull = true;
    this.#options.events({ type: 'headRefused', source, head, max: this.#options.max });
  }

  /**
   * Waits for heads to be made, until the reading ends; for as many as there is room for, as others may have asked meanwhile.
   * @throws the signal's reason
   */
  async want(heads: readonly string[], signal: AbortSignal): Promise<never> {
    const { made, max } = this.#options;
    for (const head of heads) if (made.length + this.#wanted.size < max) this.#wanted.add(head);
    this.#listener?.();
    if (!signal.aborted)
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    throw signal.reason;
  }
}

/** What is said of a label of a head that there is none of, where none is made. */
export const noHead = (head: string, heads: number): Refusal => ({
  reason: 'unknownHead',
  expected: `a head of the model (there are ${heads})`,
  found: formatValue(head),
});

/** What is said of a row's labels that no head can have: once for all with one reason, as there may be any number. */
export function refusedLabels(row: number, part: string, refusals: readonly Refusal[], isTolerated: boolean) {
  const byReason = new Map<string, Refusal[]>();
  for (const refusal of refusals) {
    const alike = byReason.get(refusal.reason);
    if (alike) alike.push(refusal);
    else byReason.set(refusal.reason, [refusal]);
  }
  return [...byReason.values()].map((alike) => {
    const [{ reason, expected, found: first }] = alike as [Refusal];
    const found = alike.length === 1 ? first : `${first} and ${alike.length - 1} more`;
    return { row, part, reason, expected, found, head: unknownHeads, ...(isTolerated ? { isTolerated } : {}) };
  });
}
