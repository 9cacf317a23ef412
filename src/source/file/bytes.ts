import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { SourceError } from '../../core/error.ts';
import { formatBytes } from '../../core/format.ts';

const pieceBytes = 1 << 18;

export interface BytesOptions {
  /** The first byte that is wanted, of what the file holds once it is unpacked. */
  readonly from: number;
  /** The most that a packed file may hold. */
  readonly maxBytes: number;
  readonly signal: AbortSignal | undefined;
  readonly part?: FilePart | undefined;
}

/** A file that is open already, whatever its name is by now, and where to stop in it. */
export interface FilePart {
  readonly handle: FileHandle;
  /** Bytes before the end; all of the file when left out. */
  readonly end?: number;
}

/**
 * What a file holds, in pieces. Files packed by gzip, known by their first two bytes, are unpacked.
 * @throws SourceError when it can't be read or unpacked, or holds more than it may
 */
export async function* bytesOf(path: string, { from, maxBytes, signal, part }: BytesOptions): AsyncGenerator<Buffer> {
  signal?.throwIfAborted();
  const fail = (expected: string, found: string, cause?: unknown): SourceError =>
    new SourceError({ where: path, expected, found }, cause === undefined ? {} : { cause });
  if (part?.end !== undefined && part.end <= from) return;
  const isPacked = await (part ? isGzip(part.handle) : beginsLikeGzip(path)).catch((error: Error) => {
    throw fail('a file that can be read', error.message, error);
  });
  const start = isPacked ? 0 : from;
  const file: Readable = part
    ? Readable.from(piecesOf(part, start), { objectMode: false })
    : createReadStream(path, { highWaterMark: pieceBytes, start });
  const stream = isPacked ? file.pipe(createGunzip({ chunkSize: 1 << 18 })) : file;
  // `pipe` passes no errors on.
  if (isPacked) file.on('error', (error: Error) => stream.destroy(error));
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

/** Streams of a handle close it when they end: it is read by hand. */
async function* piecesOf({ handle, end = Number.POSITIVE_INFINITY }: FilePart, start: number): AsyncGenerator<Buffer> {
  for (let at = start; at < end; ) {
    const length = Math.min(pieceBytes, end - at);
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(length), 0, length, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

async function beginsLikeGzip(path: string): Promise<boolean> {
  if ((await stat(path)).isDirectory()) throw new Error('a folder');
  const file = await open(path);
  try {
    return await isGzip(file);
  } finally {
    await file.close();
  }
}

/** Whether a file is packed, by its first two bytes. */
export async function isGzip(file: FileHandle): Promise<boolean> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
  return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
}
