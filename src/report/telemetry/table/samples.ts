import type { FlowSnapshot } from '../../../core/flow-snapshot.ts';
import type { Reading, ReadRow } from '../row.ts';
import type { Telemetry } from '../telemetry.ts';

/** One reading of each flow. */
const perFlow =
  (value: (flow: FlowSnapshot) => number) =>
  (telemetry: Telemetry): readonly Reading[] =>
    telemetry.flows.map((flow) => [{ source: flow.name }, value(flow)]);

/** One reading of each flow and name. */
const perName =
  (label: string, values: (flow: FlowSnapshot) => Readonly<Record<string, number>>) =>
  (telemetry: Telemetry): readonly Reading[] =>
    telemetry.flows.flatMap((flow) =>
      Object.entries(values(flow)).map(([name, value]): Reading => [{ source: flow.name, [label]: name }, value]),
    );

/** Of labels that were left out: heads without a series of their own together. */
function* rejectedLabels({ flows, heads }: Telemetry): Iterable<Reading> {
  for (const { name: source, rejectedLabels } of flows) {
    const series = new Map<string, number>();
    for (const [head, count] of Object.entries(rejectedLabels))
      series.set(heads.seriesOf(head), (series.get(heads.seriesOf(head)) ?? 0) + count);
    for (const [head, count] of series) yield [{ source, head }, count];
  }
}

/** What became of samples. These counts go back with the checkpoint that a run goes on from, as what they count does. */
export const sampleRows: readonly ReadRow[] = [
  {
    name: 'trunkline_samples_received_total',
    type: 'counter',
    help: 'Samples and records that came from a source, in every epoch: pending and every outcome together.',
    labels: ['source'],
    unit: 'rows',
    read: perFlow(({ received }) => received),
  },
  {
    name: 'trunkline_samples_outcome_total',
    type: 'counter',
    help: 'Samples by what became of them; each comes to one outcome. Those that are joined are forwarded to the flow of the join.',
    labels: ['source', 'outcome'],
    unit: 'rows',
    read: perName('outcome', ({ outcomes }) => outcomes),
  },
  {
    name: 'trunkline_samples_pending',
    type: 'gauge',
    help: 'Samples that were received and came to no outcome yet.',
    labels: ['source'],
    unit: 'rows',
    read: perFlow(({ pending }) => pending),
  },
  {
    name: 'trunkline_samples_rejected_total',
    type: 'counter',
    help: 'Records that could not be samples, by reason: they are in the dead letters.',
    labels: ['source', 'reason'],
    unit: 'records',
    when: 'once a record was rejected',
    read: perName('reason', ({ rejected }) => rejected),
  },
  {
    name: 'trunkline_samples_repeated_total',
    type: 'counter',
    help: 'Samples that were trained on once more, from a reservoir or for labels that came later: in none of the other counts.',
    labels: ['source'],
    unit: 'rows',
    read: perFlow(({ repeated }) => repeated),
  },
  {
    name: 'trunkline_labels_rejected_total',
    type: 'counter',
    help: 'Labels that samples went on without, because they could not be used.',
    labels: ['source', 'head'],
    unit: 'count',
    when: 'once a label was rejected',
    read: rejectedLabels,
  },
  {
    name: 'trunkline_queue_rows',
    type: 'gauge',
    help: 'Rows between a source and the step that trains on them, repeats included.',
    labels: ['source'],
    unit: 'rows',
    read: perFlow(({ queued }) => queued.rows),
  },
  {
    name: 'trunkline_queue_bytes',
    type: 'gauge',
    help: 'What those rows take up.',
    labels: ['source'],
    unit: 'bytes',
    read: perFlow(({ queued }) => queued.sizeBytes),
  },
  {
    name: 'trunkline_queue_credit_rows',
    type: 'gauge',
    help: 'Rows that there may be before reading stops.',
    labels: ['source'],
    unit: 'rows',
    read: perFlow(({ granted }) => granted.rows),
  },
  {
    name: 'trunkline_queue_credit_bytes',
    type: 'gauge',
    help: 'Bytes that there may be before reading stops.',
    labels: ['source'],
    unit: 'bytes',
    read: perFlow(({ granted }) => granted.sizeBytes),
  },
  {
    name: 'trunkline_dead_letters_total',
    type: 'counter',
    help: 'Records and labels that were sent to the dead letters by this process, by reason.',
    labels: ['reason'],
    unit: 'records',
    when: 'once there was one',
    read: ({ counts }) => counts.deadLetters.readings(),
  },
  {
    name: 'trunkline_source_unreachable',
    type: 'gauge',
    help: '1 while what a source reads from can not be reached, or the disk takes no more of what waits for a join.',
    labels: ['source'],
    unit: 'none',
    when: 'while a source is away',
    read: ({ away }) => [...away].map((source): Reading => [{ source }, 1]),
  },
];
