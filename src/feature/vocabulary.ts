import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { Faults } from './faults.ts';
import type { Feature, FeatureContext } from './feature.ts';
import { columnsField, parseState, unfitted } from './field.ts';
import { checkKinds, textOfRows } from './texts.ts';
import { commonestFirst, Words, wordsState } from './words.ts';

/** Texts as ids for an embedding: 0 for unknown ones, then the commonest of the training source. */
export const vocabulary = plugin({
  type: 'vocabulary',
  summary: 'Texts as ids: 0 for unknown ones, then from 1 the commonest of the training source, or those listed.',
  main: 'size',
  fields: z
    .object({
      size: z.int().min(2).describe('Ids are below it: the input size of an embedding.'),
      columns: columnsField,
      minimumCount: z
        .int()
        .positive()
        .default(1)
        .describe('Texts that the training source has less often are unknown.'),
      words: z.array(z.string()).min(1).optional().describe('The known texts; fitted when left out.'),
      unknown: z.enum(['zero', 'reject']).default('zero').describe('Of an unknown text: id 0, or reject its row.'),
      missing: z
        .enum(['reject', 'zero'])
        .default('reject')
        .describe('Of a value that is null: reject its row, or id 0.'),
    })
    .refine(({ words, size }) => words === undefined || words.length < size, {
      error: 'fewer words than the size, because id 0 is that of unknown ones',
      path: ['words'],
    }),
  example: { size: 5000, columns: 'occupation', minimumCount: 3 },
  build: ({ size, minimumCount, words: given, unknown, missing }, context: FeatureContext): Feature => {
    checkKinds(context, ['bytes', 'numbers', 'texts'], 'columns of one text for each row');
    const names = context.columns.map(({ name }) => name);
    const words = new Words(context.where);
    if (given !== undefined) words.number(given);
    return {
      shape: [names.length],
      dtype: 'int32',
      get needsFit() {
        return !words.isFitted;
      },
      fit: (columns, rows) => {
        if (given !== undefined) return;
        columns.forEach((column, at) => {
          for (const text of textOfRows(column, rows, names[at] as string, new Faults(rows)))
            if (text !== null) words.count(text);
        });
      },
      finishFit: () => {
        if (given === undefined) words.settle(size - 1, minimumCount, commonestFirst);
      },
      transform: (columns, rows) => {
        if (!words.isFitted) unfitted(context.where);
        const faults = new Faults(rows);
        const values = new Int32Array(rows * columns.length);
        columns.forEach((column, at) => {
          const name = names[at] as string;
          textOfRows(column, rows, name, faults).forEach((text, row) => {
            const id = text === null ? undefined : words.idOf(text);
            values[row * columns.length + at] = id === undefined ? 0 : id + 1;
            if (text === null && missing === 'reject') faults.missing(row, name, 'a text');
            if (text !== null && id === undefined && unknown === 'reject')
              faults.add(row, name, 'unknownValue', `one of ${words.size} known texts`, text);
          });
        });
        return { column: { kind: 'dense', values, size: columns.length }, faults: faults.list };
      },
      state: () => (given === undefined ? words.state() : null),
      restore: (saved) => {
        if (given === undefined) words.number(parseState(wordsState, saved, context.where).words);
      },
    };
  },
});
