import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Draw } from './draw.ts';

const isCheckpoint = /^step-\d+$/;

/** Spoils what a run left while none of its processes is there, as crashes and disks do. */
export class Damage {
  readonly #directory: string;
  readonly #draw: Draw;
  /** Checkpoints that were spoilt, by their directories: one that is written again is another. */
  readonly #spoilt = new Set<number>();
  /** What was done, by kind. */
  readonly counts = { truncated: 0, flipped: 0, torn: 0 };

  /** @param directory the run folder */
  constructor(directory: string, draw: Draw) {
    this.#directory = directory;
    this.#draw = draw;
  }

  /** Cuts off a file of the newest checkpoint, or flips one bit of it. One that is whole is left. */
  checkpoint(): void {
    const directory = join(this.#directory, 'checkpoints');
    const whole = namesIn(directory)
      .filter((name) => isCheckpoint.test(name) && !this.#spoilt.has(statSync(join(directory, name)).ino))
      .sort();
    const [before, newest] = whole.slice(-2);
    if (before === undefined || newest === undefined) return;
    const files = namesIn(join(directory, newest));
    const path = join(directory, newest, files[this.#below(files.length)] as string);
    this.#spoilt.add(statSync(join(directory, newest)).ino);
    const content = readFileSync(path);
    const at = this.#below(content.length);
    if (this.#draw() < 0.5) {
      truncateSync(path, at);
      this.counts.truncated++;
    } else {
      content[at] = (content[at] as number) ^ (1 << this.#below(8));
      writeFileSync(path, content);
      this.counts.flipped++;
    }
  }

  /** Leaves what a write leaves that was cut off: half a line, and pages of a store that no transaction came to use. */
  tails(files: readonly string[], stores: readonly string[]): void {
    for (const file of files) this.#tear(join(this.#directory, file), Buffer.from('{"step":'));
    for (const store of stores) this.#tear(join(this.#directory, store, 'data.mdb'), this.#garbage());
  }

  #tear(path: string, rest: Buffer): void {
    if (!existsSync(path)) return;
    appendFileSync(path, rest);
    this.counts.torn++;
  }

  #garbage(): Buffer {
    return Buffer.from(Array.from({ length: 6000 }, () => this.#below(256)));
  }

  #below(end: number): number {
    return Math.floor(this.#draw() * end);
  }
}

function namesIn(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}
