import type { Expression } from '../expression.ts';
import { either, max, minus, only, plus, ratio, Scope, sum, whilst } from '../expression.ts';
import { limits } from '../limit.ts';

/** Somebody looks at a warning during the day, and at what is critical now. */
export type Severity = 'warning' | 'critical';

/** What Prometheus tells people of. */
export interface Alert {
  readonly name: string;
  readonly severity: Severity;
  /** There are series only while it is so. */
  readonly when: Expression;
  /** How long it has to be so. */
  readonly lasting: string;
  /** What is so, in a line; `{{ $labels.… }}` and `{{ $value }}` are filled in. */
  readonly summary: string;
  /** What it means, and what to do. */
  readonly description: string;
}

/** Every pipeline; other processes tell of their memory by the same names. */
const all = new Scope({ pipeline: '~.+' }, '10m');
const perPipeline = (name: string, matchers = {}): Expression => max(all.value(name, matchers), 'pipeline');

const isTraining = only(perPipeline('trunkline_state', { state: 'training' }), '==', 1);
const stepAge = perPipeline('trunkline_last_step_age_seconds');
const takesSteps = only(stepAge, '<', limits.stepAge.warning);
const pending = sum(all.value('trunkline_samples_pending'), 'pipeline');
const waiting = sum(all.value('trunkline_join_waiting', { kind: 'samples' }), 'pipeline');

/** What waits for its label in a join is pending too; where nothing is joined, nothing does. */
const untrained: Expression = { ...pending, text: `(${pending.text} - (${waiting.text} or 0 * ${pending.text}))` };

const received = sum(all.rate('trunkline_samples_received_total'), 'pipeline');
const rejected = ratio(sum(all.rate('trunkline_samples_outcome_total', { outcome: 'rejected' }), 'pipeline'), received);

/** Of what is sent by HTTP: it is judged before it is received. */
const rejectedAtOnce = ratio(
  sum(all.rate('trunkline_ingest_records_total', { verdict: '!~accepted|duplicate' }), 'pipeline'),
  sum(all.rate('trunkline_ingest_records_total'), 'pipeline'),
);

const notFinite = plus(
  sum(all.increase('trunkline_steps_skipped_total', { reason: 'notFinite' }), 'pipeline'),
  sum(all.increase('trunkline_heads_left_out_total'), 'pipeline'),
);

const unaccounted = minus(
  sum(all.value('trunkline_samples_received_total'), 'pipeline'),
  sum(all.value('trunkline_samples_pending'), 'pipeline'),
  sum(all.value('trunkline_samples_outcome_total'), 'pipeline'),
);

const memory = all.value('process_resident_memory_bytes');
const growth: Expression = { ...memory, text: `86400 * deriv(${memory.text}[6h]) / ${memory.text}` };
const started = all.value('process_start_time_seconds');
const starts: Expression = { ...started, text: `changes(${started.text}[30m])` };
const isOld: Expression = { ...started, text: `time() - ${started.text} > 7 * 3600` };

const rejecting = (severity: Severity): Alert => ({
  name: 'TrunklineRejecting',
  severity,
  when: either(only(rejected, '>', limits.rejected[severity]), only(rejectedAtOnce, '>', limits.rejected[severity])),
  lasting: '10m',
  summary: '{{ $labels.pipeline }} rejects {{ $value | humanizePercentage }} of what it receives.',
  description:
    'What comes is not what the pipeline file says: a column went, or a type changed. The dead letters name the reason of each record, and the dashboard Flow their rates. Mend what sends them, or the file; `trunkline check` looks at the first rows.',
});

const oldCheckpoint = (severity: Severity): Alert => ({
  name: 'TrunklineCheckpointTooOld',
  severity,
  when: whilst(
    only(perPipeline('trunkline_checkpoint_age_seconds'), '>', limits.checkpointAge[severity]),
    takesSteps,
    'pipeline',
  ),
  lasting: '5m',
  summary: '{{ $labels.pipeline }} trains, and wrote its last checkpoint {{ $value | humanizeDuration }} ago.',
  description:
    'So much would be trained again after a crash, and what was sent by HTTP stays in the log until then. Ask for one with SIGUSR2, or write them more often: `checkpoint.everyMinutes`.',
});

