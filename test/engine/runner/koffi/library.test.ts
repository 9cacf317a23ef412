import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EngineError } from '../../../../src/core/error.ts';
import { bundledLibrary, checkVersion, OrtLibrary } from '../../../../src/engine/runner/koffi/library.ts';

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof EngineError) return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
}

test('the bundled library opens', () => {
  expect(new OrtLibrary(bundledLibrary()).version).toMatch(/^1\.30\.\d+$/);
});

test('a missing file', () => {
  expect(messageOf(() => new OrtLibrary('/nowhere/libonnxruntime.so'))).toBe(
    '/nowhere/libonnxruntime.so: expected the native library of ONNX Runtime; found no such file\n' +
      '  hint: install onnxruntime-node on a platform it has a library for: Linux, Windows, or macOS on arm64',
  );
});

test('a file that is no library', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-'));
  const path = join(folder, 'libonnxruntime.so');
  writeFileSync(path, 'not a library');
  try {
    expect(messageOf(() => new OrtLibrary(path))).toMatch(
      /libonnxruntime\.so: expected a native library of ONNX Runtime; found Failed to load shared library: /,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each(['1.29.1', '1.31.0', '1.3.0', '2.30.0', ''])('version %s', (version) => {
  expect(messageOf(() => checkVersion(version, 'libonnxruntime.so'))).toBe(
    `libonnxruntime.so: expected ONNX Runtime 1.30, whose function table was checked; found version ${version}\n` +
      '  hint: install onnxruntime-node 1.30',
  );
});

test('a later patch of the checked release', () => {
  expect(() => checkVersion('1.30.7', 'libonnxruntime.so')).not.toThrow();
});
