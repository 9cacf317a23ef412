import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { checkPrediction, type MetricContext, metric } from './metric.ts';
import { rankingOf, type Tie } from './ranking.ts';

/** Σ (recallₙ − recallₙ₋₁) · precisionₙ over the thresholds: no interpolation. */
function averagePrecision(ties: readonly Tie[]): number | undefined {
  const all = ties.reduce((sum, tie) => sum + tie.yes, 0);
  if (all === 0) return undefined;
  let [yes, said, area] = [0, 0, 0];
  for (const tie of ties) {
    yes += tie.yes;
    said += tie.yes + tie.no;
    area += (tie.yes / all) * (yes / said);
  }
  return area;
}

/**
 * Undefined when no label is yes. Of several yes-or-no questions, or of classes (each against the others), the mean over
 * those for which it is defined. Exact for up to 4096 rows; beyond, rows whose scores lie within a sixteenth of each
 * other may count as tied.
 */
export const prAuc = plugin({
  type: 'prAuc',
  summary: 'Area under the precision–recall curve: what matters when the yes is rare.',
  fields: z.object({}),
  example: {},
  build: (_, context: MetricContext) => {
    checkPrediction('prAuc', context, ['probability', 'distribution', 'score']);
    return metric('prAuc', 'higher', context, rankingOf(context, averagePrecision));
  },
});
