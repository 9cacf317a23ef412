import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Pieces } from '../directory.ts';

/** Bytes that are hashed at once: about a millisecond's work, after which others have their turn. */
const stretchBytes = 2 ** 20;

/** What a file must be for its checkpoint to be whole. */
export interface FileDigest {
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** The digest of a file's bytes. Long ones are hashed in stretches, so that nothing else waits for the whole. */
export async function digestOf(pieces: Pieces): Promise<FileDigest> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for (const piece of pieces)
    for (let at = 0; at < piece.length; at += stretchBytes) {
      const stretch = piece.subarray(at, at + stretchBytes);
      hash.update(stretch);
      sizeBytes += stretch.length;
      if (stretch.length === stretchBytes) await setImmediate();
    }
  return { sizeBytes, sha256: hash.digest('hex') };
}
