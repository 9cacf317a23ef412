import { z } from 'zod';
import { parseConfig, type Where } from '../core/config.ts';
import { type ConfigOf, family, type ParsedOf } from '../core/plugin.ts';
import { type ShortConfigOf, shortFormSchema } from '../core/short-form.ts';
import { characters } from './characters.ts';
import { hash } from './hash.ts';
import { image } from './image.ts';
import { log1p } from './log1p.ts';
import { minMax } from './minMax.ts';
import { multiHot } from './multiHot.ts';
import { oneHot } from './oneHot.ts';
import { sequence } from './sequence.ts';
import { standardize } from './standardize.ts';
import { tensor } from './tensor.ts';
import { vocabulary } from './vocabulary.ts';

/** Every feature there is. */
export const features = family('feature', [
  tensor,
  standardize,
  minMax,
  log1p,
  oneHot,
  multiHot,
  hash,
  vocabulary,
  sequence,
  characters,
  image,
]);

type Plugins = (typeof features.plugins)[number];
/** What a user writes for one input: `{ type: 'multiHot', size: 2048 }`, or short `{ multiHot: 2048 }`. */
export type FeatureConfig = ShortConfigOf<Plugins>;
export type LongFeatureConfig = ConfigOf<Plugins>;
/** A checked configuration, written out, defaults filled in. */
export type ParsedFeatureConfig = ParsedOf<Plugins>;

/** The inputs of a model by name, each with its feature in any form, for use inside larger schemas. */
export const featuresSchema = z.record(z.string().min(1), shortFormSchema(features));

/**
 * The features of inputs, written out, defaults filled in.
 * @throws ConfigError with every issue
 */
export function parseFeatures(config: unknown, where: Where): Readonly<Record<string, ParsedFeatureConfig>> {
  return parseConfig(featuresSchema, config, where);
}

export { Faults } from './faults.ts';
export type { Feature, FeatureColumn, FeatureContext, FeatureFault, Transformed } from './feature.ts';
export { type NumberLists, numberLists, plainNumbers } from './lists.ts';
export { Moments, momentsState } from './moments.ts';
export { textOfRows } from './texts.ts';
