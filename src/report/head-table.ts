import type { Clock } from '../core/clock.ts';
import type { TrunklineEvent } from '../core/event.ts';
import { formatTable, type TextColumn } from '../core/text-table.ts';
import type { HeadEvaluation } from '../core/train-event.ts';
import { formatCount, formatDuration, formatScore, meanOf } from './format.ts';

const width = 110;

interface HeadHistory {
  labels: number;
  /** Mean loss by labels in the epoch at hand, and in the last one that ended. */
  sum: number;
  count: number;
  loss: number | undefined;
  /** When it last had a label, by the monotonic clock. */
  seenMs: number | undefined;
  evaluation: HeadEvaluation | undefined;
}

const fresh = (): HeadHistory => ({
  labels: 0,
  sum: 0,
  count: 0,
  loss: undefined,
  seenMs: undefined,
  evaluation: undefined,
});

/** Keeps what is known of each head, for the table at the end of a run. */
export class HeadTable {
  readonly #clock: Clock;
  readonly #heads = new Map<string, HeadHistory>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  readonly event = (event: TrunklineEvent): void => {
    if (event.type === 'runStarted') for (const name of event.heads) this.#of(name);
    if (event.type === 'stepTaken')
      for (const [name, { loss, labels }] of Object.entries(event.heads)) {
        const head = this.#of(name);
        head.labels += labels;
        head.sum += loss * labels;
        head.count += labels;
        head.seenMs = this.#clock.monotonicMs();
      }
    if (event.type === 'epochEnded')
      for (const head of this.#heads.values()) {
        head.loss = head.count > 0 ? head.sum / head.count : undefined;
        head.sum = 0;
        head.count = 0;
      }
    if (event.type === 'headsEvaluated')
      for (const [name, evaluation] of Object.entries(event.heads)) this.#of(name).evaluation = evaluation;
  };

  /** A row for each head: labels, losses, metrics and how long ago it had a label; then the mean over heads. */
  format(): string {
    const metrics = [
      ...new Set([...this.#heads.values()].flatMap((head) => Object.keys(head.evaluation?.metrics ?? {}))),
    ];
    const right = (title: string): TextColumn => ({ title, least: 6, align: 'right' });
    const columns = [
      { title: 'head', least: 12 },
      ...['labels', 'loss', 'test labels', 'test loss', ...metrics, 'last label'].map(right),
    ];
    const rows = [...this.#heads].map(([name, head]) => [
      name,
      formatCount(head.labels),
      formatScore(head.count > 0 ? head.sum / head.count : head.loss),
      head.evaluation ? formatCount(head.evaluation.labels) : '–',
      formatScore(head.evaluation?.loss),
      ...metrics.map((metric) => formatScore(head.evaluation?.metrics[metric])),
      head.seenMs === undefined ? 'never' : `${formatDuration(this.#clock.monotonicMs() - head.seenMs)} ago`,
    ]);
    return formatTable(columns, this.#heads.size > 1 ? [...rows, this.#means(metrics)] : rows, width);
  }

  #means(metrics: readonly string[]): readonly string[] {
    const heads = [...this.#heads.values()];
    const mean = (values: readonly (number | undefined)[]): string => formatScore(meanOf(values));
    const total = (values: readonly number[]): string => formatCount(values.reduce((sum, value) => sum + value, 0));
    return [
      'all (mean)',
      total(heads.map(({ labels }) => labels)),
      mean(heads.map((head) => (head.count > 0 ? head.sum / head.count : head.loss))),
      heads.some(({ evaluation }) => evaluation) ? total(heads.map((head) => head.evaluation?.labels ?? 0)) : '–',
      mean(heads.map((head) => head.evaluation?.loss)),
      ...metrics.map((metric) => mean(heads.map((head) => head.evaluation?.metrics[metric]))),
      '',
    ];
  }

  #of(name: string): HeadHistory {
    const known = this.#heads.get(name);
    if (known) return known;
    const head = fresh();
    this.#heads.set(name, head);
    return head;
  }
}
