import type { KernelFunctions } from '../kernels.ts';
import { type Arithmetic, rounded } from './arithmetic.ts';
import { squaredNorm } from './squared-norm.ts';
import { twinUpdates } from './update.ts';

/**
 * Plain TypeScript twins of the kernels: slow, obvious, and equal to them bit for bit (which NaN a NaN is aside).
 * @param arithmetic `rounded` as the plain build, `fused` as the relaxed build on processors that fuse
 */
export function twinKernels(memory: WebAssembly.Memory, arithmetic: Arithmetic = rounded): KernelFunctions {
  const floats = (at: number, length: number): Float32Array => new Float32Array(memory.buffer, at, length);
  const replace = (at: number, length: number, next: (value: number) => number): void => {
    const values = floats(at, length);
    values.forEach((value, index) => {
      values[index] = next(value);
    });
  };
  return {
    ...twinUpdates(memory, arithmetic),

    squaredNorm: (values, length) => squaredNorm(floats(values, length), arithmetic),

    allFinite: (values, length) => (floats(values, length).every(Number.isFinite) ? 1 : 0),

    scale: (values, length, factor) => replace(values, length, (value) => value * Math.fround(factor)),

    clampValues(values, length, limit) {
      const highest = Math.fround(limit);
      replace(values, length, (value) => (value > highest ? highest : value < -highest ? -highest : value));
    },

    flush: (values, length, smallest) =>
      replace(values, length, (value) => (Math.abs(value) < Math.fround(smallest) ? 0 : value)),

    clear: (values, length) => replace(values, length, () => 0),

    addRows(table, rows, ids, height, width, count) {
      const [sums, values] = [floats(table, height * width), floats(rows, count * width)];
      for (const [row, id] of new Uint32Array(memory.buffer, ids, count).entries()) {
        if (id >= height) return row;
        for (let at = 0; at < width; at++)
          sums[id * width + at] = (sums[id * width + at] as number) + (values[row * width + at] as number);
      }
      return count;
    },

    copy(to, from, sizeBytes) {
      new Uint8Array(memory.buffer).copyWithin(to, from, from + sizeBytes);
    },
  };
}
