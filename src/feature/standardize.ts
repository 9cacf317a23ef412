import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { sizeOf } from '../core/shape.ts';
import type { Feature, FeatureContext } from './feature.ts';
import { columnsField, parseState, shapeField, unfitted } from './field.ts';
import { Moments, momentsState } from './moments.ts';
import { Numeric } from './numeric.ts';

/** (x − mean) / standard deviation, each place of a sample by its own. */
export const standardize = plugin({
  type: 'standardize',
  summary: 'Numbers with mean 0 and standard deviation 1 over the training source, place by place.',
  main: 'shape',
  fields: z.object({
    shape: shapeField,
    columns: columnsField,
    missing: z
      .union([z.number(), z.literal('mean')])
      .optional()
      .describe("Stands where a value is null or NaN: a number, or 'mean'; when left out such rows are rejected."),
  }),
  example: { columns: 'x*', missing: 'mean' },
  build: ({ shape, missing }, context: FeatureContext): Feature => {
    const numeric = new Numeric(context, shape);
    const { size } = numeric.layout;
    let moments = new Moments(size);
    let fitted: { readonly means: Float64Array; readonly scales: Float64Array } | undefined;
    const settle = (): void => {
      fitted = { means: moments.means(), scales: moments.scales() };
    };
    const ofSize = (list: readonly number[]): boolean => list.length === size;
    const state = momentsState.refine((found) => [found.count, found.mean, found.squares].every(ofSize), {
      error: `moments of ${sizeOf(numeric.layout.shape)} numbers`,
    });
    return {
      shape: numeric.layout.shape,
      dtype: 'float32',
      get needsFit() {
        return fitted === undefined;
      },
      fit: (columns, rows) => {
        const values = numeric.peek(columns, rows);
        for (let at = 0; at < values.length; at++)
          if (Number.isFinite(values[at])) moments.add(at % size, values[at] as number);
      },
      finishFit: settle,
      transform: (columns, rows) => {
        const { means, scales } = fitted ?? unfitted(context.where);
        return numeric.transform(columns, rows, missing === 'mean' ? means : missing, (values) => {
          for (let at = 0, place = 0; at < values.length; at++, place = place + 1 === size ? 0 : place + 1)
            values[at] = ((values[at] as number) - (means[place] as number)) / (scales[place] as number);
        });
      },
      state: () => (fitted === undefined ? null : moments.state()),
      restore: (saved) => {
        const found = parseState(state, saved, context.where);
        moments = new Moments(size);
        moments.restore(found);
        settle();
      },
    };
  },
});
