import { type Board, chosen } from '../board.ts';
import { highest, lowest, max, sum } from '../expression.ts';
import { grid } from '../grid.ts';
import { limits } from '../limit.ts';
import { chart, stat } from '../panel.ts';

const head = { legend: '{{head}}' };
const scored = { source: '$source', metric: '$metric' };

export const heads: Board = {
  title: 'Heads',
  description: 'Which heads learn badly, and is it for want of labels?',
  shows: 'one pipeline',
  choices: [
    { label: 'source', title: 'Evaluated on', of: 'trunkline_head_score' },
    { label: 'metric', title: 'Metric', of: 'trunkline_head_score' },
  ],
  rows: [
    {
      title: 'All of them',
      panels: [
        stat({ title: 'Heads', series: [{ of: max(chosen.value('trunkline_heads')), legend: 'heads' }], width: 6 }),
        stat({
          title: 'Silent heads',
          series: [{ of: max(chosen.value('trunkline_heads_silent')), legend: 'silent' }],
          limit: limits.silent,
          width: 6,
        }),
        stat({
          title: 'Heads without series of their own',
          series: [{ of: max(chosen.value('trunkline_heads_cut')), legend: 'in __other__' }],
          width: 6,
        }),
        stat({
          title: 'Labels a second',
          series: [{ of: sum(chosen.rate('trunkline_head_labels_total')), legend: 'labels' }],
          width: 6,
        }),
        grid({
          title: 'Heads, the highest loss first',
          description:
            'A row for each head; those without series of their own are together in __other__. The score is the one chosen above.',
          by: 'head',
          columns: [
            { title: 'Loss', of: max(chosen.value('trunkline_head_loss'), 'head') },
            {
              title: 'Loss, evaluated',
              of: max(chosen.value('trunkline_head_evaluation_loss', { source: '$source' }), 'head'),
            },
            { title: 'Score', of: max(chosen.value('trunkline_head_score', scored), 'head') },
            { title: 'Labels a second', of: sum(chosen.rate('trunkline_head_labels_total'), 'head') },
            { title: 'Labels', of: sum(chosen.value('trunkline_head_labels_total'), 'head') },
            {
              title: 'Last label',
              of: max(chosen.value('trunkline_head_staleness_seconds'), 'head'),
              limit: limits.staleness,
            },
            { title: 'Weight', of: max(chosen.value('trunkline_head_weight'), 'head') },
            { title: 'Denominator', of: max(chosen.value('trunkline_head_denominator'), 'head') },
            {
              title: 'Steps left out',
              of: sum(chosen.value('trunkline_heads_left_out_total'), 'head'),
              limit: limits.silent,
            },
          ],
          sortedBy: 'Loss',
        }),
      ],
    },
    {
      title: 'The worst, over time',
      panels: [
        chart({
          title: 'Highest losses',
          series: [{ of: max(chosen.value('trunkline_worst_head_loss'), 'head'), ...head }],
          floating: true,
        }),
        chart({
          title: 'Lowest scores',
          description: 'The ten lowest of the metric and source that are chosen above.',
          series: [{ of: lowest(10, max(chosen.value('trunkline_head_score', scored), 'head')), ...head }],
          floating: true,
        }),
        chart({
          title: 'Lowest scores while training',
          description: 'The ten lowest of the metric that is chosen above, each label scored before it was trained on.',
          series: [
            {
              of: lowest(10, max(chosen.value('trunkline_head_prequential_score', { metric: '$metric' }), 'head')),
              ...head,
            },
          ],
          floating: true,
        }),
        chart({
          title: 'Highest gradient norms',
          series: [
            {
              of: highest(10, max(chosen.value('trunkline_branch_gradient_norm'), 'branch')),
              legend: '{{branch}}',
            },
          ],
          log: true,
        }),
      ],
    },
    {
      title: 'Labels',
      panels: [
        chart({
          title: 'Fewest labels',
          description: 'The ten heads that get the fewest labels.',
          series: [{ of: lowest(10, sum(chosen.rate('trunkline_head_labels_total'), 'head')), ...head }],
        }),
        chart({
          title: 'Longest without a label',
          description: 'The ten heads that had no label for the longest time.',
          series: [{ of: highest(10, max(chosen.value('trunkline_head_staleness_seconds'), 'head')), ...head }],
          limit: limits.staleness,
        }),
        chart({
          title: 'Labels that were rejected',
          description: 'Samples went on without them. The ten heads that lose the most.',
          width: 24,
          series: [{ of: highest(10, sum(chosen.rate('trunkline_labels_rejected_total'), 'head')), ...head }],
        }),
      ],
    },
    {
      title: 'How they are trained',
      panels: [
        chart({
          title: 'Highest weights',
          description: 'The ten heads whose loss counts most in the merged one.',
          series: [{ of: highest(10, max(chosen.value('trunkline_head_weight'), 'head')), ...head }],
        }),
        chart({
          title: 'Learning rates',
          description: 'The ten branches with the highest learning rates.',
          series: [
            { of: highest(10, max(chosen.value('trunkline_branch_learning_rate'), 'branch')), legend: '{{branch}}' },
          ],
        }),
      ],
    },
  ],
};
