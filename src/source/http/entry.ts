import { deserialize, serialize } from 'node:v8';
import { crc32 } from 'node:zlib';
import type { RawColumn } from '../../core/table.ts';

type Columns = ReadonlyMap<string, RawColumn>;

const checksumBytes = 4;

/** Rows as they are kept: a checksum, then their columns. Of views only what they show is kept. */
export function encodeEntry(columns: Columns): Buffer {
  const content = serialize(columns);
  const checksum = Buffer.alloc(checksumBytes);
  checksum.writeUInt32LE(crc32(content));
  return Buffer.concat([checksum, content]);
}

/** The columns that were kept; undefined where the bytes are not those that were written. */
export function decodeEntry(bytes: Buffer): Columns | undefined {
  if (bytes.length < checksumBytes) return undefined;
  const content = bytes.subarray(checksumBytes);
  return crc32(content) === bytes.readUInt32LE(0) ? (deserialize(content) as Columns) : undefined;
}
