import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { bytesOf, isGzip } from '../file/bytes.ts';
import type { OpenFile } from './candidate.ts';

/** The most of a first line that a file is known by. */
const headBytes = 1 << 16;
/** What stands before a place, by which it is known again. */
const beforeBytes = 1024;
const searchBytes = 1 << 18;

/** Bytes `from` up to `end` of what a file holds, unpacked; fewer when it holds fewer. */
async function contentOf({ path, handle }: OpenFile, from: number, end: number): Promise<Buffer> {
  if (!(await isGzip(handle))) {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(end - from), 0, end - from, from);
    return buffer.subarray(0, bytesRead);
  }
  const pieces: Buffer[] = [];
  let length = 0;
  const options = { from, maxBytes: Number.POSITIVE_INFINITY, signal: undefined, part: { handle } };
  for await (const piece of bytesOf(path, options)) {
    pieces.push(piece);
    length += piece.length;
    if (length >= end - from) break;
  }
  return Buffer.concat(pieces).subarray(0, end - from);
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

/** What a file is known by under any name: its first line. undefined while that is not whole. */
export async function headOf(file: OpenFile): Promise<string | undefined> {
  const bytes = await contentOf(file, 0, headBytes);
  const end = bytes.indexOf(10);
  if (end === -1 && bytes.length < headBytes) return undefined;
  return hashOf(end === -1 ? bytes : bytes.subarray(0, end));
}

/** What a place in a file is known by: the bytes before it. undefined when the file has no such place. */
export async function beforeOf(file: OpenFile, byte: number): Promise<string | undefined> {
  const from = Math.max(0, byte - beforeBytes);
  const bytes = await contentOf(file, from, byte);
  return bytes.length === byte - from ? hashOf(bytes) : undefined;
}

/** The place after the last line that ends between two places; undefined when none does. */
export async function lastLineEnd(handle: FileHandle, from: number, to: number): Promise<number | undefined> {
  const buffer = Buffer.alloc(Math.min(searchBytes, Math.max(0, to - from)));
  for (let end = to; end > from; ) {
    const start = Math.max(from, end - buffer.length);
    const { bytesRead } = await handle.read(buffer, 0, end - start, start);
    const at = buffer.subarray(0, bytesRead).lastIndexOf(10);
    if (at !== -1) return start + at + 1;
    end = start;
  }
  return undefined;
}
