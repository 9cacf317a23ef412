import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/** What a file was, so that it can be told later whether it still is the same. */
export interface Fingerprint {
  readonly path: string;
  readonly sizeBytes: number;
  /** Hexadecimal; of the whole file, or of its beginning and end where it is large. */
  readonly sha256: string;
  readonly of: 'whole' | 'ends';
}

/** Files up to this size are read whole. */
const wholeBytes = 64 * 2 ** 20;
/** Bytes that are read at each end of larger ones. */
const endBytes = 2 ** 20;

/** Reads enough of a file to know it again. @throws the system's error when it can't be read */
export async function fingerprintOf(path: string): Promise<Fingerprint> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const isWhole = size <= wholeBytes;
    const hash = createHash('sha256');
    const parts: readonly (readonly [start: number, end: number])[] = isWhole
      ? [[0, size]]
      : [
          [0, endBytes],
          [size - endBytes, size],
        ];
    const buffer = new Uint8Array(endBytes);
    for (const [start, end] of parts)
      for (let at = start; at < end; ) {
        const { bytesRead } = await file.read(buffer, 0, Math.min(endBytes, end - at), at);
        if (bytesRead === 0) break;
        hash.update(buffer.subarray(0, bytesRead));
        at += bytesRead;
      }
    return { path, sizeBytes: size, sha256: hash.digest('hex'), of: isWhole ? 'whole' : 'ends' };
  } finally {
    await file.close();
  }
}
