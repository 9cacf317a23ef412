import { type ConfigOf, family, type ParsedOf } from '../core/plugin.ts';
import { binaryCrossentropy } from './binaryCrossentropy.ts';
import { categoricalCrossentropy } from './categoricalCrossentropy.ts';
import { censored } from './censored.ts';
import { cosineSimilarity } from './cosineSimilarity.ts';
import { custom } from './custom.ts';
import { gaussianNll } from './gaussianNll.ts';
import { hinge } from './hinge.ts';
import { huber } from './huber.ts';
import { kullbackLeibler } from './kullbackLeibler.ts';
import { logCosh } from './logCosh.ts';
import { meanAbsoluteError } from './meanAbsoluteError.ts';
import { meanSquaredError } from './meanSquaredError.ts';
import { poisson } from './poisson.ts';
import { quantile } from './quantile.ts';
import { sparseCategoricalCrossentropy } from './sparseCategoricalCrossentropy.ts';

/** Every loss there is. */
export const losses = family('loss', [
  meanSquaredError,
  meanAbsoluteError,
  huber,
  logCosh,
  quantile,
  gaussianNll,
  poisson,
  censored,
  cosineSimilarity,
  binaryCrossentropy,
  hinge,
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
  kullbackLeibler,
  custom,
]);

/** What a user writes for a head's loss. */
export type LossConfig = ConfigOf<(typeof losses.plugins)[number]>;
/** A checked loss configuration, defaults filled in. */
export type ParsedLossConfig = ParsedOf<(typeof losses.plugins)[number]>;

export { type Denominator, type DenominatorState, denominatorOf, denominators } from './denominator.ts';
export { type Fault, faultOfLabel, misfitOfBounds } from './fault.ts';
export { fitLabel, type LabelSpec, type LabelValues } from './label.ts';
export type { Loss, LossInputs } from './loss.ts';
export { type LabelledOutput, rowLosses, selectRows, summedLoss } from './summed.ts';
