import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RootDatabase } from 'lmdb';

/**
 * Writes in one transaction: all of it is on the disk then, or nothing.
 * @throws why nothing was written
 */
export async function commit(root: RootDatabase, write: () => void): Promise<void> {
  try {
    await root.batch(write);
  } catch (error) {
    // The error of the system comes beside the one that says that a commit failed, and would end the process if nobody
    // looked at it.
    const { commitError } = error as { readonly commitError?: Promise<unknown> };
    const cause = Promise.resolve(commitError).then(
      () => undefined,
      (own: unknown) => own,
    );
    throw (await Promise.race([cause, nextTurn(undefined)])) ?? error;
  }
}
