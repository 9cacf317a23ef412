import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { checkPrediction, type MetricContext, metric } from './metric.ts';
import { rankingOf, type Tie } from './ranking.ts';

/** The share of pairs of a yes and a no in which the yes has the higher score; ties count half. */
function area(ties: readonly Tie[]): number | undefined {
  let [yes, no, won] = [0, 0, 0];
  for (const tie of ties) {
    won += tie.no * (yes + tie.yes / 2);
    yes += tie.yes;
    no += tie.no;
  }
  return yes > 0 && no > 0 ? won / (yes * no) : undefined;
}

/**
 * Undefined when all labels are yes, or all no. Of several yes-or-no questions, or of classes (each against the others),
 * the mean over those for which it is defined. Exact for up to 4096 rows; beyond, off by at most half the share of pairs
 * of a yes and a no whose scores lie within a sixteenth of each other.
 * @see Mann & Whitney 1947; Hanley & McNeil 1982
 */
export const rocAuc = plugin({
  type: 'rocAuc',
  summary: 'Area under the ROC curve: the chance that a yes scores higher than a no.',
  fields: z.object({}),
  example: {},
  build: (_, context: MetricContext) => {
    checkPrediction('rocAuc', context, ['probability', 'distribution', 'score']);
    return metric('rocAuc', 'higher', context, rankingOf(context, area));
  },
});
