import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import type { RawColumn } from '../core/table.ts';
import { Faults } from './faults.ts';
import type { Feature, FeatureContext } from './feature.ts';
import { columnsField, parseState, unfitted } from './field.ts';
import { numberLists } from './lists.ts';
import { onlyColumn, textLists } from './texts.ts';
import { commonestFirst, Words, wordsState } from './words.ts';

/** Lists as rows of differing length. Of texts, id 0 is padding, 1 is any unknown one, and known ones go from 2. */
export const sequence = plugin({
  type: 'sequence',
  summary: 'Lists of ids, numbers or texts, filled up to a length; texts become ids of a vocabulary.',
  main: 'length',
  fields: z
    .object({
      length: z.int().positive().describe('The longest length; longer lists are cut.'),
      lengths: z
        .array(z.int().positive())
        .optional()
        .describe(
          'Shorter lengths that batches may have: each has the first that its longest row fits. Short batches are faster.',
        ),
      columns: columnsField,
      of: z
        .enum(['ids', 'numbers', 'texts'])
        .default('ids')
        .describe('What the lists hold: ids are whole numbers, from 0; numbers are any.'),
      vocabulary: z
        .int()
        .min(3)
        .default(20_000)
        .describe('For texts: ids are below it; the commonest have one of their own.'),
      minimumCount: z
        .int()
        .positive()
        .default(1)
        .describe('For texts: those that the training source has less often are unknown.'),
      split: z.string().min(1).optional().describe("For texts: what stands between the parts of a text, as ' '."),
      cut: z
        .enum(['end', 'start', 'reject'])
        .default('end')
        .describe('Where longer lists lose what is too much, or reject their rows.'),
      padding: z.number().default(0).describe('What stands after the end of a list; 0 for texts.'),
      missing: z
        .enum(['reject', 'empty'])
        .default('reject')
        .describe('Of a row without a list: reject it, or an empty list.'),
    })
    .refine(
      ({ lengths, length }) =>
        lengths === undefined || lengths.every((shorter, at) => shorter < length && shorter > (lengths[at - 1] ?? 0)),
      {
        error: "ascending lengths below 'length'",
        path: ['lengths'],
      },
    )
    .refine(({ of, padding }) => of === 'numbers' || (of === 'ids' ? Number.isInteger(padding) : padding === 0), {
      error: 'a whole number for ids, 0 for texts',
      path: ['padding'],
    })
    .refine(({ of, split }) => of === 'texts' || split === undefined, {
      error: "no 'split' but for texts",
      path: ['split'],
      params: { hint: 'set of to texts' },
    }),
  example: { length: 64, lengths: [16, 32], of: 'texts', split: ' ', columns: 'sentence' },
  build: (options, context: FeatureContext): Feature => {
    const { length, of, cut, missing } = options;
    const isText = of === 'texts';
    const name = onlyColumn(
      context,
      isText ? ['bytes'] : ['text', 'texts', 'bytes'],
      isText ? 'a column of texts' : 'a column of lists of numbers',
    );
    const lengths = [...(options.lengths ?? []), length];
    const words = new Words(context.where);

    /** Each row's list of numbers, before it is cut. */
    const listsOf = (column: RawColumn, rows: number, faults: Faults): ((row: number) => ArrayLike<number> | null) => {
      if (isText) {
        const texts = textLists(column, rows, name, faults, options.split);
        return (row) => texts[row]?.map((text) => (words.idOf(text) ?? -1) + 2) ?? null;
      }
      const { starts, values, valid } = numberLists(column, rows, name, faults);
      return (row) => (valid[row] ? values.subarray(starts[row], starts[row + 1]) : null);
    };

    return {
      shape: [lengths.length > 1 ? -1 : length],
      dtype: of === 'numbers' ? 'float32' : 'int32',
      kind: 'sequence',
      get needsFit() {
        return isText && !words.isFitted;
      },
      fit: ([column], rows) => {
        if (!isText) return;
        for (const list of textLists(column as RawColumn, rows, name, new Faults(rows), options.split))
          for (const text of list ?? []) words.count(text);
      },
      finishFit: () => {
        if (isText) words.settle(options.vocabulary - 2, options.minimumCount, commonestFirst);
      },
      transform: ([column], rows) => {
        if (isText && !words.isFitted) unfitted(context.where);
        const faults = new Faults(rows);
        const listAt = listsOf(column as RawColumn, rows, faults);
        const starts = new Int32Array(rows + 1);
        const all: number[] = [];
        for (let row = 0; row < rows; row++) {
          const list = listAt(row);
          if (list === null && missing === 'reject') faults.missing(row, name, 'a list');
          const tooMany = Math.max((list?.length ?? 0) - length, 0);
          if (tooMany > 0 && cut === 'reject')
            faults.add(row, name, 'badLength', `at most ${length} in a list`, `${list?.length}`);
          const from = cut === 'start' ? tooMany : 0;
          for (let at = from; list !== null && at < from + list.length - tooMany; at++) {
            const value = list[at] as number;
            const isGood = of === 'numbers' ? Number.isFinite(Math.fround(value)) : value >= 0 && value === (value | 0);
            if (!isGood)
              faults.add(
                row,
                name,
                Number.isNaN(value) ? 'missing' : 'badValue',
                of === 'ids' ? 'ids, from 0' : 'finite numbers',
                Number.isNaN(value) ? 'null in a list' : `${value}`,
              );
            all.push(isGood ? value : 0);
          }
          starts[row + 1] = all.length;
        }
        const values = of === 'numbers' ? Float32Array.from(all) : Int32Array.from(all);
        return { column: { kind: 'sequence', starts, values, lengths, padding: options.padding }, faults: faults.list };
      },
      state: () => (isText ? words.state() : null),
      restore: (saved) => {
        if (isText) words.number(parseState(wordsState, saved, context.where).words);
      },
    };
  },
});
