import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import type { Feature, FeatureContext } from './feature.ts';
import { columnsField, missingNumberField, parseState, shapeField, unfitted } from './field.ts';
import { Numeric } from './numeric.ts';

/** low + (x − least) · (high − low) / (most − least), each place of a sample by its own; low where all are alike. */
export const minMax = plugin({
  type: 'minMax',
  summary: 'Numbers moved into a range, place by place: from what the training source had, or from what is given.',
  main: 'shape',
  fields: z
    .object({
      shape: shapeField,
      columns: columnsField,
      least: z.number().optional().describe('What becomes the low end; fitted when left out.'),
      most: z.number().optional().describe('What becomes the high end; fitted when left out.'),
      to: z.tuple([z.number(), z.number()]).default([0, 1]).describe('The low and the high end.'),
      clip: z.boolean().default(false).describe('Whether numbers beyond the ends become the ends.'),
      missing: missingNumberField,
    })
    .refine(({ least, most }) => least === undefined || most === undefined || least < most, {
      error: "a 'least' below 'most'",
    })
    .refine(({ to: [low, high] }) => low < high, { error: 'a low end below the high one', path: ['to'] }),
  example: { columns: 'pixel', least: 0, most: 255, shape: [784] },
  build: (options, context: FeatureContext): Feature => {
    const { shape, clip, missing } = options;
    const [low, high] = options.to;
    const numeric = new Numeric(context, shape);
    const { size } = numeric.layout;
    const given = options.least !== undefined && options.most !== undefined;
    const least = new Float64Array(size).fill(options.least ?? Number.POSITIVE_INFINITY);
    const most = new Float64Array(size).fill(options.most ?? Number.NEGATIVE_INFINITY);
    let needsFit = !given;
    const state = z
      .strictObject({ least: z.array(z.number()), most: z.array(z.number()) })
      .refine((found) => found.least.length === size && found.most.length === size, { error: `${size} ranges` });
    return {
      shape: numeric.layout.shape,
      dtype: 'float32',
      get needsFit() {
        return needsFit;
      },
      fit: (columns, rows) => {
        const values = numeric.peek(columns, rows);
        values.forEach((value, at) => {
          if (!Number.isFinite(value)) return;
          const place = at % size;
          if (options.least === undefined && value < (least[place] as number)) least[place] = value;
          if (options.most === undefined && value > (most[place] as number)) most[place] = value;
        });
      },
      finishFit: () => {
        // A place that nothing was seen of: every number becomes the low end, plus what it is above 0.
        for (let place = 0; place < size; place++) {
          if (!Number.isFinite(least[place])) least[place] = Math.min(0, options.most ?? 0);
          if (!Number.isFinite(most[place])) most[place] = Math.max(0, least[place] as number);
        }
        needsFit = false;
      },
      transform: (columns, rows) => {
        if (needsFit) unfitted(context.where);
        return numeric.transform(columns, rows, missing, (values) => {
          for (let at = 0, place = 0; at < values.length; at++, place = place + 1 === size ? 0 : place + 1) {
            const from = least[place] as number;
            const scaled =
              low + (((values[at] as number) - from) * (high - low)) / ((most[place] as number) - from || 1);
            values[at] = clip ? Math.min(Math.max(scaled, low), high) : scaled;
          }
        });
      },
      state: () => (given || needsFit ? null : { least: [...least], most: [...most] }),
      restore: (saved) => {
        if (given) return;
        const found = parseState(state, saved, context.where);
        least.set(found.least);
        most.set(found.most);
        needsFit = false;
      },
    };
  },
});
