import type { HeadState } from '../head-states.ts';
import type { Reading, ReadRow } from '../row.ts';
import { one } from '../row.ts';
import type { Telemetry } from '../telemetry.ts';

/** How heads without a series of their own come to one value. */
type Together = 'mean' | 'highest';

/** One reading of each series; heads of which the value is not known have none. */
const perHead =
  (value: (head: HeadState, telemetry: Telemetry) => number | undefined, together: Together = 'mean') =>
  (telemetry: Telemetry): Iterable<Reading> => {
    const series = new Map<string, { sum: number; count: number; highest: number }>();
    for (const [, head] of telemetry.heads.all()) {
      const found = value(head, telemetry);
      if (found === undefined) continue;
      const { sum, count, highest } = series.get(head.series) ?? { sum: 0, count: 0, highest: found };
      series.set(head.series, { sum: sum + found, count: count + 1, highest: Math.max(highest, found) });
    }
    return [...series].map(
      ([head, { sum, count, highest }]): Reading => [{ head }, together === 'mean' ? sum / count : highest],
    );
  };

/** Scores of heads with series of their own, by what they were scored on and how. */
function* scores({ heads }: Telemetry): Iterable<Reading> {
  for (const [name, { series, evaluations }] of heads.all()) {
    if (series !== name) continue;
    for (const [source, { metrics }] of evaluations)
      for (const [metric, value] of Object.entries(metrics))
        if (value !== null) yield [{ head: name, source, metric }, value];
  }
}

function* prequential({ heads }: Telemetry): Iterable<Reading> {
  for (const [name, { series, prequential: scored }] of heads.all()) {
    if (series !== name || !scored) continue;
    for (const [metric, value] of Object.entries(scored.metrics))
      if (value !== null) yield [{ head: name, metric }, value];
  }
}

function* losses({ heads }: Telemetry): Iterable<Reading> {
  for (const [name, { series, evaluations }] of heads.all()) {
    if (series !== name) continue;
    for (const [source, { loss }] of evaluations) if (loss !== null) yield [{ head: name, source }, loss];
  }
}

const staleSeconds = ({ lastMs }: HeadState, { clock }: Telemetry): number => (clock.monotonicMs() - lastMs) / 1000;

/** Heads whose loss is named, whether they have a series of their own or not. */
const worstNamed = 10;

function worst({ heads }: Telemetry): readonly Reading[] {
  return [...heads.all()]
    .flatMap(([head, { loss }]): readonly Reading[] => (loss === undefined ? [] : [[{ head }, loss]]))
    .sort(([, a], [, b]) => b - a)
    .slice(0, worstNamed);
}

function silent(telemetry: Telemetry): number {
  let count = 0;
  for (const [, head] of telemetry.heads.all()) if (1000 * staleSeconds(head, telemetry) >= telemetry.silentMs) count++;
  return count;
}

/** Heads by name, as many as have series of their own; the others together, as `__other__`. */
export const headRows: readonly ReadRow[] = [
  {
    name: 'trunkline_head_labels_total',
    type: 'counter',
    help: 'Labels that a head was trained on by this process.',
    labels: ['head'],
    unit: 'count',
    read: ({ heads }) => [...heads.labels()].map(([head, count]): Reading => [{ head }, count]),
  },
  {
    name: 'trunkline_head_loss',
    type: 'gauge',
    help: 'Mean loss of a head over its labels in the last interval in which it had any.',
    labels: ['head'],
    unit: 'none',
    read: perHead(({ loss }) => loss),
  },
  {
    name: 'trunkline_head_weight',
    type: 'gauge',
    help: "Factor of the head's loss in the merged one, in the last step that trained it.",
    labels: ['head'],
    unit: 'none',
    read: perHead(({ weight }) => weight),
  },
  {
    name: 'trunkline_head_denominator',
    type: 'gauge',
    help: "What the head's summed loss was divided by, in the last step that trained it.",
    labels: ['head'],
    unit: 'count',
    read: perHead(({ denominator }) => denominator),
  },
  {
    name: 'trunkline_head_staleness_seconds',
    type: 'gauge',
    help: 'Time since a step trained the head; since it became known, as long as none has.',
    labels: ['head'],
    unit: 'seconds',
    read: perHead(staleSeconds, 'highest'),
  },
  {
    name: 'trunkline_head_score',
    type: 'gauge',
    help: 'A metric of a head over the labelled rows of a source, at its last evaluation. What is undefined is left out.',
    labels: ['head', 'source', 'metric'],
    unit: 'none',
    when: 'once the head was evaluated',
    read: scores,
  },
  {
    name: 'trunkline_head_prequential_score',
    type: 'gauge',
    help: 'A metric of a head over its last labels, each scored before it was trained on (prequential). What is undefined is left out.',
    labels: ['head', 'metric'],
    unit: 'none',
    when: 'where the head is prequential',
    read: prequential,
  },
  {
    name: 'trunkline_head_evaluation_loss',
    type: 'gauge',
    help: 'Loss of a head over the labelled rows of a source, at its last evaluation.',
    labels: ['head', 'source'],
    unit: 'none',
    when: 'once the head was evaluated',
    read: losses,
  },
  {
    name: 'trunkline_heads_left_out_total',
    type: 'counter',
    help: 'Steps that were taken without a head that had labels, because its loss or gradient was not finite.',
    labels: ['head'],
    unit: 'count',
    read: ({ counts }) => counts.headsLeftOut.readings(),
  },
  {
    name: 'trunkline_worst_head_loss',
    type: 'gauge',
    help: 'Mean loss of the ten heads where it is highest, by name, also of those without series of their own.',
    labels: ['head'],
    unit: 'none',
    read: worst,
  },
  {
    name: 'trunkline_heads',
    type: 'gauge',
    help: 'Heads that are trained.',
    labels: [],
    unit: 'count',
    read: ({ heads }) => one(heads.size),
  },
  {
    name: 'trunkline_heads_silent',
    type: 'gauge',
    help: 'Heads that had no label for five minutes.',
    labels: [],
    unit: 'count',
    read: (telemetry) => one(silent(telemetry)),
  },
  {
    name: 'trunkline_heads_cut',
    type: 'gauge',
    help: 'Heads without series of their own: they are in __other__.',
    labels: [],
    unit: 'count',
    read: ({ heads }) => one(heads.cut),
  },
];