/** Every alert, from what is worst. */
export const alerts: readonly Alert[] = [
  {
    name: 'TrunklineDown',
    severity: 'critical',
    when: only(new Scope({ job: 'trunkline' }, '10m').value('up'), '==', 0),
    lasting: '2m',
    summary: '{{ $labels.instance }} does not answer.',
    description:
      'The process of a pipeline is gone, or hangs. The daemon starts it again, unless it is gone too: look at its log. The job of Prometheus has to be called trunkline.',
  },
  {
    name: 'TrunklineNotTraining',
    severity: 'critical',
    when: only(max(all.value('trunkline_state', { state: '~paused|failed' }), 'pipeline', 'state'), '==', 1),
    lasting: '5m',
    summary: '{{ $labels.pipeline }} is {{ $labels.state }}.',
    description:
      'Nothing is learned. /readyz says why. A pipeline that a guard has paused goes on with a reload (SIGHUP), once the reason is gone; the log says why one has failed.',
  },
  {
    name: 'TrunklineStalled',
    severity: 'critical',
    when: whilst(
      whilst(only(stepAge, '>', limits.stepAge.critical), isTraining, 'pipeline'),
      only(untrained, '>', 0),
      'pipeline',
    ),
    lasting: '5m',
    summary: '{{ $labels.pipeline }} has samples, and took no step for {{ $value | humanizeDuration }}.',
    description:
      'The engine hangs, or too few samples came to fill a batch: then give `stream.batch` a `timeLimitMs`. The daemon ends a step of ten minutes and starts the pipeline again; the dashboard Engine shows the stage.',
  },
  {
    name: 'TrunklineStarved',
    severity: 'warning',
    when: whilst(
      whilst(only(stepAge, '>', limits.starved.warning), isTraining, 'pipeline'),
      only(untrained, '==', 0),
      'pipeline',
    ),
    lasting: '5m',
    summary: '{{ $labels.pipeline }} was sent nothing to train on for {{ $value | humanizeDuration }}.',
    description: 'What fills its sources has stopped: look there.',
  },
  {
    name: 'TrunklineHeadSilent',
    severity: 'warning',
    when: whilst(
      only(max(all.value('trunkline_head_staleness_seconds'), 'pipeline', 'head'), '>', limits.staleness.warning),
      takesSteps,
      'pipeline',
    ),
    lasting: '5m',
    summary: 'Head {{ $labels.head }} of {{ $labels.pipeline }} had no label for {{ $value | humanizeDuration }}.',
    description:
      'Other heads train, and this one stays as it is. What labels it has stopped, or its labels are rejected: the dashboard Heads shows its label rate. __other__ are the heads without series of their own.',
  },
  {
    name: 'TrunklineNotFinite',
    severity: 'critical',
    when: only(notFinite, '>', 0),
    lasting: '0m',
    summary: 'Losses or gradients of {{ $labels.pipeline }} were NaN or infinite.',
    description:
      'Nothing of those heads has moved: their samples are in the dead letters. Look for values out of range there, or lower the learning rate. Training pauses after several such batches in a row (`guard.notFinite`).',
  },
  rejecting('critical'),
  rejecting('warning'),
  {
    name: 'TrunklineQueueFull',
    severity: 'warning',
    when: only(
      sum(all.rate('trunkline_ingest_refused_total', { reason: '~backlog|logFull' }), 'pipeline', 'source'),
      '>',
      0,
    ),
    lasting: '10m',
    summary: 'Source {{ $labels.source }} of {{ $labels.pipeline }} turns requests away.',
    description:
      'More is sent than is trained on (backlog), or than checkpoints cover (logFull). Who sends is told to try again, and nothing is lost yet. Send less, train faster, or write checkpoints more often.',
  },
  oldCheckpoint('critical'),
  oldCheckpoint('warning'),
  {
    name: 'TrunklineCheckpointFailed',
    severity: 'critical',
    when: only(
      sum(all.increase('trunkline_checkpoints_total', { result: '~failed|damaged' }), 'pipeline', 'result'),
      '>',
      0,
    ),
    lasting: '0m',
    summary: 'A checkpoint of {{ $labels.pipeline }} was {{ $labels.result }}.',
    description:
      'It could not be written (the disk is full, or no longer there), or was found damaged and the one before it was taken. The log says which and why.',
  },
  {
    name: 'TrunklineMemoryGrowth',
    severity: 'warning',
    when: whilst(only(growth, '>', limits.growth.warning), isOld, 'pipeline', 'instance'),
    lasting: '1h',
    summary: '{{ $labels.pipeline }} grows by {{ $value | humanizePercentage }} of its memory in a day.',
    description:
      'The memory of a pipeline that trains is flat. Look at the dashboard Engine: values, buffers, or neither (then it is native memory). A restart costs nothing: it goes on from its checkpoint.',
  },
  {
    name: 'TrunklineSourceAway',
    severity: 'warning',
    when: only(max(all.value('trunkline_source_unreachable'), 'pipeline', 'source'), '==', 1),
    lasting: '10m',
    summary: 'Source {{ $labels.source }} of {{ $labels.pipeline }} can not be reached.',
    description: 'It is tried again; nothing is lost that it keeps. The log says what answers.',
  },
  {
    name: 'TrunklineRestarting',
    severity: 'critical',
    when: only(starts, '>', 2),
    lasting: '0m',
    summary: 'The process of {{ $labels.pipeline }} began {{ $value }} times in half an hour.',
    description:
      'It fails or hangs again and again: the log of the daemon says how. What was trained since the last checkpoint is trained each time anew.',
  },
  {
    name: 'TrunklineUnaccounted',
    severity: 'warning',
    when: only(unaccounted, '!=', 0),
    lasting: '5m',
    summary: '{{ $labels.pipeline }} lost count of {{ $value }} samples.',
    description:
      'What was received is not what is pending and what came to an outcome: an error in Trunkline. Please report it, with /v1/status.',
  },
];
