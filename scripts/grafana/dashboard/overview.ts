import { BigValueTextMode } from '@grafana/grafana-foundation-sdk/common';
import { MappingType } from '@grafana/grafana-foundation-sdk/dashboard';
import { type Board, chosen } from '../board.ts';
import { descending, type Expression, highest, max, mean, minus, ratio, sum } from '../expression.ts';
import { limits } from '../limit.ts';
import { bars, chart, stat } from '../panel.ts';

const each = { legend: '{{pipeline}}' };
const perPipeline = (name: string) => ({ of: max(chosen.value(name), 'pipeline'), ...each });

/** The state that a pipeline is in. */
const states = max(chosen.value('trunkline_state'), 'pipeline', 'state');
const isState: Expression = { ...states, text: `${states.text} == 1` };

/** Alerts that fire now; 0 when none does. */
const firing = chosen.value('ALERTS', { alertstate: 'firing', alertname: '~Trunkline.*' });
const firingCount: Expression = { ...firing, labels: [], text: `count(${firing.text}) or vector(0)` };

const ready = [
  {
    type: MappingType.ValueToText,
    options: { '0': { text: 'not ready', color: 'red', index: 0 }, '1': { text: 'ready', color: 'green', index: 1 } },
  },
] as const;

const received = sum(chosen.rate('trunkline_samples_received_total'), 'pipeline');

export const overview: Board = {
  title: 'Overview',
  description: 'Is it learning, is it fed, is it healthy?',
  shows: 'pipelines',
  rows: [
    {
      title: 'At a glance',
      panels: [
        stat({ title: 'Ready', series: [perPipeline('trunkline_ready')], mappings: ready }),
        stat({
          title: 'State',
          description: 'What the pipeline is doing.',
          series: [{ of: isState, legend: '{{pipeline}}: {{state}}' }],
          textMode: BigValueTextMode.Name,
        }),
        stat({
          title: 'Alerts that fire',
          description: 'How many alerts of these pipelines fire; Prometheus says which.',
          series: [{ of: firingCount, legend: 'alerts' }],
          limit: limits.none,
        }),
        stat({
          title: 'Last step',
          series: [perPipeline('trunkline_last_step_age_seconds')],
          limit: limits.stepAge,
        }),
        stat({
          title: 'Last checkpoint',
          series: [perPipeline('trunkline_checkpoint_age_seconds')],
          limit: limits.checkpointAge,
        }),
        stat({ title: 'Silent heads', series: [perPipeline('trunkline_heads_silent')], limit: limits.silent }),
      ],
    },
    {
      title: 'Is it learning?',
      panels: [
        chart({ title: 'Loss', series: [perPipeline('trunkline_loss')], floating: true, width: 8 }),
        chart({
          title: 'Scores at evaluations',
          description: 'Metrics of heads over the labelled rows of a source, as means over heads.',
          series: [
            {
              of: mean(chosen.value('trunkline_head_score'), 'pipeline', 'source', 'metric'),
              legend: '{{pipeline}} {{source}} {{metric}}',
            },
          ],
          floating: true,
          width: 8,
        }),
        chart({
          title: 'Scores while training',
          description:
            'Metrics of heads over their last labels, each scored before it was trained on: means over heads.',
          series: [
            {
              of: mean(chosen.value('trunkline_head_prequential_score'), 'pipeline', 'metric'),
              legend: '{{pipeline}} {{metric}}',
            },
          ],
          floating: true,
          width: 8,
        }),
        bars({
          title: 'Heads with the highest loss',
          series: [
            {
              of: descending(highest(10, max(chosen.value('trunkline_worst_head_loss'), 'pipeline', 'head'))),
              legend: '{{pipeline}} {{head}}',
            },
          ],
        }),
        chart({
          title: 'Steps',
          series: [{ of: sum(chosen.rate('trunkline_steps_total'), 'pipeline'), ...each }],
        }),
      ],
    },
    {
      title: 'Is it fed?',
      panels: [
        chart({
          title: 'Rows trained on',
          series: [{ of: sum(chosen.rate('trunkline_step_rows_total'), 'pipeline'), ...each }],
          width: 8,
        }),
        chart({
          title: 'Rows received',
          series: [{ of: received, ...each }],
          width: 8,
        }),
        chart({
          title: 'Time spent waiting for data',
          description: 'Share of the time in which no step could be taken because no batch was there.',
          series: [
            { of: sum(chosen.secondsPerSecond('trunkline_step_seconds', { stage: 'wait' }), 'pipeline'), ...each },
          ],
          width: 8,
        }),
        chart({
          title: 'Rejected',
          description:
            'Share of what came that could not be samples: the dead letters say why, and those who send by HTTP are told.',
          series: [
            {
              of: ratio(
                sum(chosen.rate('trunkline_samples_outcome_total', { outcome: 'rejected' }), 'pipeline'),
                received,
              ),
              ...each,
            },
            {
              of: ratio(
                sum(chosen.rate('trunkline_ingest_records_total', { verdict: '!~accepted|duplicate' }), 'pipeline'),
                sum(chosen.rate('trunkline_ingest_records_total'), 'pipeline'),
              ),
              legend: '{{pipeline}}, sent by HTTP',
            },
          ],
          limit: limits.rejected,
          max: 1,
        }),
        chart({
          title: 'Rows unaccounted for',
          description: 'Received, less pending and every outcome: 0, or something is wrong with Trunkline.',
          series: [
            {
              of: minus(
                sum(chosen.value('trunkline_samples_received_total'), 'pipeline'),
                sum(chosen.value('trunkline_samples_pending'), 'pipeline'),
                sum(chosen.value('trunkline_samples_outcome_total'), 'pipeline'),
              ),
              ...each,
            },
          ],
          floating: true,
          limit: limits.none,
        }),
      ],
    },
    {
      title: 'Is it healthy?',
      panels: [
        chart({
          title: 'Batches that moved nothing',
          series: [
            {
              of: sum(chosen.rate('trunkline_steps_skipped_total'), 'pipeline', 'reason'),
              legend: '{{pipeline}} {{reason}}',
            },
          ],
          width: 8,
        }),
        chart({
          title: 'Steps taken without a head that was not finite',
          series: [{ of: sum(chosen.rate('trunkline_heads_left_out_total'), 'pipeline'), ...each }],
          width: 8,
        }),
        chart({
          title: 'Resident memory',
          series: [perPipeline('process_resident_memory_bytes')],
          width: 8,
        }),
        stat({ title: 'Started again', series: [perPipeline('trunkline_restarts')], limit: limits.silent, width: 6 }),
        stat({ title: 'Pauses', series: [perPipeline('trunkline_pauses_total')], limit: limits.silent, width: 6 }),
        stat({
          title: 'Went back',
          series: [perPipeline('trunkline_model_went_back_total')],
          limit: limits.silent,
          width: 6,
        }),
        stat({
          title: 'Version',
          series: [
            {
              of: max(chosen.value('trunkline_build_info'), 'version', 'node'),
              legend: '{{version}} on Node {{node}}',
            },
          ],
          textMode: BigValueTextMode.Name,
          width: 6,
        }),
        stat({
          title: 'Configuration',
          series: [
            { of: max(chosen.value('trunkline_config_info'), 'pipeline', 'hash'), legend: '{{pipeline}}: {{hash}}' },
          ],
          textMode: BigValueTextMode.Name,
          width: 6,
        }),
      ],
    },
  ],
};
