import { sizeOf } from '../core/shape.ts';

/** Multipliers of the integer hash `lowbias32` (Ettinger 2018), which has no visible bias in any bit. */
export const multipliers = [0x7feb352d, 0x846ca68b] as const;

/** Spreads every bit of a 32-bit number over all bits of the result. */
export function mix(number: number): number {
  let x = number >>> 0;
  x = Math.imul(x ^ (x >>> 16), multipliers[0]) >>> 0;
  x = Math.imul(x ^ (x >>> 15), multipliers[1]) >>> 0;
  return (x ^ (x >>> 16)) >>> 0;
}

/** A 32-bit hash of a text (FNV-1a, then mixed). */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return mix(hash);
}

/** Hashes of 1, 2, 3, …: what distinguishes the places inside a row. */
export function placeHashes(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, place) => mix(place + 1));
}

/**
 * Uniform numbers in [0, 1), multiples of 2⁻²⁴: each a hash of the salt, the step, the row's key and the place in
 * the row.
 * @param shape of the result; its first axis counts rows
 * @param rows `[shape[0]]` keys of the rows; by default 0, 1, 2, …
 */
export function uniformNumbers(shape: readonly number[], salt: number, step: number, rows?: Int32Array): Float32Array {
  const result = new Float32Array(sizeOf(shape));
  const places = placeHashes(sizeOf(shape.slice(1)));
  const base = mix(salt ^ mix(step));
  for (let row = 0, at = 0; at < result.length; row++) {
    const rowHash = mix((rows ? (rows[row] as number) : row) ^ base);
    for (const place of places) {
      const x = Math.imul(rowHash ^ place, multipliers[0]);
      result[at++] = (Math.imul(x ^ (x >>> 15), multipliers[1]) >>> 8) * 2 ** -24;
    }
  }
  return result;
}
