import { z } from 'zod';
import { meanOfDefined } from './average.ts';
import { type Bins, binColumns, noBins, packed, withRows } from './bins.ts';
import type { Head } from './head.ts';
import type { Counter, MetricState } from './metric.ts';
import { classOf, isYes } from './row.ts';

export const binsField = z
  .number()
  .int()
  .min(16)
  .max(65_536)
  .default(4096)
  .describe(
    'Different scores that are told apart, for each question or class; beyond, neighbours share a bin. ' +
      'Up to 48 bytes each.',
  );

/** The rows of one question by score, in at most `limit` bins; besides, fewer than `limit` rows wait for theirs. */
class ScoredRows {
  readonly #limit: number;
  #bins: Bins = noBins();
  #scores: number[] = [];
  #weights: number[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @param weight of the row, below 0 when its truth is no */
  add(score: number, weight: number): void {
    // −0 would come back from JSON as 0.
    this.#scores.push(score + 0);
    this.#weights.push(weight);
    if (this.#scores.length < this.#limit) return;
    const bins = this.bins();
    this.#bins = bins.low.length > this.#limit ? packed(bins, this.#limit) : bins;
    [this.#scores, this.#weights] = [[], []];
  }

  bins(): Bins {
    return withRows(this.#bins, this.#scores, this.#weights);
  }

  state(column: number): readonly (readonly [string, readonly number[]])[] {
    return [
      ...binColumns.map((name) => [`${name}/${column}`, [...this.#bins[name]]] as const),
      [`scores/${column}`, [...this.#scores]],
      [`weights/${column}`, [...this.#weights]],
    ];
  }

  restore(state: MetricState, column: number): void {
    const saved = (name: string): number[] => [...(state[`${name}/${column}`] as readonly number[])];
    this.#bins = { low: saved('low'), high: saved('high'), yes: saved('yes'), no: saved('no') };
    [this.#scores, this.#weights] = [saved('scores'), saved('weights')];
  }
}

/**
 * Ranks rows by score: for each yes-or-no question of the head, or for each class against the others. The value is the
 * mean over the questions for which it is defined.
 *
 * Exact while there are no more than `limit` different scores, however many rows. Beyond, bins follow the scores that
 * come, whatever their scale, and rows within one count as tied. A bin of several scores starts with at most
 * 8 / (limit − 1) of the yeses and of the noes, and keeps about this share while rows come in random order; rows that
 * later crowd where few were before are told apart less well.
 * @param value from the bins of one question
 */
export function rankingOf(head: Head, limit: number, value: (bins: Bins) => number | undefined): () => Counter {
  const { prediction, width } = head;
  return () => {
    const questions = Array.from({ length: width }, () => new ScoredRows(limit));
    return {
      add(rows, at, weight) {
        const truth = prediction === 'distribution' ? classOf(rows, at, head) : undefined;
        questions.forEach((scored, column) => {
          const index = at * width + column;
          const yes = truth === undefined ? isYes(rows.label[index] as number, head) : truth === column;
          scored.add(rows.prediction[index] as number, yes ? weight : -weight);
        });
      },
      value: () => meanOfDefined(questions.map((scored) => value(scored.bins()))),
      state: () => Object.fromEntries(questions.flatMap((scored, column) => scored.state(column))),
      restore(state) {
        questions.forEach((scored, column) => {
          scored.restore(state, column);
        });
      },
    };
  };
}
