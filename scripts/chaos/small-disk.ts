import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A disk so small that it can be filled up: needs the right to mount one. */
export class SmallDisk {
  readonly path: string;
  /** Why there is none: what is kept there is on an ordinary one. */
  readonly missing: string | undefined;

  constructor(path: string, sizeMiB: number) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', path], { encoding: 'utf8' });
    this.missing = mount.status === 0 ? undefined : (mount.error?.message ?? mount.stderr.trim());
  }

  /** Writes until nothing more can be written. @returns what gives the room back */
  fill(): () => void {
    const filler = join(this.path, 'filler');
    const file = openSync(filler, 'w');
    try {
      for (let sizeBytes = 1 << 20; sizeBytes > 0; sizeBytes >>= 1)
        try {
          for (;;) if (writeSync(file, Buffer.alloc(sizeBytes)) < sizeBytes) break;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        }
    } finally {
      closeSync(file);
    }
    return () => rmSync(filler);
  }

  /** Gives it back, and what is on it. */
  remove(): void {
    if (this.missing === undefined) spawnSync('umount', ['-l', this.path]);
  }
}
