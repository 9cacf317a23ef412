import { mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ConfigError } from '../core/error.ts';

/** The bytes of a file in pieces, one after the other. */
export type Pieces = readonly Uint8Array[];
/** Files by name. */
export type Files = Readonly<Record<string, Pieces>>;

/** Bytes that are written or read at once: Node takes no more than 2 GiB. */
const pieceBytes = 2 ** 30;

/** Where a directory is while another takes its place. */
const setAside = (directory: string): string => `${directory}.replaced`;

/**
 * Writes a directory with these files, in the place of one with the same file names if there is one. Whenever this is
 * interrupted, be it by a power cut, `readDirectory` finds either all of the old files or all of the new ones. What an
 * interrupted call has begun is left beside, as `<directory>.writing-…`.
 * @throws ConfigError when the directory holds other files: they would be lost
 */
export async function writeDirectory(directory: string, files: Files): Promise<void> {
  const target = resolve(directory);
  for (const path of [target, setAside(target)]) refuseOthers(path, await entriesOf(path), Object.keys(files));
  await mkdir(dirname(target), { recursive: true });
  const made = await mkdtemp(`${target}.writing-`);
  try {
    for (const [name, pieces] of Object.entries(files)) await writeSynced(join(made, name), pieces);
    await syncDirectory(made);
    await replace(target, made);
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}

/**
 * Reads files of a directory that `writeDirectory` wrote.
 * @throws ConfigError when there is no such directory, naming the files it does not have
 */
export async function readDirectory<Name extends string>(
  directory: string,
  names: readonly Name[],
): Promise<Readonly<Record<Name, Uint8Array>>> {
  const target = resolve(directory);
  const entries = await entriesOf(target);
  const from = entries ? target : setAside(target);
  const found = entries ?? (await entriesOf(from));
  const missing = names.filter((name) => !found?.includes(name));
  if (missing.length > 0)
    throw new ConfigError({
      where: directory,
      expected: `a directory with ${names.join(', ')}`,
      found: found ? `one without ${missing.join(', ')}` : 'nothing of that name',
    });
  const read = names.map(async (name) => [name, await readWhole(join(from, name))] as const);
  return Object.fromEntries(await Promise.all(read)) as Record<Name, Uint8Array>;
}

async function replace(target: string, made: string): Promise<void> {
  const old = setAside(target);
  if (await entriesOf(target)) {
    await rm(old, { recursive: true, force: true });
    await rename(target, old);
  }
  await rename(made, target);
  await syncDirectory(dirname(target));
  await rm(old, { recursive: true, force: true });
}

function refuseOthers(where: string, found: readonly string[] | undefined, known: readonly string[]): void {
  const others = (found ?? []).filter((name) => !known.includes(name));
  if (others.length === 0) return;
  throw new ConfigError({
    where,
    expected: `nothing besides ${known.join(', ')}, which are replaced`,
    found: others.join(', '),
    hint: 'choose another directory',
  });
}

/** Names in a directory; undefined when there is none. */
async function entriesOf(directory: string): Promise<readonly string[] | undefined> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function writeSynced(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, 'wx');
  try {
    for (const piece of pieces)
      for (let at = 0; at < piece.length; ) {
        const { bytesWritten } = await file.write(piece, at, Math.min(pieceBytes, piece.length - at));
        at += bytesWritten;
      }
    await file.sync();
  } finally {
    await file.close();
  }
}

async function readWhole(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const bytes = new Uint8Array((await file.stat()).size);
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, at, Math.min(pieceBytes, bytes.length - at));
      if (bytesRead === 0) return bytes.subarray(0, at);
      at += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

/** Makes sure that names in a directory outlast a power cut. Windows does so by itself, and can't be asked. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
