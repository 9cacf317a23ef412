import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository, and where what was compiled of it lies. */
export const root = fileURLToPath(new URL('../..', import.meta.url));
export const built = join(root, '.cache/bench');

/** Compiles the sources and the contenders in Node, so that these start as users' programs do, without a loader. */
export function build(): void {
  const compiler = join(root, 'node_modules/typescript-native/bin/tsc');
  const { status } = spawnSync(process.execPath, [compiler, '--project', 'bench/tsconfig.json'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0)
    throw new Error(`tsc --project bench/tsconfig.json failed (exit code ${status}); its message is above`);
  mkdirSync(built, { recursive: true });
  for (const name of ['kernels', 'package.json'])
    if (!existsSync(join(built, name))) symlinkSync(join(root, name), join(built, name));
}
