import type { NewHeads, Refusal } from './new-heads.ts';
import { RowFaults, unknownHeads } from './sample-fault.ts';
import { LabelWriter } from './sample-label.ts';
import type { LabelReading } from './sample-labels.ts';
import { type HeadRule, ruleOf } from './sample-rule.ts';

/** Writes a label as one of a head that there is. */
export type PutLabel = (writer: LabelWriter, rule: HeadRule, faults: RowFaults) => void;

/** The labels of a table that are of heads that there are none of, where such labels may make them. */
export class UnknownHeads {
  readonly #newHeads: NewHeads;
  readonly #rule: HeadRule;
  readonly #hasBound: boolean;
  readonly #found = new Set<string>();
  /** Those of them that nobody waits for yet. */
  #fresh = 0;
  #full: string | undefined;

  /** @param options of the labels */
  constructor(newHeads: NewHeads, options: HeadRule['options'], hasBound = false) {
    this.#newHeads = newHeads;
    this.#rule = ruleOf(unknownHeads, undefined, options, newHeads.spec, undefined);
    this.#hasBound = hasBound;
  }

  /** Why a label makes no head; undefined when it does, or when it says that there is none. */
  refusal(head: string, put: PutLabel): Refusal | undefined {
    const isFound = this.#found.has(head);
    const refusal = isFound ? undefined : this.#newHeads.refusal(head, this.#fresh);
    if (refusal?.reason === 'tooManyHeads') this.#full ??= head;
    if (refusal) return refusal;
    const faults = new RowFaults(1);
    const writer = new LabelWriter(this.#rule, 1, this.#hasBound, faults);
    put(writer, this.#rule, faults);
    if (!writer.has(0)) return faults.list[0];
    if (!isFound && !this.#newHeads.isWanted(head)) this.#fresh++;
    this.#found.add(head);
    return undefined;
  }

  /** What is to be said of the table. */
  reading(): Pick<LabelReading, 'newHeads' | 'full'> {
    return {
      ...(this.#found.size > 0 ? { newHeads: [...this.#found] } : {}),
      ...(this.#full === undefined ? {} : { full: this.#full }),
    };
  }
}
