import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import type { Bins } from './bins.ts';
import { answers, headFor } from './head.ts';
import { type MetricContext, metric } from './metric.ts';
import { binsField, rankingOf } from './ranking.ts';

/** The share of pairs of a yes and a no in which the yes has the higher score; ties count half. */
function area(bins: Bins): number | undefined {
  let [yes, no, won] = [0, 0, 0];
  bins.yes.forEach((ofYes, at) => {
    const ofNo = bins.no[at] as number;
    won += ofYes * (no + ofNo / 2);
    yes += ofYes;
    no += ofNo;
  });
  return yes > 0 && no > 0 ? Math.min(1, won / (yes * no)) : undefined;
}

/**
 * Undefined when all labels are yes, or all no. Of several yes-or-no questions, or of classes (each against the others),
 * the mean over those where it is defined. Exact while there are no more than `bins` different scores. Beyond, off by at
 * most half the share of pairs of a yes and a no in one bin; for rows in random order that is about 4 / (bins − 1), 0.001
 * by default, and a tenth of it was the most we measured.
 * @see Mann & Whitney 1947; Hanley & McNeil 1982
 */
export const rocAuc = plugin({
  type: 'rocAuc',
  summary: 'Area under the ROC curve: the chance that a yes scores higher than a no.',
  fields: z.object({ bins: binsField }),
  example: { bins: 1024 },
  build: ({ bins }, context: MetricContext) => {
    const head = headFor('rocAuc', context, answers);
    return metric(head, { bins }, rankingOf(head, bins, area));
  },
});
