import { reshape, type Tensor } from '@tensorflow/tfjs-core';
import { rowLosses } from '../loss/index.ts';
import type { HeadGroup, TrainedHead } from './head-group.ts';

/**
 * The loss of each row of a group's heads: of one head, or for each row those of every head.
 * @param inputs of a step, in which the labels are
 * @param output `[rows, …]`, for each row of every head where there are several
 */
export function headLosses(
  inputs: Readonly<Record<string, Tensor>>,
  { name, heads: [head] }: HeadGroup,
  output: Tensor,
): Tensor {
  const { label, objective } = head as TrainedHead;
  const [weight, bound] = [inputs[`weight/${name}`], inputs[`bound/${name}`]];
  const batch = {
    output,
    label: reshape(inputs[`label/${name}`] as Tensor, [-1, ...label.shape]),
    present: reshape(inputs[`present/${name}`] as Tensor, [-1]),
    ...(bound ? { bound: reshape(bound, [-1, ...label.shape]) } : {}),
    ...(weight ? { weight: reshape(weight, [-1]) } : {}),
  };
  return rowLosses(objective.loss, batch, `head "${name}"`);
}
