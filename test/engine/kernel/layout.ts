import fc from 'fast-check';
import { anyValue } from './value.ts';

/** Regions of one length, at odd places with gaps between them, in a memory full of a guard pattern. */
export const layout = (regions: number) =>
  fc.integer({ min: 0, max: 140 }).chain((length) =>
    fc.record({
      length: fc.constant(length),
      gaps: fc.array(fc.integer({ min: 1, max: 19 }), { minLength: regions, maxLength: regions }),
      values: fc.array(fc.array(anyValue, { minLength: length, maxLength: length }), {
        minLength: regions,
        maxLength: regions,
      }),
    }),
  );

export interface Filled {
  readonly memory: WebAssembly.Memory;
  readonly addresses: number[];
  readonly regions: Float32Array[];
}

export function fill(memory: WebAssembly.Memory, gaps: number[], values: number[][]): Filled {
  new Uint8Array(memory.buffer).fill(0xa5);
  let at = 0;
  const addresses = gaps.map((gap, place) => {
    const address = at + gap * 4;
    at = address + (values[place] as number[]).length * 4;
    return address;
  });
  const regions = addresses.map((address, place) => {
    const region = new Float32Array(memory.buffer, address, (values[place] as number[]).length);
    region.set(values[place] as number[]);
    return region;
  });
  return { memory, addresses, regions };
}

/** The memory's bytes, those of some regions blanked. */
export function bytesBeside({ memory, regions }: Filled, blanked: number): Buffer {
  const bytes = Buffer.from(new Uint8Array(memory.buffer));
  for (const { byteOffset, byteLength } of regions.slice(0, blanked))
    bytes.fill(0, byteOffset, byteOffset + byteLength);
  return bytes;
}
