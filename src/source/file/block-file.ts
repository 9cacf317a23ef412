import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Block } from './record.ts';

/** A folder for parts of files on their way into DuckDB, which reads from files alone. It is there while it is used. */
export class BlockFolder {
  readonly path = join(tmpdir(), `trunkline-${randomUUID()}`);
  private users = 0;

  /** A new file in the folder. Whoever has it removes it. */
  async open(): Promise<BlockFile> {
    this.users++;
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    const path = join(this.path, randomUUID());
    const remove = async (): Promise<void> => {
      this.users--;
      await rm(this.users === 0 ? this.path : path, { recursive: true, force: true });
    };
    return { path, write: (bytes) => writeFile(path, bytes, { mode: 0o600 }), remove };
  }
}

export interface BlockFile {
  readonly path: string;
  /** Puts this into it, instead of what was there. */
  write(bytes: Uint8Array): Promise<void>;
  remove(): Promise<void>;
}

/** Some records of a block, each with a line end. */
export function textOf({ bytes, starts, ends }: Block, records: readonly number[]): Buffer {
  const size = records.reduce((sum, record) => sum + (ends[record] as number) - (starts[record] as number) + 1, 0);
  const [first, last] = [records[0], records.at(-1)];
  if (first === undefined || last === undefined) return Buffer.alloc(0);
  // One after the other, with nothing between them but line ends of one character.
  const whole = bytes.subarray(starts[first], (ends[last] as number) + 1);
  if (whole.length === size && whole.at(-1) === 10) return whole;
  const text = Buffer.alloc(size, 10);
  let at = 0;
  for (const record of records) at += bytes.copy(text, at, starts[record], ends[record]) + 1;
  return text;
}
