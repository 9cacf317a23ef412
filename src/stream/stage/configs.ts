import { factoriesOf } from '../../core/factory.ts';
import { losses } from '../../loss/index.ts';
import { merges } from '../../merge/index.ts';
import { optimizers, schedules } from '../../optimizer/index.ts';

// A module's names can't be computed, and editors show no docstrings of names that are taken out of an object in one go.
// Tests say which are missing here, and whether each begins with the summary that its plugin gives of itself. Options,
// with their defaults, are described by the plugins: `losses.describe('huber')`, docs/REFERENCE.md. Every function throws
// a ConfigError with all that is wrong with its options.

const loss = factoriesOf(losses);
const optimizer = factoriesOf(optimizers);
const merge = factoriesOf(merges);

/** Squared error of a number. (ŷ − y)², averaged over the output's units; a label has the output's shape. */
export const meanSquaredError = loss.meanSquaredError;

/** `meanSquaredError`, by its initials. */
export const mse = loss.meanSquaredError;

/**
 * Absolute error of a number; the best guess is the median. |ŷ − y|, averaged over the output's units; a label has the
 * output's shape.
 */
export const meanAbsoluteError = loss.meanAbsoluteError;

/**
 * Squared error near the label, absolute error far from it, so that outliers pull less. ½e² up to |e| = `delta`, averaged
 * over the output's units; a label has the output's shape.
 * @see Huber 1964, "Robust estimation of a location parameter"; smoothL1: Girshick 2015, arXiv:1504.08083, equation 3
 */
export const huber = loss.huber;

/**
 * A smooth relative of huber: about half the squared error near the label, the absolute error far from it. log cosh(ŷ − y),
 * averaged over the output's units; a label has the output's shape.
 */
export const logCosh = loss.logCosh;

/**
 * Quantiles of a number (pinball loss), for intervals instead of a single guess. With several levels the output's last
 * axis holds a block of units for each, and a label has the shape of one block.
 * @see Koenker & Bassett 1978, "Regression quantiles", Econometrica 46
 */
export const quantile = loss.quantile;

/**
 * A number with its uncertainty: the head predicts mean and variance of a normal distribution. The output's last axis
 * holds the means and then as many numbers that variances are made of; a label has the shape of the means.
 * @see Nix & Weigend 1994, "Estimating the mean and variance of the target probability distribution"
 */
export const gaussianNll = loss.gaussianNll;

/**
 * Counts: the head predicts the logarithm of the expected number of events. λ − y log λ; a label, 0 or more, has the
 * output's shape.
 * @see McCullagh & Nelder 1989, "Generalized linear models", chapter 6
 */
export const poisson = loss.poisson;

/**
 * A number of which sometimes only a bound is known, as in '< 10 nM' or '> 1000 nM'. A label has the output's shape, and
 * beside it for each number −1 (the truth is at most that), 0 (it is that) or 1 (at least).
 * @see the bounded loss of Chemprop: Heid et al. 2024, doi:10.1021/acs.jcim.3c01250
 */
export const censored = loss.censored;

/**
 * The direction of a vector (an embedding), whatever its length. 1 − cos(ŷ, y) along the output's last axis, from 0 to 2;
 * a label has the output's shape, at least 2 numbers on its last axis.
 */
export const cosineSimilarity = loss.cosineSimilarity;

/**
 * A yes or no, or several independent ones, from logits; labels are 0, 1 or a probability. A label has the output's shape.
 * @see focal: Lin et al. 2017, arXiv:1708.02002, equations 4 and 5; labelSmoothing: Szegedy et al. 2016,
 * arXiv:1512.00567, section 7
 */
export const binaryCrossentropy = loss.binaryCrossentropy;

/** `binaryCrossentropy`, by its initials. */
export const bce = loss.binaryCrossentropy;

/**
 * A yes or no by a margin; labels are 0 or 1, and the output says yes above 0. max(0, 1 − (2y − 1) ŷ); a label has the
 * output's shape.
 * @see Cortes & Vapnik 1995, "Support-vector networks", Machine Learning 20
 */
export const hinge = loss.hinge;

/**
 * One class out of several, from logits; labels are one-hot, or a probability for each class. Classes are the output's
 * last axis; a label has the output's shape.
 * @see labelSmoothing: Szegedy et al. 2016, arXiv:1512.00567, section 7
 */
export const categoricalCrossentropy = loss.categoricalCrossentropy;

/**
 * One class out of several, from logits; the label is the number of the class, from 0. Classes are the output's last axis,
 * which a label does not have.
 * @see labelSmoothing: Szegedy et al. 2016, arXiv:1512.00567, section 7
 */
export const sparseCategoricalCrossentropy = loss.sparseCategoricalCrossentropy;

/**
 * A distribution, from logits: how far the prediction is from the label; 0 when they agree. Along the output's last axis;
 * a label has the output's shape and sums to 1 there.
 * @see Kullback & Leibler 1951, "On information and sufficiency", Annals of Mathematical Statistics 22
 */
export const kullbackLeibler = loss.kullbackLeibler;

/**
 * A function of yours (in TypeScript; a pipeline file cannot give one). It is given outputs and labels of all rows, and
 * answers with the loss of each, `[rows]`; rows without a label are masked for it.
 */
export const custom = loss.custom;

/**
 * Plain gradient descent. w −= rate · g.
 * @see Robbins & Monro 1951
 */
export const sgd = optimizer.sgd;

/**
 * Gradient descent with a velocity. v = momentum · v + g; w −= rate · v.
 * @see Polyak 1964
 */
export const momentum = optimizer.momentum;

/**
 * Gradient descent with a velocity that looks ahead. v = momentum · v + g; w −= rate · (g + momentum · v).
 * @see Sutskever et al. 2013, equations 3–4
 */
export const nesterov = optimizer.nesterov;

/**
 * Steps scaled by the running mean and spread of each gradient. Bias is corrected by the clock of what is present.
 * @see Kingma & Ba 2015, Algorithm 1, arXiv:1412.6980
 */
export const adam = optimizer.adam;

/**
 * Adam with weight decay apart from the gradient. What is absent does not decay.
 * @see Loshchilov & Hutter 2019, arXiv:1711.05101. Deviates: decay is multiplied by the learning rate, as in PyTorch.
 */
export const adamw = optimizer.adamw;

/**
 * Steps that shrink with the sum of squared gradients: for rare features. a += g²; w −= rate · g / (√a + epsilon).
 * @see Duchi, Hazan & Singer 2011
 */
export const adagrad = optimizer.adagrad;

/**
 * Steps scaled by the running size of each gradient. a = rho · a + (1 − rho) · g²; w −= rate · g / (√a + epsilon).
 * @see Tieleman & Hinton 2012, lecture 6.5
 */
export const rmsprop = optimizer.rmsprop;

/**
 * Steps of the same size for every weight, along the sign of a running mean.
 * @see Chen et al. 2023, Algorithm 2, arXiv:2302.06675
 */
export const lion = optimizer.lion;

// The sum has a function of its own, which takes factors of heads.

/** The sum of the losses with fixed factors by head. Factors stand beside the heads' own weights; 1 where none is given. */
export const staticWeights = merge.static;

/**
 * Weights that are learned: heads with more noise count less. ½ e⁻ˢ · loss + ½ s, where s is learned for each head.
 * @see Kendall, Gal & Cipolla 2018, arXiv:1705.07115, equation 7
 */
export const uncertainty = merge.uncertainty;

/** Schedules in place of a learning rate: `schedule.cosine({ base: 1e-3, steps: 10_000 })`. They tick by head clocks. */
export const schedule = factoriesOf(schedules);
