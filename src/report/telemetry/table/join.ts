import type { Reading, ReadRow } from '../row.ts';
import type { Telemetry } from '../telemetry.ts';

/** What the joins of samples and labels count: by the words of `names`, as they call them. */
const ofJoins =
  (names: Readonly<Record<string, string>>, label?: string) =>
  (telemetry: Telemetry): readonly Reading[] =>
    telemetry.flows.flatMap((flow) =>
      flow.operators
        .filter(({ name }) => name === 'join')
        .flatMap(({ counts }) =>
          Object.entries(names).map(([name, value]): Reading => {
            const labels = label === undefined ? {} : { [label]: value };
            return [{ source: flow.name, ...labels }, counts[name] ?? 0];
          }),
        ),
    );

/** Samples that wait for labels, and labels that come apart from them. */
export const joinRows: readonly ReadRow[] = [
  {
    name: 'trunkline_join_labels_received_total',
    type: 'counter',
    help: 'Labels that came to the join, with their samples or without.',
    labels: ['source'],
    unit: 'count',
    when: 'where samples and labels are joined',
    read: ofJoins({ labelsReceived: 'received' }),
  },
  {
    name: 'trunkline_join_labels_total',
    type: 'counter',
    help: 'Labels by what became of them: used, of a sample that had one (duplicate), after its time (late), whose sample did not come (orphaned), without room (evicted).',
    labels: ['source', 'outcome'],
    unit: 'count',
    when: 'where samples and labels are joined',
    read: ofJoins(
      {
        labelsUsed: 'used',
        labelsDuplicate: 'duplicate',
        labelsLate: 'late',
        labelsExpired: 'orphaned',
        labelsEvicted: 'evicted',
      },
      'outcome',
    ),
  },
  {
    name: 'trunkline_join_samples_unlabelled_total',
    type: 'counter',
    help: 'Samples that no label came for, by why they do not wait any more.',
    labels: ['source', 'reason'],
    unit: 'rows',
    when: 'where samples and labels are joined',
    read: ofJoins({ samplesExpired: 'expired', samplesEvicted: 'evicted' }, 'reason'),
  },
  {
    name: 'trunkline_join_samples_duplicate_total',
    type: 'counter',
    help: 'Samples whose id was known.',
    labels: ['source'],
    unit: 'rows',
    when: 'where samples and labels are joined',
    read: ofJoins({ samplesDuplicate: 'duplicate' }),
  },
  {
    name: 'trunkline_join_waiting',
    type: 'gauge',
    help: 'What waits: samples for their first label, labels for their sample.',
    labels: ['source', 'kind'],
    unit: 'count',
    when: 'where samples and labels are joined',
    read: ofJoins({ samplesWaiting: 'samples', labelsWaiting: 'labels' }, 'kind'),
  },
];
