import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.ts';

// Builds `dist/`: types by TypeScript, and the code by esbuild.
const root = fileURLToPath(new URL('../..', import.meta.url));
rmSync(join(root, 'dist'), { recursive: true, force: true });
const compiler = join(root, 'node_modules/typescript-native/bin/tsc');
const argv = [compiler, '--project', 'tsconfig.build.json'];
const { status } = spawnSync(process.execPath, argv, { cwd: root, stdio: 'inherit' });
if (status !== 0) process.exit(1);
await bundle(join(root, 'dist'));
