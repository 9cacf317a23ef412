import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import type { RawColumn } from '../core/table.ts';
import { hashText, mix } from '../trace/hash.ts';
import { Faults } from './faults.ts';
import type { Feature, FeatureContext } from './feature.ts';
import { columnsField, nothingToFit } from './field.ts';
import { checkKinds, textLists, textOfRows } from './texts.ts';

/** Hashes that are remembered, because texts repeat. */
const rememberedTexts = 100_000;

/**
 * Texts and numbers as buckets that a hash puts them in: nothing to fit, and any text has one.
 * @see Weinberger et al. 2009, arXiv:0902.2206. Deviates: no signs, so that a bucket can be an id.
 */
export const hash = plugin({
  type: 'hash',
  summary: 'Texts or numbers as one of a number of buckets, found by hashing: an id, or a one at its place.',
  main: 'buckets',
  fields: z
    .object({
      buckets: z
        .int()
        .positive()
        .max(2 ** 31 - 1)
        .describe('How many buckets there are: ids from 0 to one less.'),
      output: z
        .enum(['id', 'multiHot'])
        .default('id')
        .describe('An id for each column, or ones at the buckets of all values, which may be lists.'),
      columns: columnsField,
      split: z.string().min(1).optional().describe('For multiHot: what stands between the parts of a text.'),
      seed: z.int().min(0).default(0).describe('Another seed puts values in other buckets.'),
      missing: z
        .int()
        .min(0)
        .optional()
        .describe('The bucket of a value that is null or NaN; when left out such rows are rejected.'),
    })
    .refine(({ missing, buckets }) => missing === undefined || missing < buckets, {
      error: 'a bucket that there is',
      path: ['missing'],
    })
    .refine(({ split, output }) => split === undefined || output === 'multiHot', {
      error: "no 'split' with ids, of which each column has one",
      path: ['split'],
      params: { hint: 'set output to multiHot' },
    }),
  example: { buckets: 1000, columns: 'user' },
  build: ({ buckets, output, split, seed, missing }, context: FeatureContext): Feature => {
    const isId = output === 'id';
    const refused: RawColumn['kind'][] = isId ? ['bytes', 'numbers', 'texts'] : ['bytes'];
    checkKinds(context, refused, isId ? 'columns of one text or number for each row' : 'columns of texts or numbers');
    const names = context.columns.map(({ name }) => name);
    const salt = mix(seed);
    let remembered = new Map<string, number>();
    const bucketOf = (text: string): number => {
      const known = remembered.get(text);
      if (known !== undefined) return known;
      const bucket = (seed === 0 ? hashText(text) : mix(hashText(text) ^ salt)) % buckets;
      if (remembered.size >= rememberedTexts) remembered = new Map();
      remembered.set(text, bucket);
      return bucket;
    };
    const absent = (row: number, name: string, faults: Faults): number | undefined => {
      if (missing === undefined) faults.missing(row, name, 'a text or number');
      return missing;
    };

    return {
      shape: [isId ? names.length : buckets],
      dtype: isId ? 'int32' : 'float32',
      kind: isId ? 'dense' : 'multiHot',
      ...nothingToFit,
      transform: (columns, rows) => {
        const faults = new Faults(rows);
        if (isId) {
          const values = new Int32Array(rows * columns.length);
          columns.forEach((column, at) => {
            const name = names[at] as string;
            textOfRows(column, rows, name, faults).forEach((text, row) => {
              values[row * columns.length + at] = (text === null ? absent(row, name, faults) : bucketOf(text)) ?? 0;
            });
          });
          return { column: { kind: 'dense', values, size: columns.length }, faults: faults.list };
        }
        const lists = columns.map((column, at) => textLists(column, rows, names[at] as string, faults, split));
        const starts = new Int32Array(rows + 1);
        const places: number[] = [];
        for (let row = 0; row < rows; row++) {
          const own = new Set<number>();
          lists.forEach((list, at) => {
            const texts = list[row] ?? null;
            const bucket = texts === null ? absent(row, names[at] as string, faults) : undefined;
            if (bucket !== undefined) own.add(bucket);
            for (const text of texts ?? []) own.add(bucketOf(text));
          });
          for (const place of own) places.push(place);
          starts[row + 1] = places.length;
        }
        return {
          column: { kind: 'multiHot', starts, places: Int32Array.from(places), size: buckets },
          faults: faults.list,
        };
      },
    };
  },
});
