import sharp from 'sharp';
import { expect, test, vi } from 'vitest';
import { build, columnOf, run } from './columns.ts';

/** Left half red, right half of this grey. */
async function picture(grey: number): Promise<Uint8Array> {
  const pixels = Buffer.from(
    Array.from({ length: 8 * 8 * 3 }, (_, at) => (at % 24 < 12 ? [255, 0, 0][at % 3] : grey)) as number[],
  );
  return sharp(pixels, { raw: { width: 8, height: 8, channels: 3 } })
    .png()
    .toBuffer();
}

test('images are decoded, resized and scaled', async () => {
  const png = await picture(51);
  const config = { image: { shape: [1, 2, 3] as [number, number, 3] } };
  const { rows } = await run(config, { x: columnOf([new Uint8Array(png), null]) });
  expect(rows[1]).toBe(null);
  for (const [at, expected] of [1, 0, 0, 0.2, 0.2, 0.2].entries()) expect(rows[0]?.[at]).toBeCloseTo(expected, 1);
  const base64 = columnOf([Buffer.from(png).toString('base64')]);
  expect((await run(config, { x: base64 })).rows[0]).toEqual(rows[0]);
});

test('grey images, other ranges, and black ones where there is none', async () => {
  const png = new Uint8Array(
    await sharp({ create: { width: 5, height: 3, channels: 3, background: '#fff' } })
      .jpeg()
      .toBuffer(),
  );
  const config = {
    image: { shape: [2, 2, 1] as [number, number, 1], range: [-1, 3] as [number, number], missing: 'black' },
  };
  const { rows } = await run(config, { x: columnOf([png, null]) });
  expect(rows).toEqual([
    [3, 3, 3, 3],
    [-1, -1, -1, -1],
  ]);
});

test('what is no image, or too large a one, is a fault', async () => {
  const png = new Uint8Array(await picture(3));
  const { rows, faults } = await run(
    { image: { shape: [2, 2, 3], maxPixels: 20 } },
    { x: columnOf([Uint8Array.of(1, 2, 3), png, png.slice(0, 60), 5], 'mixed') },
  );
  expect(rows).toEqual([null, null, null, null]);
  expect(faults.map(({ row, reason, found }) => ({ row, reason, found }))).toEqual([
    { row: 0, reason: 'malformed', found: 'Input buffer contains unsupported image format' },
    { row: 1, reason: 'malformed', found: 'Input image exceeds pixel limit' },
    { row: 2, reason: 'malformed', found: expect.stringMatching(/./) },
    { row: 3, reason: 'badType', found: '5' },
  ]);
});

test('without sharp it says how to install it', async () => {
  vi.doMock('sharp', () => {
    throw new Error("Cannot find package 'sharp'\nimported from here");
  });
  const feature = build({ image: { shape: [2, 2, 3] } }, { x: columnOf([Uint8Array.of(1)]) });
  await expect(feature.transform([columnOf([Uint8Array.of(1)])], 1)).rejects.toThrow(
    /^features\.x: expected the package sharp, which decodes images; found .*\n {2}hint: npm install sharp$/,
  );
  vi.doUnmock('sharp');
});
