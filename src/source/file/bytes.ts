import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { SourceError } from '../../core/error.ts';
import { formatBytes } from '../../core/format.ts';

export interface BytesOptions {
  /** The first byte that is wanted, of what the file holds once it is unpacked. */
  readonly from: number;
  /** The most that a packed file may hold. */
  readonly maxBytes: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * What a file holds, in pieces. Files packed by gzip, known by their first two bytes, are unpacked.
 * @throws SourceError when it can't be read or unpacked, or holds more than it may
 */
export async function* bytesOf(path: string, { from, maxBytes, signal }: BytesOptions): AsyncGenerator<Buffer> {
  signal?.throwIfAborted();
  const fail = (expected: string, found: string, cause?: unknown): SourceError =>
    new SourceError({ where: path, expected, found }, cause === undefined ? {} : { cause });
  const isPacked = await beginsLikeGzip(path).catch((error: Error) => {
    throw fail('a file that can be read', error.message, error);
  });
  const options = { highWaterMark: 1 << 18 };
  const file = createReadStream(path, isPacked ? options : { ...options, start: from });
  const stream = isPacked ? file.pipe(createGunzip({ chunkSize: 1 << 18 })) : file;
  // `pipe` passes no errors on.
  if (isPacked) file.on('error', (error) => stream.destroy(error));
  const stop = (): void => void stream.destroy(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  let seen = isPacked ? 0 : from;
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      const begin = seen;
      seen += piece.length;
      if (isPacked && seen > maxBytes)
        throw new SourceError({
          where: path,
          expected: `a file of at most ${formatBytes(maxBytes)} once it is unpacked`,
          found: 'more',
          hint: 'raise maxBytes if that is right',
        });
      if (seen > from) yield begin >= from ? piece : piece.subarray(from - begin);
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof SourceError) throw error;
    const { message } = error as Error;
    throw fail(isPacked ? 'a whole file, packed by gzip' : 'a file that can be read', message, error);
  } finally {
    signal?.removeEventListener('abort', stop);
    stream.destroy();
    file.destroy();
  }
}

async function beginsLikeGzip(path: string): Promise<boolean> {
  if ((await stat(path)).isDirectory()) throw new Error('a folder');
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}
