import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import type { RawColumn } from '../core/table.ts';
import { Faults } from './faults.ts';
import type { Feature, FeatureContext, Transformed } from './feature.ts';
import { columnsField, nothingToFit } from './field.ts';
import { numberLists } from './lists.ts';
import { onlyColumn } from './texts.ts';

/** Lists of places, as the bits of a fingerprint: ones there, zeros elsewhere. A place that is listed twice is one. */
export const multiHot = plugin({
  type: 'multiHot',
  summary: 'Lists of whole numbers as ones at these places, as the bits of a fingerprint.',
  main: 'size',
  fields: z.object({
    size: z.int().positive().describe('How many places there are: listed ones are from 0 to one less.'),
    columns: columnsField,
    missing: z
      .enum(['reject', 'zeros'])
      .default('reject')
      .describe('Of a row without a list: reject it, or zeros. A list may always be empty.'),
  }),
  example: { size: 2048, columns: 'fp' },
  build: ({ size, missing }, context: FeatureContext): Feature => {
    const name = onlyColumn(context, ['text', 'texts', 'bytes'], 'a column of lists of whole numbers');
    return {
      shape: [size],
      dtype: 'float32',
      kind: 'multiHot',
      ...nothingToFit,
      transform: ([column], rows) => onesAt(column as RawColumn, rows, { name, size, missing }),
    };
  },
});

function onesAt(
  column: RawColumn,
  rows: number,
  { name, size, missing }: { name: string; size: number; missing: 'reject' | 'zeros' },
): Transformed {
  const faults = new Faults(rows);
  const { starts, values, valid } = numberLists(column, rows, name, faults);
  const ends = new Int32Array(rows + 1);
  const places = new Int32Array((starts[rows] as number) - (starts[0] as number));
  /** The row, from 1, that has last had each place. */
  const lastRow = new Int32Array(size);
  let end = 0;
  for (let row = 0; row < rows; row++) {
    if (valid[row])
      for (let at = starts[row] as number; at < (starts[row + 1] as number); at++) {
        const place = values[at] as number;
        if (place >= 0 && place < size && place === Math.trunc(place)) {
          if (lastRow[place] === row + 1) continue;
          lastRow[place] = row + 1;
          places[end++] = place;
        } else faultOf(place, row, name, size, faults);
      }
    else if (missing === 'reject') faults.missing(row, name, 'a list of places');
    ends[row + 1] = end;
  }
  const kept = end === places.length ? places : places.slice(0, end);
  return { column: { kind: 'multiHot', starts: ends, places: kept, size }, faults: faults.list };
}

function faultOf(place: number, row: number, name: string, size: number, faults: Faults): void {
  if (Number.isNaN(place)) faults.missing(row, name, 'a list of places', 'null in it');
  else faults.add(row, name, 'outOfRange', `a place from 0 to ${size - 1}`, `${place}`);
}
