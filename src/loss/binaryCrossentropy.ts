import { add, exp, mul, neg, sigmoid, softplus, sub, type Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { elementwise } from './elementwise.ts';

interface Focal {
  readonly gamma: number;
  readonly alpha?: number | undefined;
}

/** −log p of one class times (1 − p)^γ, where softplus(−x) = −log p and softplus(x) = −log(1 − p). */
function focused(loss: Tensor, opposite: Tensor, focal: Focal | undefined): Tensor {
  return focal === undefined || focal.gamma === 0 ? loss : mul(loss, exp(mul(opposite, -focal.gamma)));
}

const scaled = (x: Tensor, factor: number): Tensor => (factor === 1 ? x : mul(x, factor));

/**
 * −w y log p − (1 − y) log(1 − p) with p = sigmoid(output) and w = `positiveWeight`; each term is a softplus, so that
 * neither overflows nor cancels.
 * @see focal: Lin et al. 2017, "Focal loss for dense object detection", arXiv:1708.02002, equations 4 and 5;
 * labelSmoothing: Szegedy et al. 2016, arXiv:1512.00567, section 7, y ← y (1 − ε) + ε / 2.
 */
export const binaryCrossentropy = plugin({
  type: 'binaryCrossentropy',
  summary: 'A yes or no, or several independent ones, from logits; labels are 0, 1 or a probability.',
  fields: z
    .object({
      positiveWeight: z
        .number()
        .positive()
        .default(1)
        .describe('Factor of the loss of the yes: about the number of noes for each yes, when the yes is rare.'),
      labelSmoothing: z
        .number()
        .min(0)
        .lt(1)
        .default(0)
        .describe('Mixes this share of an undecided ½ into the labels.'),
      focal: z
        .strictObject({
          gamma: z.number().min(0).default(2).describe('How strongly easy samples are played down; 0: not at all.'),
          alpha: z
            .number()
            .gt(0)
            .lt(1)
            .optional()
            .describe('Factor of the yes, 1 − alpha being that of the no; 0.25 in the paper. Both 1 when left out.'),
        })
        .optional()
        .describe('Focal loss: attention to samples that are still predicted badly.'),
    })
    .refine(({ positiveWeight, focal }) => positiveWeight === 1 || focal?.alpha === undefined, {
      error: "either 'positiveWeight' or 'focal.alpha'",
      params: { hint: 'both weigh the yes against the no: keep one of them' },
    }),
  example: { positiveWeight: 15, labelSmoothing: 0.1 },
  build: ({ positiveWeight, labelSmoothing, focal }) => {
    const yesFactor = focal?.alpha ?? positiveWeight;
    const noFactor = focal?.alpha === undefined ? 1 : 1 - focal.alpha;
    return elementwise(
      'binaryCrossentropy',
      { least: 0, most: 1, prediction: 'probability', predict: sigmoid },
      ({ output, label }) => {
        const y = labelSmoothing === 0 ? label : add(mul(label, 1 - labelSmoothing), labelSmoothing / 2);
        const [ofYes, ofNo] = [softplus(neg(output)), softplus(output)];
        return add(
          mul(scaled(y, yesFactor), focused(ofYes, ofNo, focal)),
          mul(scaled(sub(1, y), noFactor), focused(ofNo, ofYes, focal)),
        );
      },
    );
  },
});
