import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { sizeOf } from '../core/shape.ts';
import type { RawColumn } from '../core/table.ts';
import { type Decode, loadDecoder } from './decoder.ts';
import { Faults } from './faults.ts';
import type { Feature, FeatureContext, Transformed } from './feature.ts';
import { columnsField, nothingToFit } from './field.ts';
import { onlyColumn } from './texts.ts';

/** Images that are decoded at a time: sharp brings threads of its own. */
const atATime = 8;

/** Encoded images, decoded and resized to `[height, width, channels]`. Of texts, the bytes are read as base64. */
export const image = plugin({
  type: 'image',
  summary: 'Encoded images (JPEG, PNG, WebP, …), decoded and resized; needs the package sharp.',
  main: 'shape',
  fields: z.object({
    shape: z
      .tuple([z.int().positive(), z.int().positive(), z.union([z.literal(1), z.literal(3), z.literal(4)])])
      .describe('Height, width and channels: 1 for grey, 3 for red, green and blue, 4 with opacity.'),
    columns: columnsField,
    fit: z
      .enum(['fill', 'cover', 'contain'])
      .default('fill')
      .describe('How another aspect ratio fits: stretched, cut, or with black around it.'),
    range: z.tuple([z.number(), z.number()]).default([0, 1]).describe('What black and white become.'),
    maxPixels: z.int().positive().default(50_000_000).describe('Larger images are rejected before they are decoded.'),
    missing: z
      .enum(['reject', 'black'])
      .default('reject')
      .describe('Of a row without an image: reject it, or a black one.'),
  }),
  example: { shape: [32, 32, 3], columns: 'photo' },
  build: ({ shape, fit, range: [black, white], maxPixels, missing }, context: FeatureContext): Feature => {
    const name = onlyColumn(context, ['number', 'numbers', 'texts'], 'a column of encoded images');
    const size = sizeOf(shape);
    let decoder: Promise<Decode> | undefined;

    const transform = async ([column]: readonly RawColumn[], rows: number): Promise<Transformed> => {
      decoder ??= loadDecoder(context.where);
      const decode = await decoder;
      const faults = new Faults(rows);
      const values = new Float32Array(rows * size).fill(black);
      const cells = (column as RawColumn & { readonly kind: 'bytes' | 'text' | 'mixed' }).values;
      const decodeRow = async (row: number): Promise<void> => {
        const encoded = bytesOf(cells[row]);
        if (encoded === null) {
          if (missing === 'reject') faults.missing(row, name, 'an image');
          return;
        }
        if (encoded === undefined) return faults.add(row, name, 'badType', 'bytes of an image', cells[row]);
        const pixels = await decode(encoded, { shape, fit, maxPixels });
        if (typeof pixels === 'string') return faults.add(row, name, 'malformed', 'an image', pixels);
        const scale = (white - black) / 255;
        for (let at = 0; at < size; at++) values[row * size + at] = black + (pixels[at] as number) * scale;
      };
      let next = 0;
      const workers = Array.from({ length: Math.min(atATime, rows) }, async () => {
        while (next < rows) await decodeRow(next++);
      });
      await Promise.all(workers);
      faults.list.sort((a, b) => a.row - b.row);
      return { column: { kind: 'dense', values, size }, faults: faults.list };
    };
    return { shape, dtype: 'float32', ...nothingToFit, transform };
  },
});

/** Null for no image; undefined for what can't be one. */
function bytesOf(cell: unknown): Uint8Array | null | undefined {
  if (cell === null || cell === undefined) return null;
  if (cell instanceof Uint8Array) return cell;
  return typeof cell === 'string' ? Buffer.from(cell, 'base64') : undefined;
}
