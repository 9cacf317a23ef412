import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { answersOf, countOf, thresholdField } from './confusion.ts';
import { checkPrediction, type MetricContext, metric } from './metric.ts';

/** Of several yes-or-no questions, the share of all answers. */
export const accuracy = plugin({
  type: 'accuracy',
  summary: 'Share of right answers.',
  fields: z.object({ threshold: thresholdField }),
  example: {},
  build: ({ threshold }, context: MetricContext) => {
    checkPrediction('accuracy', context, ['probability', 'distribution', 'score']);
    const counter = answersOf(context, threshold, (questions) => {
      const count = questions.reduce((sum, answers) => sum + countOf(answers), 0);
      const right = questions.reduce((sum, answers) => sum + answers.right.reduce((all, one) => all + one, 0), 0);
      return count > 0 ? right / count : undefined;
    });
    return metric('accuracy', 'higher', context, counter);
  },
});
