import { rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';

const { ENOSPC, EDQUOT, EFBIG, EIO } = constants.errno;

/** More than a store takes up when it is begun, and than most changes do. */
const roomBytes = 2 ** 17;

/**
 * Asks whether the disk of a store takes anything, so that native code need not find out. A store that is begun without room
 * ends the process, which follows pages that are not there; and lmdb-js 3.5.6 writes what it says of a write that failed
 * over the end of its memory, now and then.
 * @throws the error of the system when there is no room: nothing is left of the attempt
 */
export function checkRoom(path: string): void {
  const room = join(path, 'room');
  try {
    writeFileSync(room, Buffer.alloc(roomBytes));
  } finally {
    rmSync(room, { force: true });
  }
}

/** Whether an error says that the disk takes no more. Of a write that was cut short LMDB says that the device is at fault. */
export function isOutOfRoom(error: unknown): boolean {
  const { errno, code } = error as { readonly errno?: number; readonly code?: number | string };
  const number = errno === undefined ? code : -errno;
  return [ENOSPC, EDQUOT, EFBIG, EIO].some((one) => one === number);
}
