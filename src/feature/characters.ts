import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import type { RawColumn } from '../core/table.ts';
import { Faults } from './faults.ts';
import type { Feature, FeatureContext } from './feature.ts';
import { columnsField, nothingToFit } from './field.ts';
import { onlyColumn, textOfRows } from './texts.ts';

/** Texts character by character, as peptides: ones at `[place, letter of the alphabet]`, or ids from 1 with 0 for none. */
export const characters = plugin({
  type: 'characters',
  summary: 'Texts character by character, as peptides: a one for each letter, or ids with 0 where there is none.',
  main: 'length',
  fields: z.object({
    length: z.int().positive().describe('How many characters there is room for.'),
    alphabet: z
      .string()
      .min(1)
      .refine((alphabet) => new Set(alphabet).size === [...alphabet].length, { error: 'each character once' })
      .default('ACDEFGHIKLMNPQRSTVWY')
      .describe('The known characters, in order; the twenty amino acids when left out.'),
    output: z.enum(['oneHot', 'ids']).default('oneHot').describe('Ones in [length, alphabet], or ids in [length].'),
    columns: columnsField,
    align: z.enum(['start', 'centre', 'end']).default('start').describe('Where short texts stand.'),
    cut: z
      .enum(['reject', 'end', 'start'])
      .default('reject')
      .describe('Where longer texts lose what is too much, or reject their rows.'),
    unknown: z
      .enum(['reject', 'blank'])
      .default('reject')
      .describe('Of a character not in the alphabet: reject its row, or leave its place blank.'),
    missing: z
      .enum(['reject', 'blank'])
      .default('reject')
      .describe('Of a row without a text: reject it, or leave all places blank.'),
  }),
  example: { length: 15, columns: 'peptide' },
  build: ({ length, alphabet, output, align, cut, unknown, missing }, context: FeatureContext): Feature => {
    const name = onlyColumn(context, ['bytes', 'numbers', 'texts', 'number'], 'a column of texts');
    const letters = new Map([...alphabet].map((letter, at) => [letter, at]));
    const size = letters.size;

    /** Calls back with each known character's place and number. */
    const spell = (text: string, row: number, faults: Faults, put: (place: number, letter: number) => void): void => {
      const spelt = [...text];
      const tooMany = Math.max(spelt.length - length, 0);
      if (tooMany > 0 && cut === 'reject')
        faults.add(row, name, 'badLength', `at most ${length} characters`, `${spelt.length}`);
      const used = cut === 'start' ? spelt.slice(tooMany) : spelt.slice(0, length);
      const room = length - used.length;
      const first = align === 'start' ? 0 : align === 'end' ? room : Math.floor(room / 2);
      used.forEach((character, at) => {
        const letter = letters.get(character);
        if (letter !== undefined) put(first + at, letter);
        else if (unknown === 'reject')
          faults.add(row, name, 'unknownValue', `characters of ${alphabet}`, `'${character}'`);
      });
    };

    return {
      shape: output === 'ids' ? [length] : [length, size],
      dtype: output === 'ids' ? 'int32' : 'float32',
      kind: output === 'ids' ? 'dense' : 'multiHot',
      ...nothingToFit,
      transform: ([column], rows) => {
        const faults = new Faults(rows);
        const texts = textOfRows(column as RawColumn, rows, name, faults);
        const ids = new Int32Array(output === 'ids' ? rows * length : 0);
        const starts = new Int32Array(rows + 1);
        const places: number[] = [];
        for (let row = 0; row < rows; row++) {
          const text = texts[row];
          if (text === null || text === undefined) {
            if (missing === 'reject') faults.missing(row, name, 'a text');
          } else
            spell(text, row, faults, (place, letter) => {
              if (output === 'ids') ids[row * length + place] = letter + 1;
              else places.push(place * size + letter);
            });
          starts[row + 1] = places.length;
        }
        return {
          column:
            output === 'ids'
              ? { kind: 'dense', values: ids, size: length }
              : { kind: 'multiHot', starts, places: Int32Array.from(places), size: length * size },
          faults: faults.list,
        };
      },
    };
  },
});
