import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Draw } from '../chaos/draw.ts';
import { heads, ttlMinutes } from './pipeline.ts';

/** What must have become of a label. */
export type Fate = 'trained' | 'notTrained' | 'either';

const samplesAMinute = 3;
/** Of each two hours: minutes in which no sample comes, and in which no label does. */
const isIdle = {
  samples: (minute: number): boolean => minute % 120 >= 75 && minute % 120 < 95,
  labels: (minute: number): boolean => minute % 120 >= 20 && minute % 120 < 35,
};

/** Samples and, apart from them, their labels, minute by minute: at once, early, late, too late, twice or never, after idle stretches. */
export class Traffic {
  readonly #folder: string;
  readonly #draw: Draw;
  /** Lines of labels by the minute in which they are written. */
  readonly #later = new Map<number, string[]>();
  readonly #onLabel: (label: string, fate: Fate) => void;
  /** Lines that were written. */
  readonly sent = { samples: 0, labels: 0 };

  /** @param onLabel told of each label, as `id/head`: nothing of it is remembered here */
  constructor(folder: string, draw: Draw, onLabel: (label: string, fate: Fate) => void = () => {}) {
    this.#folder = folder;
    this.#draw = draw;
    this.#onLabel = onLabel;
    for (const file of ['samples', 'labels']) writeFileSync(join(folder, `${file}.ndjson`), '');
  }

  /** Writes the lines of a minute. @param hasAdded whether the head is there that is named for some hours */
  minute(minute: number, hasAdded: boolean): void {
    if (!isIdle.samples(minute)) {
      const ids = Array.from({ length: samplesAMinute }, () => `s${this.sent.samples++}`);
      this.#append(
        'samples',
        ids.map((id) => ({ id, x: Array.from({ length: 4 }, () => this.#draw()) })),
      );
      for (const id of ids) this.#labels(id, minute, hasAdded);
    }
    if (isIdle.labels(minute)) return;
    const due = [...this.#later.keys()].filter((when) => when <= minute).sort((one, other) => one - other);
    for (const when of due) {
      const lines = this.#later.get(when) ?? [];
      this.#later.delete(when);
      this.sent.labels += lines.length;
      appendFileSync(join(this.#folder, 'labels.ndjson'), lines.join(''));
    }
  }

  #labels(id: string, minute: number, hasAdded: boolean): void {
    const { named, made, added } = heads;
    // Heads that labels make come one after the other.
    const known = [named, ...made.slice(0, 1 + Math.floor(minute / 150))];
    for (const head of known) {
      const kind = this.#draw();
      // A quarter has no label; an idle stretch may add to a delay.
      if (kind < 0.25) continue;
      const isLate = kind > 0.9;
      // While its id is remembered, or when it is not any more.
      const tooLate = kind > 0.95 ? ttlMinutes + 25 : 2 * ttlMinutes + 40;
      const delay = isLate ? tooLate : Math.floor(this.#draw() * (ttlMinutes - 30));
      this.#send(minute + delay, id, head, isLate ? 'notTrained' : 'trained');
      if (kind > 0.8 && !isLate) this.#send(minute + delay + 1, id, head, 'trained');
    }
    // While heads come and go it is not said what becomes of their labels: none of them twice.
    if (hasAdded && this.#draw() < 0.5) this.#send(minute, id, added, 'either');
    // Once an hour one that goes to the dead letters, so that their file is open.
    if (minute % 60 >= 45 && minute % 60 < 50) this.#send(minute, id, 'not a name', 'notTrained');
    // Of heads that there is no room for.
    if (minute > 165 && this.#draw() < 0.02) this.#send(minute, id, `other-${id}`, 'notTrained');
  }

  #send(minute: number, id: string, head: string, fate: Fate): void {
    this.#onLabel(`${id}/${head}`, fate);
    const lines = this.#later.get(minute) ?? [];
    this.#later.set(minute, [...lines, `${JSON.stringify({ id, labels: { [head]: this.#draw() } })}\n`]);
  }

  #append(file: 'samples', records: readonly object[]): void {
    appendFileSync(
      join(this.#folder, `${file}.ndjson`),
      records.map((record) => `${JSON.stringify(record)}\n`).join(''),
    );
  }

  /** Labels that are still to be sent, as `id/head`. */
  get open(): ReadonlySet<string> {
    const lines = [...this.#later.values()].flat();
    return new Set(
      lines.map((line) => {
        const { id, labels } = JSON.parse(line) as { readonly id: string; readonly labels: object };
        return `${id}/${Object.keys(labels)[0]}`;
      }),
    );
  }
}
