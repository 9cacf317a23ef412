import { type Board, chosen } from '../board.ts';
import { max, minus, ratio, sum } from '../expression.ts';
import { limits } from '../limit.ts';
import { chart, stat } from '../panel.ts';

const source = { legend: '{{source}}' };
const perSource = (name: string) => max(chosen.value(name), 'source');

export const flow: Board = {
  title: 'Flow',
  description: 'Where are the samples, and what became of them?',
  shows: 'one pipeline',
  rows: [
    {
      title: 'Sources',
      panels: [
        chart({
          title: 'Received',
          series: [{ of: sum(chosen.rate('trunkline_samples_received_total'), 'source'), ...source }],
        }),
        chart({
          title: 'Outcomes',
          series: [
            {
              of: sum(chosen.rate('trunkline_samples_outcome_total'), 'source', 'outcome'),
              legend: '{{source}} {{outcome}}',
            },
          ],
          stacked: true,
        }),
        chart({
          title: 'Trained on once more',
          series: [{ of: sum(chosen.rate('trunkline_samples_repeated_total'), 'source'), ...source }],
          width: 8,
        }),
        chart({
          title: 'Unaccounted for',
          description: 'Received, less pending and every outcome: 0, or something is wrong with Trunkline.',
          series: [
            {
              of: minus(
                sum(chosen.value('trunkline_samples_received_total'), 'source'),
                sum(chosen.value('trunkline_samples_pending'), 'source'),
                sum(chosen.value('trunkline_samples_outcome_total'), 'source'),
              ),
              ...source,
            },
          ],
          floating: true,
          limit: limits.none,
          width: 8,
        }),
        stat({
          title: 'Sources that can not be reached',
          series: [{ of: perSource('trunkline_source_unreachable'), ...source }],
          limit: limits.none,
          none: 'all can be reached',
          width: 8,
        }),
      ],
    },
    {
      title: 'Queues',
      panels: [
        chart({
          title: 'How full they are',
          description:
            'Rows between a source and the step that trains on them, of those that there may be. A source that is read as needed fills its queue: that is as it should be.',
          series: [
            { of: ratio(perSource('trunkline_queue_rows'), perSource('trunkline_queue_credit_rows')), ...source },
          ],
          width: 8,
        }),
        chart({
          title: 'Rows under way',
          series: [{ of: perSource('trunkline_queue_rows'), ...source }],
          width: 8,
        }),
        chart({
          title: 'Memory of rows under way',
          description: 'What the rows take up, and how much they may.',
          series: [
            { of: perSource('trunkline_queue_bytes'), ...source },
            { of: perSource('trunkline_queue_credit_bytes'), legend: '{{source}}, at most' },
          ],
          width: 8,
        }),
      ],
    },
    {
      title: 'Sent by HTTP',
      panels: [
        chart({
          title: 'Records',
          series: [
            {
              of: sum(chosen.rate('trunkline_ingest_records_total'), 'source', 'verdict'),
              legend: '{{source}} {{verdict}}',
            },
          ],
          stacked: true,
        }),
        chart({
          title: 'Requests turned away',
          description:
            'Requests answered with 429 (backlog: training is behind) or 503 (what is sent can not be kept), by reason.',
          series: [
            {
              of: sum(chosen.rate('trunkline_ingest_refused_total'), 'source', 'reason'),
              legend: '{{source}} {{reason}}',
            },
          ],
        }),
        chart({
          title: 'Bytes',
          series: [{ of: sum(chosen.rate('trunkline_ingest_bytes_total'), 'source'), ...source }],
          width: 8,
        }),
        chart({
          title: 'Labels left out of accepted records',
          series: [{ of: sum(chosen.rate('trunkline_ingest_labels_rejected_total'), 'source'), ...source }],
          width: 8,
        }),
        chart({
          title: 'Requests that failed',
          series: [{ of: sum(chosen.rate('trunkline_requests_failed_total'), 'route'), legend: '{{route}}' }],
          width: 8,
        }),
      ],
    },
    {
      title: 'Join of samples and labels',
      panels: [
        chart({
          title: 'Waiting',
          series: [
            { of: max(chosen.value('trunkline_join_waiting'), 'source', 'kind'), legend: '{{source}} {{kind}}' },
          ],
        }),
        chart({
          title: 'Labels by what became of them',
          series: [
            {
              of: sum(chosen.rate('trunkline_join_labels_total'), 'source', 'outcome'),
              legend: '{{source}} {{outcome}}',
            },
          ],
          stacked: true,
        }),
        chart({
          title: 'Labels received',
          series: [{ of: sum(chosen.rate('trunkline_join_labels_received_total'), 'source'), ...source }],
          width: 8,
        }),
        chart({
          title: 'Samples that no label came for',
          series: [
            {
              of: sum(chosen.rate('trunkline_join_samples_unlabelled_total'), 'source', 'reason'),
              legend: '{{source}} {{reason}}',
            },
          ],
          width: 8,
        }),
        chart({
          title: 'Samples that came twice',
          series: [{ of: sum(chosen.rate('trunkline_join_samples_duplicate_total'), 'source'), ...source }],
          width: 8,
        }),
      ],
    },
    {
      title: 'Dead letters',
      panels: [
        chart({
          title: 'Records rejected',
          series: [
            {
              of: sum(chosen.rate('trunkline_samples_rejected_total'), 'source', 'reason'),
              legend: '{{source}} {{reason}}',
            },
          ],
          stacked: true,
        }),
        chart({
          title: 'Dead letters',
          series: [{ of: sum(chosen.rate('trunkline_dead_letters_total'), 'reason'), legend: '{{reason}}' }],
          stacked: true,
        }),
      ],
    },
  ],
};
