import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle, entries } from '../../scripts/build/bundle.ts';

/** The repository, and where what was compiled of it lies. */
export const root = fileURLToPath(new URL('../..', import.meta.url));
export const built = join(root, '.cache/bench');

/** Compiles the contenders in Node, and builds the sources as they are published, so that both start as users' programs do. */
export async function build(): Promise<void> {
  const compiler = join(root, 'node_modules/typescript-native/bin/tsc');
  const { status } = spawnSync(process.execPath, [compiler, '--project', 'bench/tsconfig.json'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0)
    throw new Error(`tsc --project bench/tsconfig.json failed (exit code ${status}); its message is above`);
  // What the compiler wrote of the sources, or an earlier build, is not there for users.
  rmSync(join(built, 'src'), { recursive: true, force: true });
  await bundle(join(built, 'src'), [...new Set([...entries, ...takenByContenders()])]);
  for (const name of ['kernels', 'package.json'])
    if (!existsSync(join(built, name))) symlinkSync(join(root, name), join(built, name));
}

/** Files of the sources that contenders import besides the package itself. */
function takenByContenders(): readonly string[] {
  const folder = join(root, 'bench/peers/contender');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [...readFileSync(join(folder, file), 'utf8').matchAll(/'\.\.\/\.\.\/\.\.\/src\/(.*)'/g)])
    .map(([, file = '']) => file);
}
