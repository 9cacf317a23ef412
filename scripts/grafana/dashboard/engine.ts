import { BigValueTextMode } from '@grafana/grafana-foundation-sdk/common';
import { type Board, chosen } from '../board.ts';
import { max, sum } from '../expression.ts';
import { limits } from '../limit.ts';
import { chart, stat } from '../panel.ts';

const stage = { legend: '{{stage}}' };

export const engine: Board = {
  title: 'Engine',
  description: 'Where does the time go, and the memory?',
  shows: 'one pipeline',
  rows: [
    {
      title: 'Where it stands',
      panels: [
        stat({ title: 'Step', series: [{ of: max(chosen.value('trunkline_step')), legend: 'step' }] }),
        stat({ title: 'Epochs ended', series: [{ of: max(chosen.value('trunkline_epoch')), legend: 'epochs' }] }),
        stat({
          title: 'Engine',
          series: [
            {
              of: max(chosen.value('trunkline_engine_info'), 'engine', 'runner', 'threads'),
              legend: '{{engine}} through {{runner}}, {{threads}} threads',
            },
          ],
          textMode: BigValueTextMode.Name,
          width: 8,
        }),
        stat({
          title: 'Changed pipeline files',
          series: [{ of: max(chosen.value('trunkline_reloads_total'), 'result'), legend: '{{result}}' }],
          width: 8,
        }),
      ],
    },
    {
      title: 'Time',
      panels: [
        chart({
          title: 'Time by stage',
          description: 'How much of each second went into a stage; stages of two batches overlap.',
          series: [{ of: sum(chosen.secondsPerSecond('trunkline_step_seconds'), 'stage'), ...stage }],
          stacked: true,
        }),
        chart({
          title: 'Time of a stage, 99 of 100 steps',
          description:
            'The time within which a stage was done in 99 of 100 steps, to the next bucket of the histogram.',
          series: [{ of: chosen.quantile(0.99, 'trunkline_step_seconds', ['stage']), ...stage }],
          log: true,
        }),
        chart({
          title: 'Engine busy',
          series: [{ of: max(chosen.value('trunkline_engine_busy_ratio')), legend: 'busy' }],
          max: 1,
          width: 8,
        }),
        chart({
          title: 'Programs',
          description:
            'Programs that were compiled so far, one for each shape of a batch, and those there was no room for: where both rise, batches have too many shapes.',
          series: [
            { of: sum(chosen.value('trunkline_programs_compiled_total')), legend: 'compiled' },
            { of: sum(chosen.value('trunkline_programs_evicted_total')), legend: 'evicted' },
          ],
          width: 8,
        }),
        chart({
          title: 'Time spent compiling',
          description: 'Share of the time in which programs were recorded and loaded.',
          series: [{ of: sum(chosen.rate('trunkline_program_compile_seconds_total')), legend: 'compiling' }],
          width: 8,
        }),
      ],
    },
    {
      title: 'Process',
      panels: [
        chart({
          title: 'Memory',
          description: 'Resident memory, and what JavaScript values and their buffers take of it.',
          series: [
            { of: max(chosen.value('process_resident_memory_bytes')), legend: 'resident' },
            { of: max(chosen.value('nodejs_heap_size_used_bytes')), legend: 'values' },
            { of: max(chosen.value('nodejs_external_memory_bytes')), legend: 'buffers' },
          ],
          width: 8,
        }),
        chart({
          title: 'Processor',
          description: 'Cores in use: 100 % is one.',
          series: [{ of: sum(chosen.rate('process_cpu_seconds_total')), legend: 'cores' }],
          width: 8,
        }),
        chart({
          title: 'Event loop',
          series: [{ of: max(chosen.value('nodejs_eventloop_lag_p99_seconds')), legend: '99 of 100' }],
          limit: limits.eventLoop,
          width: 8,
        }),
      ],
    },
    {
      title: 'Checkpoints',
      panels: [
        chart({
          title: 'Age of the last',
          series: [{ of: max(chosen.value('trunkline_checkpoint_age_seconds')), legend: 'age' }],
          limit: limits.checkpointAge,
        }),
        chart({
          title: 'Time to write one, 99 of 100',
          description: 'Beside training. To the next bucket of the histogram.',
          series: [
            { of: chosen.quantile(0.99, 'trunkline_checkpoint_seconds', []), legend: '99 of 100' },
            { of: chosen.quantile(0.99, 'trunkline_checkpoint_copy_seconds', []), legend: 'of it without a step' },
          ],
        }),
        stat({
          title: 'Checkpoints',
          series: [{ of: sum(chosen.value('trunkline_checkpoints_total'), 'result'), legend: '{{result}}' }],
          width: 12,
        }),
        stat({
          title: 'Step of the last',
          series: [{ of: max(chosen.value('trunkline_checkpoint_step')), legend: 'step' }],
          width: 6,
        }),
        stat({
          title: 'Size of the last',
          series: [{ of: max(chosen.value('trunkline_checkpoint_size_bytes')), legend: 'size' }],
          width: 6,
        }),
      ],
    },
  ],
};
