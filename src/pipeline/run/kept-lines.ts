import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';

/**
 * Takes lines out of a file: those that are not to be kept, and what a crash left of one. What stands before the first of
 * them is not written again. A file that is not there has none.
 */
export async function keepLines(path: string, isKept: (line: string) => boolean): Promise<void> {
  let sizeBytes = 0;
  let cutBytes: number | undefined;
  const kept: string[] = [];
  for await (const { line, isWhole } of linesOf(path)) {
    const stays = isWhole && isKept(line);
    if (!stays) cutBytes ??= sizeBytes;
    else if (cutBytes !== undefined) kept.push(`${line}\n`);
    sizeBytes += Buffer.byteLength(line) + 1;
  }
  if (cutBytes === undefined) return;
  const file = await open(path, 'r+');
  try {
    await file.truncate(cutBytes);
    await file.write(kept.join(''), cutBytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Lines of a file. The last one is whole when a line break ends it. */
async function* linesOf(path: string): AsyncGenerator<{ readonly line: string; readonly isWhole: boolean }> {
  const last = await lastByte(path);
  if (last === undefined) return;
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  let before: string | undefined;
  for await (const line of lines) {
    if (before !== undefined) yield { line: before, isWhole: true };
    before = line;
  }
  if (before !== undefined) yield { line: before, isWhole: last === 10 };
}

async function lastByte(path: string): Promise<number | undefined> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    if (size === 0) return undefined;
    return (await file.read(Buffer.alloc(1), 0, 1, size - 1)).buffer[0];
  } finally {
    await file.close();
  }
}
