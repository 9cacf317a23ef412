import { type ConfigOf, family, type ParsedOf } from '../core/plugin.ts';
import { static as staticWeights } from './static.ts';
import { sum } from './sum.ts';
import { uncertainty } from './uncertainty.ts';

/** Every merge strategy there is. */
export const merges = family('merge strategy', [sum, staticWeights, uncertainty]);

/** What a user writes for the merge strategy. */
export type MergeConfig = ConfigOf<(typeof merges.plugins)[number]>;
/** A checked configuration, defaults filled in. */
export type ParsedMergeConfig = ParsedOf<(typeof merges.plugins)[number]>;

export {
  checkNames,
  type Gradients,
  type HeadState,
  type MergeState,
  type MergeStrategy,
  type PresentHead,
} from './strategy.ts';
