import { createHash } from 'node:crypto';
import { mkdir, realpath, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../core/error.ts';

/** Another process trains in a run folder. */
export class FolderInUse extends ConfigError {}

/** Whoever has it, and nobody else, writes into a run folder. */
export interface FolderLock {
  release(): Promise<void>;
}

const inTheWay = 'a file in its place, or on the way to it';
const notWritten = 'a folder above it that may not be written';
/** Why a folder can't be made. `ENOENT` is what Node says, of several folders at once, where the system says `EROFS`. */
const notMade: Readonly<Record<string, string>> = {
  EEXIST: inTheWay,
  ENOTDIR: inTheWay,
  EACCES: notWritten,
  EPERM: notWritten,
  EROFS: notWritten,
  ENOENT: notWritten,
};

/**
 * Takes a run folder for this process. It is given back when the process ends, however it ends: the operating system
 * closes the socket that stands for it, so that there is no lock file to outlive a crash.
 * @throws FolderInUse when another process, or this one, has it; ConfigError when it can't be made
 */
export async function lockFolder(directory: string): Promise<FolderLock> {
  await mkdir(directory, { recursive: true }).catch(({ code, message }: NodeJS.ErrnoException) => {
    const found = notMade[code ?? ''] ?? message;
    const hint = 'choose another folder (checkpoint.directory)';
    throw new ConfigError({ where: directory, expected: 'a run folder that can be made', found, hint });
  });
  const name = createHash('sha256')
    .update(await realpath(directory))
    .digest('hex')
    .slice(0, 32);
  const server = await listen(placeOf(name), directory);
  server.unref();
  return {
    release: () =>
      new Promise((resolve, reject) => server.close((error) => (error === undefined ? resolve() : reject(error)))),
  };
}

/** Names of sockets that need no file go with the process. Elsewhere there is a file, and what a crash left is replaced. */
function placeOf(name: string): string {
  if (process.platform === 'linux') return `\0trunkline-${name}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\trunkline-${name}`;
  return join(tmpdir(), `trunkline-${name}.sock`);
}

async function listen(place: string, directory: string): Promise<Server> {
  const isFile = place.startsWith('/');
  for (let replaced = false; ; replaced = true)
    try {
      return await opened(place);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      if (!isFile || replaced || (await answers(place)))
        throw new FolderInUse({
          where: directory,
          expected: 'a run folder that no other process trains in',
          found: 'one that is in use',
          hint: 'stop the other process, or choose another folder (checkpoint.directory)',
        });
      await rm(place, { force: true });
    }
}

function opened(place: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => void socket.destroy());
    server.once('error', reject).listen(place, () => resolve(server));
  });
}

function answers(place: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(place, () => resolve(true));
    socket.once('error', () => resolve(false)).once('close', () => socket.destroy());
  });
}
