/**
 * What a head's summed loss is divided by. `present`: its labelled rows. `batch`: all rows, so that a head counts by
 * how often it has labels. `ema`: rows × the head's running label rate, which is `present` without its jumps.
 */
export const denominators = ['present', 'batch', 'ema'] as const;

export type Denominator = (typeof denominators)[number];

/** A head's running label rate: an average over the batches in which it was present. Plain data, for checkpoints. */
export interface DenominatorState {
  /** Sum of the weighted label rates so far. */
  readonly rate: number;
  /** Sum of their weights: 1 − decayⁿ after n batches. */
  readonly weight: number;
}

/** What is counted of one head in one batch. */
export interface RowCounts {
  /** Rows with a label of this head. Row weights don't count: they change what a row contributes, not what is divided by. */
  readonly present: number;
  /** Rows of the batch. */
  readonly batch: number;
}

/** What a head's summed loss is divided by in one batch, and what to remember for the next. */
export interface Divided {
  /** Above 0: a runtime input of the program. 1 for an absent head, whose sum is 0. */
  readonly value: number;
  readonly state: DenominatorState | undefined;
}

/** Share of the past in the running label rate. */
export const labelRateDecay = 0.99;

/**
 * The denominator of one head for one batch. Pure: commit the state once the step is known to count.
 *
 * The running label rate ticks with the head's clock: a batch without a label of the head leaves it bit-identical, so
 * that a head that comes back after a long silence is not divided by almost nothing. It is bias-corrected (Kingma & Ba
 * 2015, arXiv:1412.6980, section 3): the first batch gives the same as `present`.
 * @param state what the head's last batch left; undefined for its first
 */
export function denominatorOf(
  denominator: Denominator,
  { present, batch }: RowCounts,
  state?: DenominatorState,
  decay = labelRateDecay,
): Divided {
  if (present === 0) return { value: 1, state };
  if (denominator === 'present') return { value: present, state };
  if (denominator === 'batch') return { value: batch, state };
  const { rate, weight } = state ?? { rate: 0, weight: 0 };
  const next = { rate: decay * rate + (1 - decay) * (present / batch), weight: decay * weight + (1 - decay) };
  return { value: (batch * next.rate) / next.weight, state: next };
}
