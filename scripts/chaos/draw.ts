import { mix } from '../../src/trace/hash.ts';

/** Numbers in [0, 1), one after the other. */
export type Draw = () => number;

/** @param salt tells draws of one seed apart */
export function drawOf(seed: number, salt: number): Draw {
  let count = 0;
  return () => mix(mix(mix(seed) ^ salt) + count++) * 2 ** -32;
}
