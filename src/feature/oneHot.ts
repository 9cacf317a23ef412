import { z } from 'zod';
import { ConfigError } from '../core/error.ts';
import { plugin } from '../core/plugin.ts';
import type { RawColumn } from '../core/table.ts';
import { Faults } from './faults.ts';
import type { Feature, FeatureContext } from './feature.ts';
import { columnsField, parseState, unfitted } from './field.ts';
import { checkKinds, textOfRows } from './texts.ts';
import { byText, Words } from './words.ts';

const otherwise = z.enum(['reject', 'zeros', 'category']).default('reject');

/**
 * Categories as ones at their places: columns one after the other, and in each its categories, then a place for unknown
 * ones and one for missing ones where these count as categories.
 */
export const oneHot = plugin({
  type: 'oneHot',
  summary: 'Categories of texts or numbers, each as a one at a place of its own.',
  main: 'categories',
  fields: z.object({
    categories: z
      .array(z.union([z.string(), z.number(), z.boolean()]))
      .min(1)
      .optional()
      .describe('The categories, in order; those of the training source, sorted, when left out.'),
    columns: columnsField,
    unknown: otherwise.describe('Of a category that was not listed or not seen: reject its row, or zeros, or a place.'),
    missing: otherwise.describe('Of a value that is null or NaN: reject its row, or zeros, or a place.'),
    limit: z.int().positive().default(10_000).describe('More categories than this in a column are an error.'),
  }),
  example: { categories: ['low', 'high'], columns: 'risk', unknown: 'category' },
  build: ({ categories, unknown, missing, limit }, context: FeatureContext): Feature => {
    checkKinds(context, ['bytes', 'numbers', 'texts'], 'columns of texts or numbers, one for each row');
    const given = categories?.map(String);
    const repeated = given?.find((category, at) => given.indexOf(category) !== at);
    if (repeated !== undefined)
      throw new ConfigError({
        where: `${context.where}.categories`,
        expected: 'each category once',
        found: `'${repeated}' twice`,
      });
    const names = context.columns.map(({ name }) => name);
    const perColumn = names.map(() => new Words(context.where));
    for (const words of perColumn) if (given !== undefined) words.number(given);
    const extra = Number(unknown === 'category') + Number(missing === 'category');
    const needsFit = (): boolean => perColumn.some((words) => !words.isFitted);
    const size = (): number => perColumn.reduce((sum, words) => sum + words.size + extra, 0);
    const state = z.array(z.array(z.string())).length(names.length);

    /** The place of a row's category within its column; undefined for none. */
    const placeOf = (
      text: string | null,
      words: Words,
      row: number,
      name: string,
      faults: Faults,
    ): number | undefined => {
      if (text === null) {
        if (missing === 'category') return words.size + extra - 1;
        if (missing === 'reject') faults.missing(row, name, 'a category');
        return undefined;
      }
      const id = words.idOf(text);
      if (id !== undefined) return id;
      if (unknown === 'category') return words.size;
      if (unknown === 'reject') faults.add(row, name, 'unknownValue', `one of ${words.size} categories`, text);
      return undefined;
    };

    return {
      get shape() {
        return [size()];
      },
      dtype: 'float32',
      kind: 'multiHot',
      get needsFit() {
        return needsFit();
      },
      fit: (columns, rows) => {
        if (given !== undefined) return;
        columns.forEach((column: RawColumn, at) => {
          for (const text of textOfRows(column, rows, names[at] as string, new Faults(rows)))
            if (text !== null) perColumn[at]?.count(text);
        });
      },
      finishFit: () => {
        if (given !== undefined) return;
        perColumn.forEach((words, at) => {
          words.settle(limit + 1, 1, byText);
          if (words.size > limit)
            throw new ConfigError({
              where: context.where,
              expected: `at most ${limit} categories in column '${names[at]}'`,
              found: 'more',
              hint: 'raise its limit, or use vocabulary or hash',
            });
        });
      },
      transform: (columns, rows) => {
        if (needsFit()) unfitted(context.where);
        const faults = new Faults(rows);
        const texts = columns.map((column, at) => textOfRows(column, rows, names[at] as string, faults));
        const starts = new Int32Array(rows + 1);
        const places = new Int32Array(rows * columns.length);
        let end = 0;
        for (let row = 0; row < rows; row++) {
          let base = 0;
          for (let at = 0; at < perColumn.length; at++) {
            const words = perColumn[at] as Words;
            const place = placeOf(texts[at]?.[row] ?? null, words, row, names[at] as string, faults);
            if (place !== undefined) places[end++] = base + place;
            base += words.size + extra;
          }
          starts[row + 1] = end;
        }
        return {
          column: { kind: 'multiHot', starts, places: places.slice(0, end), size: size() },
          faults: faults.list,
        };
      },
      state: () => (given !== undefined || needsFit() ? null : perColumn.map((words) => words.state()?.words ?? [])),
      restore: (saved) => {
        if (given !== undefined) return;
        parseState(state, saved, context.where).forEach((words, at) => {
          perColumn[at]?.number(words);
        });
      },
    };
  },
});
