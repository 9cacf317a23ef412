import { factoriesOf } from '../../core/factory.ts';
import { losses } from '../../loss/index.ts';
import { merges } from '../../merge/index.ts';
import { optimizers, schedules } from '../../optimizer/index.ts';

// A module's names can't be computed: a test says which are missing here.

/** Losses by their types, and the two that everybody knows by initials. */
export const {
  meanSquaredError,
  meanSquaredError: mse,
  meanAbsoluteError,
  huber,
  logCosh,
  quantile,
  gaussianNll,
  poisson,
  censored,
  cosineSimilarity,
  binaryCrossentropy,
  binaryCrossentropy: bce,
  hinge,
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
  kullbackLeibler,
  custom,
} = factoriesOf(losses);

export const { sgd, momentum, nesterov, adam, adamw, adagrad, rmsprop, lion } = factoriesOf(optimizers);

/** Merge strategies. The sum has a function of its own, which takes factors of heads; `static` can't be a name. */
export const { static: staticWeights, uncertainty } = factoriesOf(merges);

/** Schedules in place of a learning rate: `schedule.cosine({ base: 1e-3, steps: 10_000 })`. */
export const schedule = factoriesOf(schedules);
