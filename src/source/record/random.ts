import { mix } from '../../trace/hash.ts';

/** Numbers in [0, 1), one after the other. */
export type Random = () => number;

/** The numbers of one row, the same in every run and whatever rows were asked for before (mulberry32, Ettinger). */
export function randomOf(seed: number, row: number): Random {
  let state = mix(mix(seed) ^ mix(row + 1) ^ mix(Math.floor(row / 2 ** 32)));
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let number = Math.imul(state ^ (state >>> 15), 1 | state);
    number = (number + Math.imul(number ^ (number >>> 7), 61 | number)) ^ number;
    return ((number ^ (number >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A number of the standard normal distribution (Box & Muller 1958). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
