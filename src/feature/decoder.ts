import { ConfigError } from '../core/error.ts';

export interface DecodeOptions {
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly fit: 'fill' | 'cover' | 'contain';
  readonly maxPixels: number;
}

/** Decodes an image and resizes it. @returns its numbers from 0 to 255, row-major, or why it is no image */
export type Decode = (encoded: Uint8Array, options: DecodeOptions) => Promise<Uint8Array | string>;

/**
 * Loads sharp, which is installed by those who train on images.
 * @throws ConfigError that says how to install it
 */
export async function loadDecoder(where: string): Promise<Decode> {
  const { default: sharp } = await import('sharp').catch((error: unknown) => {
    throw new ConfigError(
      {
        where,
        expected: 'the package sharp, which decodes images',
        found: error instanceof Error ? (error.message.split('\n')[0] as string) : String(error),
        hint: 'npm install sharp',
      },
      { cause: error },
    );
  });
  return async (encoded, { shape: [height, width, channels], fit, maxPixels }) => {
    try {
      const resized = sharp(encoded, { limitInputPixels: maxPixels, failOn: 'error' })
        .autoOrient()
        .resize(width, height, { fit, background: { r: 0, g: 0, b: 0, alpha: 1 } });
      const coloured =
        channels === 4
          ? resized.toColourspace('srgb').ensureAlpha()
          : resized.flatten().toColourspace(channels === 1 ? 'b-w' : 'srgb');
      return new Uint8Array(await coloured.raw({ depth: 'uchar' }).toBuffer());
    } catch (error) {
      return error instanceof Error ? error.message.trim() : String(error);
    }
  };
}
