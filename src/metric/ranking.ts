import { classOf, isYes, meanOfDefined } from './confusion.ts';
import type { Counter, MetricContext, MetricState } from './metric.ts';

/** Predictions kept as they are; beyond, they are counted in bins. */
const exactLimit = 4096;
/** Bits of a float32 that tell bins apart: sign, exponent and four of the mantissa. */
const binBits = 13;

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

/** The bin of a score: bins are in the order of scores, and a sixteenth of a score wide, however large it is. */
function binOf(score: number): number {
  float[0] = score === 0 ? 0 : score;
  const pattern = bits[0] as number;
  const ordered = pattern >>> 31 ? ~pattern : pattern | 0x8000_0000;
  return ordered >>> (32 - binBits);
}

/** Rows of equal score: the weight of those whose truth is yes, and no. */
export interface Tie {
  readonly yes: number;
  readonly no: number;
}

/** Scores with their truths, exactly while there are few, in bins from then on. */
class Scores {
  #scores: number[] = [];
  #weights: number[] = [];
  #bins: Float64Array | undefined;

  /** @param weight of the row, below 0 when its truth is no */
  add(score: number, weight: number): void {
    if (this.#bins) {
      this.#count(score, weight);
      return;
    }
    this.#scores.push(score);
    this.#weights.push(weight);
    if (this.#scores.length <= exactLimit) return;
    const [scores, weights] = [this.#scores, this.#weights];
    this.#bins = new Float64Array(2 << binBits);
    [this.#scores, this.#weights] = [[], []];
    scores.forEach((kept, at) => {
      this.#count(kept, weights[at] as number);
    });
  }

  /** Ties from the highest score to the lowest. */
  ties(): readonly Tie[] {
    if (this.#bins) {
      const bins = this.#bins;
      return Array.from({ length: bins.length / 2 }, (_, at) => ({
        yes: bins[2 * at] as number,
        no: bins[2 * at + 1] as number,
      }))
        .filter(({ yes, no }) => yes + no > 0)
        .reverse();
    }
    const ties: { yes: number; no: number }[] = [];
    let last: number | undefined;
    for (const at of [...this.#scores.keys()].sort(
      (a, b) => (this.#scores[b] as number) - (this.#scores[a] as number),
    )) {
      const [score, weight] = [this.#scores[at] as number, this.#weights[at] as number];
      if (score !== last) ties.push({ yes: 0, no: 0 });
      last = score;
      const tie = ties.at(-1) as { yes: number; no: number };
      if (weight > 0) tie.yes += weight;
      else tie.no -= weight;
    }
    return ties;
  }

  state(): readonly number[][] {
    return [this.#scores, this.#weights, this.#bins ? [...this.#bins] : []].map((values) => [...values]);
  }

  restore([scores = [], weights = [], bins = []]: readonly (readonly number[])[]): void {
    this.#scores = [...scores];
    this.#weights = [...weights];
    this.#bins = bins.length > 0 ? Float64Array.from(bins) : undefined;
  }

  #count(score: number, weight: number): void {
    const bins = this.#bins as Float64Array;
    const at = 2 * binOf(score) + Number(weight < 0);
    bins[at] = (bins[at] as number) + Math.abs(weight);
  }
}

/** log(p / (1 − p)), so that bins are as fine near 1 as near 0. */
function logit(probability: number): number {
  const odds = Math.log(probability / (1 - probability));
  return Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, odds));
}

/**
 * Ranks rows by score: for each yes-or-no question of the head, or for each class against the others. The value is the
 * mean over the questions for which it is defined. Exact for up to 4096 rows; from then on rows are counted in bins a
 * sixteenth of a score (of the log odds, for probabilities) wide, as if those of a bin were tied.
 */
export function rankingOf(context: MetricContext, value: (ties: readonly Tie[]) => number | undefined): Counter {
  const { prediction, width } = context;
  const questions = Array.from({ length: width }, () => new Scores());
  return {
    add(rows, at, weight) {
      if (weight <= 0) return;
      const truth = prediction === 'distribution' ? classOf(rows, at, context) : undefined;
      questions.forEach((scores, column) => {
        const index = at * width + column;
        const predicted = rows.prediction[index] as number;
        const yes = truth === undefined ? isYes(rows.label[index] as number, context) : truth === column;
        scores.add(prediction === 'score' ? predicted : logit(predicted), yes ? weight : -weight);
      });
    },
    value: () => meanOfDefined(questions.map((scores) => value(scores.ties()))),
    state: () =>
      Object.fromEntries(
        questions.flatMap((scores, column) =>
          ['scores', 'weights', 'bins'].map((name, at) => [`${name}/${column}`, scores.state()[at] as number[]]),
        ),
      ),
    restore: (state: MetricState) => {
      questions.forEach((scores, column) => {
        scores.restore(['scores', 'weights', 'bins'].map((name) => state[`${name}/${column}`] as readonly number[]));
      });
    },
  };
}
