import { hashText, mix } from '../trace/hash.ts';

/** A number in [0, 1) of 53 bits: a hash of the key and the count. */
function uniform(key: number, count: number): number {
  const first = mix(mix(key ^ (count % 2 ** 32)) ^ Math.floor(count / 2 ** 32));
  return (first * 2 ** 21 + (mix(first ^ key) >>> 11)) / 2 ** 53;
}

/**
 * Which place of a sample each row takes, so that every row is as likely in it as any other: the next one while there
 * is room, then a random one, or none. Only seed and count decide, so a restart changes nothing.
 * @returns from the number of rows before to the row's place
 * @see Vitter 1985, algorithm R, doi:10.1145/3147.3165
 */
export function reservoir(samples: number, seed: number): (seen: number) => number | undefined {
  const key = hashText(`sample ${seed}`);
  return (seen) => {
    if (seen < samples) return seen;
    const place = Math.floor(uniform(key, seen) * (seen + 1));
    return place < samples ? place : undefined;
  };
}
