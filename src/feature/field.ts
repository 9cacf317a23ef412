import { z } from 'zod';
import type { Json } from '../core/chunk.ts';
import { parseConfig } from '../core/config.ts';
import { ConfigError } from '../core/error.ts';
import type { Feature } from './feature.ts';

/** Options that features have in common. */
export const columnsField = z
  .string()
  .min(1)
  .optional()
  .describe("The columns to read, as names or a pattern such as 'x*|y?'; the input's own name when left out.");

export const shapeField = z
  .array(z.int().positive())
  .optional()
  .describe('Sizes of one sample; one number for each column when left out. Columns of lists need it.');

export const missingNumberField = z
  .number()
  .optional()
  .describe('Stands where a value is null or NaN; when left out such rows are rejected.');

/** What a feature without anything to fit does when it is asked to. */
export const nothingToFit: Pick<Feature, 'needsFit' | 'fit' | 'finishFit' | 'state' | 'restore'> = {
  needsFit: false,
  fit: () => {},
  finishFit: () => {},
  state: () => null,
  restore: () => {},
};

/** @throws ConfigError saying that a feature was asked to transform before it was fitted */
export function unfitted(where: string): never {
  throw new ConfigError({
    where,
    expected: 'to have looked at the training source first',
    found: 'rows to transform before that',
    hint: 'fit the features (fitFeatures), or restore what was fitted before',
  });
}

/**
 * What a checkpoint holds of a feature.
 * @throws ConfigError when it is no state of such a feature
 */
export function parseState<Schema extends z.ZodType>(schema: Schema, state: Json, where: string): z.output<Schema> {
  return parseConfig(schema, state, `${where}, fitted state`);
}
