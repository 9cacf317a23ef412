import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { expressionOf } from '../follow/pattern.ts';

/** A file that lines are, or were, written to. */
export interface Candidate {
  readonly path: string;
  /** What it stays the same file by, whatever its name. */
  readonly inode: string;
  readonly changedMs: number;
}

/** A file that is open. */
export interface OpenFile extends Candidate {
  readonly handle: FileHandle;
}

/**
 * Files by their age, the oldest first: those that were put aside, then the one that is written to, if it is there.
 * Of names with numbers (`x.1`, `x.2.gz`) the largest is the oldest, others go by name, as with dates.
 * @param rotated pattern of the names of those that were put aside
 */
export async function candidatesOf(path: string, rotated: string): Promise<readonly Candidate[]> {
  const folder = dirname(path);
  const expression = expressionOf(rotated);
  const names = (await readdir(folder)).filter((name) => name !== basename(path) && expression.test(name));
  // While it is packed, a file is there twice.
  const single = names.filter((name) => !name.endsWith('.gz') || !names.includes(name.slice(0, -3)));
  const paths = [...single.sort(byAge).map((name) => join(folder, name)), path];
  const found = await Promise.all(paths.map((one) => candidateOf(one)));
  return found.filter((one) => one !== undefined);
}

async function candidateOf(path: string): Promise<Candidate | undefined> {
  try {
    const found = await stat(path);
    if (!found.isFile()) return undefined;
    return { path, inode: `${found.dev}:${found.ino}`, changedMs: found.mtimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Opens a file; undefined when another one, or none, has its name by now. */
export async function openCandidate({ path, inode }: Candidate): Promise<OpenFile | undefined> {
  try {
    const handle = await open(path);
    const found = await handle.stat();
    if (`${found.dev}:${found.ino}` === inode) return { path, inode, changedMs: found.mtimeMs, handle };
    await handle.close();
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function byAge(one: string, other: string): number {
  const [a, b] = [numberOf(one), numberOf(other)];
  if (a !== undefined && b !== undefined && a !== b) return b - a;
  return one < other ? -1 : 1;
}

function numberOf(name: string): number | undefined {
  const [, digits] = /\.(\d{1,4})(?:\.gz)?$/.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
