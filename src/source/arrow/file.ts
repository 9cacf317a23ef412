import type { FileHandle } from 'node:fs/promises';
import { magic } from './message.ts';
import { type FooterOffsets, type MessageHead, verifyFooter, verifyMessage } from './verify.ts';

/** Whether it begins as Arrow files do, and streams don't. */
export async function isArrowFile(file: FileHandle): Promise<boolean> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(magic.length), 0, magic.length, 0);
  return bytesRead === magic.length && buffer.equals(magic);
}

/**
 * The checked index of an Arrow file.
 * @throws Error when it has none, or dictionaries that are broken
 */
export async function footerOf(file: FileHandle): Promise<FooterOffsets> {
  const { size } = await file.stat();
  const end = await bytesAt(file, size, size - 4 - magic.length, 4 + magic.length);
  if (!end.subarray(4).equals(magic)) throw new Error('no end: it is cut off');
  const length = end.readInt32LE(0);
  const offsets = verifyFooter(await bytesAt(file, size, size - end.length - length, length));
  for (const offset of offsets.dictionaries) await verifyAt(file, offset, 'dictionaryBatch');
  return offsets;
}

/** @throws Error when there is no message of that kind */
export async function verifyAt(file: FileHandle, offset: number, kind: MessageHead['kind']): Promise<void> {
  const { size } = await file.stat();
  const start = await bytesAt(file, size, offset, 8);
  const hasMark = start.readInt32LE(0) === -1;
  const prefix = hasMark ? 8 : 4;
  const length = start.readInt32LE(hasMark ? 4 : 0);
  const head = verifyMessage(await bytesAt(file, size, offset + prefix, length));
  if (head.kind !== kind) throw new Error('another part than its index says');
  if (offset + prefix + length + head.bodyBytes > size) throw new Error('a batch that is cut off');
}

async function bytesAt(file: FileHandle, size: number, offset: number, length: number): Promise<Buffer> {
  if (!(offset >= 0 && length >= 0 && offset + length <= size)) throw new Error('an offset that leads nowhere');
  const { buffer } = await file.read(Buffer.alloc(length), 0, length, offset);
  return buffer;
}
