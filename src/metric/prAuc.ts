import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import type { Bins } from './bins.ts';
import { answers, headFor } from './head.ts';
import { type MetricContext, metric } from './metric.ts';
import { binsField, rankingOf } from './ranking.ts';

/** Σ (recallₙ − recallₙ₋₁) · precisionₙ over the scores, highest first: average precision, without interpolation. */
function averagePrecision(bins: Bins): number | undefined {
  let [yes, said, sum] = [0, 0, 0];
  for (let at = bins.yes.length - 1; at >= 0; at--) {
    const ofYes = bins.yes[at] as number;
    yes += ofYes;
    said += ofYes + (bins.no[at] as number);
    if (ofYes > 0) sum += ofYes * (yes / said);
  }
  return yes > 0 && said > yes ? Math.min(1, sum / yes) : undefined;
}

/**
 * Undefined when all labels are no, or all yes (scikit-learn says 0 or 1 then). Of several yes-or-no questions, or of
 * classes (each against the others), the mean over those for which it is defined. Exact while there are no more than
 * `bins` different scores. Beyond, off by at most the sum, over the bins, of their share of the yeses times how far
 * precision can move within them. A bin has 8 / (bins − 1) of the yeses at most, for rows in random order; in our tests
 * with yeses from 0.5 to 50 % this stays below 4 / (bins − 1): 0.001 by default.
 * @see scikit-learn's `average_precision_score`
 */
export const prAuc = plugin({
  type: 'prAuc',
  summary: 'Area under the precision–recall curve: what matters when the yes is rare.',
  fields: z.object({ bins: binsField }),
  example: { bins: 1024 },
  build: ({ bins }, context: MetricContext) => {
    const head = headFor('prAuc', context, answers);
    return metric(head, { bins }, rankingOf(head, bins, averagePrecision));
  },
});
