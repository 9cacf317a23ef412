import { bytesPerElement, type DType, type TypedArray, viewArray } from '../core/dtype.ts';
import { EngineError } from '../core/error.ts';
import { formatBytes } from '../core/format.ts';
import { formatShape, type Shape, sameShape, sizeOf } from '../core/shape.ts';

/** Where a tensor lives in the arena. Plain data: it can cross to a worker. */
export interface Region {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  /** Aligned to 64 bytes. */
  readonly byteOffset: number;
  readonly byteLength: number;
}

const pageBytes = 65_536;
/** A WebAssembly memory addresses 32 bits. */
const largestBytes = 65_536 * pageBytes;
/** Regions begin on cache lines. */
const alignment = 64;
/** The first page stays free, so that no region has the address 0. */
const firstOffset = pageBytes;

const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

/** The tensor in a region, as a view that stays valid when the memory grows. */
export function viewRegion(memory: WebAssembly.Memory, { dtype, byteOffset, shape }: Region): TypedArray {
  return viewArray(dtype, memory.buffer, byteOffset, sizeOf(shape));
}

interface Gap {
  start: number;
  end: number;
}

/**
 * One shared memory for parameters, optimizer slots, gradients, batches and activations: flat, aligned regions
 * addressed by name. The thread that trains and the thread that feeds it see the same bytes.
 */
export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly #regions = new Map<string, Region>();
  readonly #limit: number;
  /** Free bytes below the end of the memory, in order and not touching. */
  readonly #gaps: Gap[];
  /** End of what was ever in use: memory beyond it is zero as the system gave it. */
  #touched = firstOffset;

  /** @param maximumBytes at most 4 GiB, which is also the default; memory is taken from the system as it is used */
  constructor(maximumBytes = largestBytes) {
    this.#limit = Math.min(Math.floor(maximumBytes / pageBytes) * pageBytes, largestBytes);
    this.memory = new WebAssembly.Memory({ initial: 1, maximum: this.#limit / pageBytes, shared: true });
    this.#gaps = [{ start: firstOffset, end: this.#limit }];
  }

  /**
   * Takes room for a zero-filled tensor.
   * @throws EngineError with the sizes when there is no room or the system gives none, or when the name is taken
   */
  allocate(name: string, dtype: DType, shape: Shape): Region {
    if (this.#regions.has(name))
      throw new EngineError({
        where: `arena region '${name}'`,
        expected: 'a name that is not in use',
        found: `a region ${this.region(name).dtype} ${formatShape(this.region(name).shape)} of that name`,
      });
    const byteLength = sizeOf(shape) * bytesPerElement(dtype);
    const room = Math.max(aligned(byteLength), alignment);
    const gap = this.#gaps.find(({ start, end }) => end - start >= room);
    if (!gap)
      throw new EngineError({
        where: `arena region '${name}' ${dtype} ${formatShape(shape)}`,
        expected: `${formatBytes(byteLength)} of free memory in one piece`,
        found: `${formatBytes(this.freeBytes)} free of ${formatBytes(this.#limit)}`,
        hint: 'an arena holds parameters, optimizer state, gradients and batches: use smaller layers, a smaller batch or an optimizer with fewer slots',
      });
    const byteOffset = gap.start;
    this.#growTo(byteOffset + room, name);
    gap.start += room;
    if (gap.start === gap.end) this.#gaps.splice(this.#gaps.indexOf(gap), 1);
    const region = { name, dtype, shape, byteOffset, byteLength };
    this.#regions.set(name, region);
    if (byteOffset < this.#touched) new Uint8Array(this.memory.buffer, byteOffset, room).fill(0);
    this.#touched = Math.max(this.#touched, byteOffset + room);
    return region;
  }

  /** The region of that name, made when there is none. */
  ensure(name: string, dtype: DType, shape: Shape): Region {
    const known = this.#regions.get(name);
    if (!known) return this.allocate(name, dtype, shape);
    if (known.dtype === dtype && sameShape(known.shape, shape)) return known;
    throw new EngineError({
      where: `arena region '${name}'`,
      expected: `${known.dtype} ${formatShape(known.shape)}, as it was allocated`,
      found: `${dtype} ${formatShape(shape)}`,
    });
  }

  has(name: string): boolean {
    return this.#regions.has(name);
  }

  /** @throws EngineError when there is no region of that name */
  region(name: string): Region {
    const region = this.#regions.get(name);
    if (region) return region;
    throw new EngineError({
      where: 'arena',
      expected: `a region named '${name}'`,
      found: `${this.#regions.size} regions, none of that name`,
    });
  }

  /** The tensor of that name, for reading and writing in place. */
  view(name: string): TypedArray {
    return viewRegion(this.memory, this.region(name));
  }

  /** Gives a region's room back. Views of it must not be used any more. */
  free(name: string): void {
    const { byteOffset, byteLength } = this.region(name);
    this.#regions.delete(name);
    const end = byteOffset + Math.max(aligned(byteLength), alignment);
    const next = this.#gaps.findIndex((gap) => gap.start >= end);
    const at = next === -1 ? this.#gaps.length : next;
    this.#gaps.splice(at, 0, { start: byteOffset, end });
    for (const left of [at, at - 1]) {
      const [gap, following] = [this.#gaps[left], this.#gaps[left + 1]];
      if (!gap || gap.end !== following?.start) continue;
      gap.end = following.end;
      this.#gaps.splice(left + 1, 1);
    }
  }

  get regions(): readonly Region[] {
    return [...this.#regions.values()];
  }

  get freeBytes(): number {
    return this.#gaps.reduce((sum, { start, end }) => sum + end - start, 0);
  }

  get usedBytes(): number {
    return this.#limit - firstOffset - this.freeBytes;
  }

  #growTo(bytes: number, name: string): void {
    const missing = Math.ceil((bytes - this.memory.buffer.byteLength) / pageBytes);
    if (missing <= 0) return;
    try {
      this.memory.grow(missing);
    } catch (cause) {
      throw new EngineError(
        {
          where: `arena region '${name}'`,
          expected: `${formatBytes(missing * pageBytes)} more memory from the system`,
          found: `none beyond ${formatBytes(this.memory.buffer.byteLength)}`,
        },
        { cause },
      );
    }
  }
}
