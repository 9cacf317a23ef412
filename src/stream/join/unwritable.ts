import { SourceError } from '../../core/error.ts';

/** A change that the disk does not take: nothing of it was done, and it may be tried again. */
export class UnwritableStore extends SourceError {}

/** @param where the store. @param error what was said of the attempt */
export function unwritable(where: string, error: unknown): UnwritableStore {
  const found = error instanceof Error ? error.message : String(error);
  return new UnwritableStore({ where, expected: 'a disk that takes what waits', found }, { cause: error });
}
