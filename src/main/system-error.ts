import { TrunklineError } from '../core/error.ts';

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'one that this user may not use so',
  EPERM: 'one that this user may not use so',
  EROFS: 'a read-only file system',
  ENOSPC: 'a full disk',
  EISDIR: 'a folder',
  ENOTDIR: 'a file in place of a folder on the way',
  EEXIST: 'something else of that name',
};

/** What the system says of a file or folder, in our words; any other error as it is. */
export function systemError(error: unknown): unknown {
  const { code = '', path, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  const found = reasons[code];
  if (!(error instanceof Error) || error instanceof TrunklineError || path === undefined || !found) return error;
  const expected = syscall === 'mkdir' ? 'a folder that can be made' : 'a file or folder that can be used';
  return new TrunklineError({ where: path, expected, found }, { cause: error });
}
