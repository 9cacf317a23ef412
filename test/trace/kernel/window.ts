import fc from 'fast-check';
import type { Sizes } from './case.ts';

type Pad = 'same' | 'valid' | number | [[number, number], [number, number], [number, number], [number, number]];

/** An image or volume and a window that moves over it. */
export interface Geometry {
  readonly batch: number;
  readonly channels: number;
  /** Output channels, or outputs for each channel. */
  readonly outputs: number;
  readonly input: readonly number[];
  readonly lengths: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pad: Pad;
}

export interface GeometryOptions {
  /** Spatial axes. */
  readonly rank?: 2 | 3;
  readonly pad: 'same' | 'valid' | 'number' | 'explicit';
  readonly dilated?: boolean;
  /** Most padding at a side. */
  readonly padding?: number;
  /** Lengths of windows. */
  readonly lengths?: readonly [number, number];
  /** Strides; `'length'` for windows that tile. */
  readonly strides?: readonly [number, number] | 'length';
}

const within = ([min, max]: readonly [number, number]): fc.Arbitrary<number> => fc.integer({ min, max });

/**
 * Windows at least one of whose places sees the input. Where padding is one number, TensorFlow.js takes length and
 * stride of the first axis for all of them: there they are drawn alike.
 */
export function geometries(size: Sizes, options: GeometryOptions): fc.Arbitrary<Geometry> {
  const { rank = 2, pad, dilated = false, lengths = [1, 3], strides = [1, 3], padding = 2 } = options;
  const each = <Item>(item: fc.Arbitrary<Item>): fc.Arbitrary<Item[]> =>
    pad === 'number'
      ? item.map((value) => new Array<Item>(rank).fill(value))
      : fc.array(item, { minLength: rank, maxLength: rank });
  const side = fc.nat({ max: padding });
  return fc
    .record({
      batch: size,
      channels: size,
      outputs: size,
      lengths: each(within(lengths)),
      strides: each(dilated || strides === 'length' ? fc.constant(1) : within(strides)),
      dilations: each(dilated ? fc.constantFrom(2, 3) : fc.constant(1)),
      extra: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: rank, maxLength: rank }),
      number: side,
      sides: fc.tuple(side, side, side, side),
    })
    .map(({ extra, number, sides, ...rest }) => {
      const reach = rest.lengths.map((length, axis) => (length - 1) * (rest.dilations[axis] as number) + 1);
      const [top, bottom, left, right] = sides;
      const pads = {
        same: 'same',
        valid: 'valid',
        number,
        explicit: [
          [0, 0],
          [top, bottom],
          [left, right],
          [0, 0],
        ],
      } as const;
      return {
        ...rest,
        strides: strides === 'length' ? rest.lengths : rest.strides,
        input: extra.map((more, axis) => (pad === 'same' ? 1 + more : (reach[axis] as number) + more)),
        pad: pads[pad] as Pad,
      };
    });
}

/** The shape of the image, channels last. */
export const imageOf = ({ batch, input, channels }: Geometry): number[] => [batch, ...input, channels];

type Pair = [number, number];
/** What the types of TensorFlow.js's operations want. */
export const pair = (list: readonly number[]): Pair => [list[0] as number, list[1] as number];
export const triple = (list: readonly number[]): [number, number, number] => [...pair(list), list[2] as number];
