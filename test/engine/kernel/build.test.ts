import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const outputs = ['relaxed.wasm', 'simd.wasm', 'sources.sha256'];

function build(root: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['kernels/build.js'], { cwd: root, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

const writtenMs = (root: string) => outputs.map((name) => statSync(join(root, 'kernels/build', name)).mtimeMs);

test('builds when a source has changed, and only then', { timeout: 240_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'trunkline-build-'));
  mkdirSync(join(root, 'kernels'));
  symlinkSync(join(checkout, 'node_modules'), join(root, 'node_modules'), 'junction');
  // One kernel is enough.
  for (const name of ['build.js', 'copy.ts'])
    copyFileSync(join(checkout, 'kernels', name), join(root, 'kernels', name));
  writeFileSync(join(root, 'kernels/index.ts'), "export { copy } from './copy';\n");

  const built = { status: 0, output: 'kernels: built simd.wasm and relaxed.wasm\n' };
  expect(build(root)).toEqual(built);
  expect(readdirSync(join(root, 'kernels/build')).sort()).toEqual(outputs);
  const wasm = readFileSync(join(root, 'kernels/build/simd.wasm'));
  const first = writtenMs(root);
  expect(build(root)).toEqual({ status: 0, output: '' });
  expect(writtenMs(root)).toEqual(first);

  appendFileSync(join(root, 'kernels/copy.ts'), '\nexport function one(): i32 {\n  return 1;\n}\n');
  appendFileSync(join(root, 'kernels/index.ts'), "export { one } from './copy';\n");
  expect(build(root)).toEqual(built);
  expect(readFileSync(join(root, 'kernels/build/simd.wasm')).equals(wasm)).toBe(false);

  appendFileSync(join(root, 'kernels/copy.ts'), 'export const wrong: i32 = unknownName;\n');
  const failed = build(root);
  expect(failed.status).toBe(1);
  expect(failed.output).toContain("Cannot find name 'unknownName'");
  expect(failed.output).toContain('copy.ts');
  expect(build(root).status).toBe(1);
  rmSync(root, { recursive: true });
});
