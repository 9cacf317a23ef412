import { z } from 'zod';
import { plugin } from '../core/plugin.ts';
import { answersOf, thresholdField, totalOf } from './confusion.ts';
import { answers, headFor } from './head.ts';
import { type MetricContext, metric } from './metric.ts';

/** Of several yes-or-no questions, the share of all answers. Of classes that are equally probable, the first counts. */
export const accuracy = plugin({
  type: 'accuracy',
  summary: 'Share of right answers.',
  fields: z.object({ threshold: thresholdField }),
  example: {},
  build: ({ threshold }, context: MetricContext) => {
    const head = headFor('accuracy', context, answers);
    const counter = answersOf(head, threshold, (questions) => {
      const right = questions.reduce((sum, question) => sum + totalOf(question.right), 0);
      const all = questions.reduce((sum, question) => sum + totalOf(question.actual), 0);
      return all > 0 ? right / all : undefined;
    });
    return metric(head, { threshold }, counter);
  },
});
