import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { EngineError } from '../../../src/core/error.ts';
import { loadKernels } from '../../../src/engine/kernel/index.ts';
import { builds, implement, newMemory, relaxedIsSkippedBecause, twinOf } from './implementation.ts';

test('takes the relaxed build where the runtime has relaxed SIMD', (context) => {
  context.skip(relaxedIsSkippedBecause !== undefined, relaxedIsSkippedBecause);
  const { build, reason } = loadKernels(newMemory());
  expect({ build, reason }).toEqual({ build: 'relaxed', reason: 'this runtime has relaxed SIMD' });
});

test('takes the plain build where it has not, and says what to do when the other was asked for', (context) => {
  context.skip(relaxedIsSkippedBecause === undefined, 'this runtime has relaxed SIMD');
  const { build, reason } = loadKernels(newMemory());
  expect({ build, reason }).toEqual({
    build: 'simd',
    reason: 'this runtime lacks relaxed SIMD, which Node has from 22 on',
  });
  expect(() => loadKernels(newMemory(), { build: 'relaxed' })).toThrow(
    `kernels: expected a runtime with relaxed SIMD; found Node ${process.versions.node} on ${process.arch}, without\n` +
      '  hint: leave the choice open, or use Node 22 or later',
  );
});

test('takes the build that was asked for', () => {
  const { build, reason } = loadKernels(newMemory(), { build: 'simd' });
  expect({ build, reason }).toEqual({ build: 'simd', reason: 'it was asked for' });
});

test('says how to get kernels that are not built', () => {
  const empty = mkdtempSync(join(tmpdir(), 'trunkline-kernels-'));
  const load = () => loadKernels(newMemory(), { build: 'simd', folder: pathToFileURL(`${empty}/`) });
  expect(load).toThrow(EngineError);
  expect(load).toThrow(
    `kernels: expected their simd build at ${join(empty, 'simd.wasm')}; found no file that can be read\n` +
      "  hint: run 'node scripts/setup.js' in the checkout, which builds them; the npm package brings them along",
  );
  rmSync(empty, { recursive: true });
});

describe.each(builds)('the %s build', (build) => {
  test('leaves the memory to the arena: loading writes nothing', () => {
    const memory = newMemory(2);
    new Uint8Array(memory.buffer).fill(0xa5);
    implement(build, memory);
    expect(new Uint8Array(memory.buffer).every((byte) => byte === 0xa5)).toBe(true);
  });

  test('reaches memory that was added after loading', () => {
    const memory = newMemory(1);
    const kernels = implement(build, memory);
    memory.grow(1);
    const values = new Float32Array(memory.buffer, 2 * 65_536 - 20, 5).fill(3);
    kernels.scale(values.byteOffset, 5, 2);
    expect([...values]).toEqual([6, 6, 6, 6, 6]);
  });

  const length = 61;
  const bytes = length * 4;
  test.each([
    ['across 2 GiB', 2 ** 31 - 128],
    ['at the end of 4 GiB', 2 ** 32 - 4 * bytes],
  ])('addresses regions %s', (_, start) => {
    const memory = newMemory(65_536);
    const addresses = [start, start + bytes, start + 2 * bytes, start + 3 * bytes] as const;
    const [parameter, , , gradient] = addresses.map((at) => new Float32Array(memory.buffer, at, length));
    const whole = new Float32Array(memory.buffer, start, 4 * length);
    const initial = whole.map((_, index) => Math.sin(index + 1) ** 2);
    const outcomes = [implement(build, memory), twinOf(build, memory)].map((kernels) => {
      whole.set(initial);
      kernels.adam(...addresses, length, 0.1, 0.5, 0.01, 0.02, 0.9, 0.99, 1e-8, 0.1, 0.01);
      kernels.clampValues(addresses[0], length, 0.7);
      kernels.copy(addresses[3], addresses[0], bytes - 4);
      return {
        values: [...whole],
        norm: kernels.squaredNorm(start, 4 * length),
        finite: kernels.allFinite(start, 4 * length),
      };
    });
    expect(outcomes[0]).toEqual(outcomes[1]);
    expect([...parameter!.slice(0, -1)]).toEqual([...gradient!.slice(0, -1)]);
    expect([...parameter!]).not.toEqual([...initial.slice(0, length)]);
    expect(outcomes[0]?.finite).toBe(1);
  });
});
