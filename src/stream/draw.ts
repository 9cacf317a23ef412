import { hashText, mix } from '../trace/hash.ts';

/** Numbers that look random and follow from a seed, a name and a count alone: what is drawn can be drawn again. */
export class Draws {
  readonly #base: number;

  constructor(seed: number, name: string) {
    this.#base = hashText(`${name}/${seed}`);
  }

  /** The `count`-th number in [0, 1), a multiple of 2⁻³². */
  uniform(count: number): number {
    const high = Math.floor(count / 2 ** 32);
    return mix(mix(this.#base ^ mix(high)) ^ mix(count)) * 2 ** -32;
  }

  /** The `count`-th whole number below `limit`. */
  below(limit: number, count: number): number {
    return Math.floor(this.uniform(count) * limit);
  }
}
