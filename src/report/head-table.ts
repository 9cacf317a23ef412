import type { Clock } from '../core/clock.ts';
import type { TrunklineEvent } from '../core/event.ts';
import { HeadMeans } from '../core/head-means.ts';
import { formatTable, type TextColumn } from '../core/text-table.ts';
import type { HeadEvaluation, HeadScore } from '../core/train-event.ts';
import { formatCount, formatDuration, formatScore, meanOf } from './format.ts';

/** In characters. Numbers would have to be cut where there is less room. */
const leastWidth = 110;

interface HeadHistory {
  labels: number;
  /** Mean loss by labels in the last epoch that ended. */
  loss: number | undefined;
  /** When it last had a label, by the monotonic clock. */
  seenMs: number | undefined;
  evaluation: HeadEvaluation | undefined;
  prequential: HeadScore | undefined;
}

const fresh = (): HeadHistory => ({
  labels: 0,
  loss: undefined,
  seenMs: undefined,
  evaluation: undefined,
  prequential: undefined,
});

/** Keeps what is known of each head, for the table at the end of a run. */
export class HeadTable {
  readonly #clock: Clock;
  readonly #heads = new Map<string, HeadHistory>();
  /** In the epoch at hand. */
  readonly #means = new HeadMeans();
  #trained = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  readonly event = (event: TrunklineEvent): void => {
    if (event.type === 'runStarted') for (const name of event.heads) this.#of(name);
    if (event.type === 'stepTaken') {
      this.#trained = true;
      this.#means.add(event.heads);
      for (const [name, { labels }] of Object.entries(event.heads)) {
        const head = this.#of(name);
        head.labels += labels;
        head.seenMs = this.#clock.monotonicMs();
      }
    }
    if (event.type === 'epochEnded') {
      for (const [name, head] of this.#heads) head.loss = this.#means.of(name)?.loss;
      this.#means.clear();
    }
    if (event.type === 'headsScored')
      for (const [name, score] of Object.entries(event.heads)) this.#of(name).prequential = score;
    if (event.type === 'headsEvaluated')
      for (const [name, evaluation] of Object.entries(event.heads)) this.#of(name).evaluation = evaluation;
  };

  /**
   * A row for each head: labels, losses, metrics while training and of the evaluation, and how long ago it had a label; then the mean over heads. Where no step
   * was taken it is about the evaluation alone.
   * @param room in characters: names and titles that do not fit lose their middle
   */
  format(room = leastWidth): string {
    const width = Math.max(leastWidth, room);
    const heads = [...this.#heads.values()];
    const metrics = [...new Set(heads.flatMap((head) => Object.keys(head.evaluation?.metrics ?? {})))];
    const own = [...new Set(heads.flatMap((head) => Object.keys(head.prequential?.metrics ?? {})))];
    const right = (title: string): TextColumn => ({ title, least: 6, align: 'right' });
    // Never narrowed: a title without its beginning would be that of an evaluated metric.
    const before = own.map((metric): TextColumn => {
      const title = `prequential ${metric}`;
      return { title, least: title.length, align: 'right' };
    });
    const titles = this.#trained
      ? ['labels', 'loss', 'test labels', 'test loss', ...metrics, 'last label']
      : ['labels', 'loss', ...metrics];
    const [labels, loss, ...others] = titles.map(right) as [TextColumn, TextColumn, ...TextColumn[]];
    const columns = [{ title: 'head', least: 12 }, labels, loss, ...before, ...others];
    const rows = [...this.#heads].map(([name, head]) => [
      name,
      ...this.#ofTraining(formatCount(head.labels), formatScore(this.#lossOf(name))),
      ...own.map((metric) => formatScore(head.prequential?.metrics[metric])),
      head.evaluation ? formatCount(head.evaluation.labels) : '–',
      formatScore(head.evaluation?.loss),
      ...metrics.map((metric) => formatScore(head.evaluation?.metrics[metric])),
      ...this.#ofTraining(
        head.seenMs === undefined ? 'never' : `${formatDuration(this.#clock.monotonicMs() - head.seenMs)} ago`,
      ),
    ]);
    return formatTable(columns, this.#heads.size > 1 ? [...rows, this.#meanRow(own, metrics)] : rows, width);
  }

  #meanRow(own: readonly string[], metrics: readonly string[]): readonly string[] {
    const heads = [...this.#heads.values()];
    const mean = (values: readonly (number | null | undefined)[]): string => formatScore(meanOf(values));
    const total = (values: readonly number[]): string => formatCount(values.reduce((sum, value) => sum + value, 0));
    return [
      'all (mean)',
      ...this.#ofTraining(
        total(heads.map(({ labels }) => labels)),
        mean([...this.#heads.keys()].map((name) => this.#lossOf(name))),
      ),
      ...own.map((metric) => mean(heads.map((head) => head.prequential?.metrics[metric]))),
      heads.some(({ evaluation }) => evaluation) ? total(heads.map((head) => head.evaluation?.labels ?? 0)) : '–',
      mean(heads.map((head) => head.evaluation?.loss)),
      ...metrics.map((metric) => mean(heads.map((head) => head.evaluation?.metrics[metric]))),
      ...this.#ofTraining(''),
    ];
  }

  /** Cells that are left out where nothing was trained. */
  #ofTraining(...cells: readonly string[]): readonly string[] {
    return this.#trained ? cells : [];
  }

  /** In the epoch at hand, or in the last one where it had no label yet. */
  #lossOf(name: string): number | undefined {
    return this.#means.of(name)?.loss ?? this.#heads.get(name)?.loss;
  }

  #of(name: string): HeadHistory {
    const known = this.#heads.get(name);
    if (known) return known;
    const head = fresh();
    this.#heads.set(name, head);
    return head;
  }
}
