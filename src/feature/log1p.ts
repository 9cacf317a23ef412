import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import type { Feature, FeatureContext } from './feature.ts';
import { columnsField, missingNumberField, nothingToFit, shapeField } from './field.ts';
import { Numeric } from './numeric.ts';

/** ln(1 + x), or sign(x) · ln(1 + |x|). */
export const log1p = plugin({
  type: 'log1p',
  summary: 'The logarithm of one more than each number, for counts and amounts.',
  main: 'shape',
  fields: z.object({
    shape: shapeField,
    columns: columnsField,
    signed: z
      .boolean()
      .default(false)
      .describe('Whether numbers below 0 become the mirror image; when not, their rows are rejected.'),
    missing: missingNumberField,
  }),
  example: { columns: 'count_*' },
  build: ({ shape, signed, missing }, context: FeatureContext): Feature => {
    const numeric = new Numeric(context, shape);
    const { size, width } = numeric.layout;
    return {
      shape: numeric.layout.shape,
      dtype: 'float32',
      ...nothingToFit,
      transform: (columns, rows) =>
        numeric.transform(columns, rows, missing, (values, faults, names) => {
          for (let at = 0; at < values.length; at++) {
            const value = values[at] as number;
            values[at] = Math.sign(value) * Math.log1p(Math.abs(value));
            if (value >= 0 || signed) continue;
            const column = names[Math.floor((at % size) / width)] as string;
            faults.add(Math.floor(at / size), column, 'outOfRange', 'a number, at least 0', `${value}`);
          }
        }),
    };
  },
});
