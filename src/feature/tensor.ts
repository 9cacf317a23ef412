import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import type { Feature, FeatureContext, Transformed } from './feature.ts';
import { columnsField, missingNumberField, nothingToFit, shapeField } from './field.ts';
import { Numeric } from './numeric.ts';

/** Numbers as they are. */
export const tensor = plugin({
  type: 'tensor',
  summary: 'Numbers as they are: of one column, of a column of lists, or of several columns beside each other.',
  main: 'shape',
  fields: z.object({
    shape: shapeField,
    columns: columnsField,
    dtype: z.enum(['float32', 'int32']).default('float32').describe('Of the input: int32 for whole numbers, as ids.'),
    missing: missingNumberField,
  }),
  example: { columns: 'height|width' },
  build: ({ shape, dtype, missing }, context: FeatureContext): Feature => {
    const numeric = new Numeric(context, shape);
    return {
      shape: numeric.layout.shape,
      dtype,
      ...nothingToFit,
      transform: (columns, rows) => {
        if (dtype === 'float32') return numeric.transform(columns, rows, missing, undefined, false);
        return wholeNumbers(numeric, (change) => numeric.transform(columns, rows, missing, change));
      },
    };
  },
});

function wholeNumbers(
  { layout: { size, width } }: Numeric,
  transform: (change: Parameters<Numeric['transform']>[3]) => Transformed,
): Transformed {
  let whole = new Int32Array();
  const { faults } = transform((values, faults, names) => {
    whole = Int32Array.from(values);
    for (let at = 0; at < values.length; at++)
      if (whole[at] !== values[at])
        faults.add(
          Math.floor(at / size),
          names[Math.floor((at % size) / width)] as string,
          'notWhole',
          'a whole number of 32 bits',
          values[at],
        );
  });
  return { column: { kind: 'dense', values: whole, size }, faults };
}
