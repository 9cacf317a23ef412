import type { TypedArray } from '../core/dtype.ts';
import type { StepReport as Taken } from '../engine/trainer.ts';
import type { ParameterGroup } from '../model/spec.ts';
import type { Flight, Work } from './flight.ts';
import type { ModelProgram } from './program.ts';
import type { PrequentialScores } from './scored-window.ts';

/** What became of one head in a step in which it had labels. */
export interface HeadReport {
  /** Weighted losses of its labelled rows, divided by the denominator. */
  readonly loss: number;
  readonly labels: number;
  readonly denominator: number;
  /** Factor of its loss in the merged one. */
  readonly weight: number;
  /** Best guesses of all rows that took part, when they were asked for; a view that holds until the next step but one. */
  readonly points?: TypedArray;
}

/** What a step tells the world. */
export interface StepReport {
  /** Steps taken, this one included. */
  readonly step: number;
  /** Those that took part. */
  readonly rows: number;
  /** The merged loss: Σ weight · loss of the heads. */
  readonly loss: number;
  /** Heads that were trained in this step. */
  readonly heads: Readonly<Record<string, HeadReport>>;
  /** Heads that had labels and were left out, and why. */
  readonly rejected: Readonly<Record<string, string>>;
  /** Heads that were left out because their loss was a spike: how many of theirs have been in a row. */
  readonly spikes?: Readonly<Record<string, number>>;
  /** Rows without any label: they took no part. */
  readonly dropped: number;
  /** Of the rows that were given, the numbers of those that took part, where some were dropped. */
  readonly took?: Int32Array;
  /**
   * Of every head with `prequential`: scores of its last labels, each before it was trained on, those of this step
   * included. There when they were asked for: see `TakeOptions.scoreEverySteps`.
   */
  readonly prequential?: Readonly<Record<string, PrequentialScores>>;
  /** By branch, of what moved in it: the norm of the gradient, and the learning rate of the first layer that did. */
  readonly gradientNorms: Readonly<Record<string, number>>;
  readonly learningRates: Readonly<Record<string, number>>;
  /** Time to write the batch where it is computed. */
  readonly assembleMs: number;
  readonly computeMs: number;
  /** Time to find the factors of the heads' losses, where they depend on gradients. */
  readonly mergeMs: number;
  readonly updateMs: number;
}

/** A batch that moved nothing, and why. */
export interface SkippedStep {
  readonly skipped: 'unlabelled' | 'notFinite' | 'spike';
  readonly rows: number;
  readonly rejected: Readonly<Record<string, string>>;
  /** As in `StepReport`. */
  readonly spikes?: StepReport['spikes'];
}

/** A step that counted. */
export interface Counted {
  readonly work: Work;
  readonly flight: Flight;
  readonly taken: Taken;
  /** Of the heads that were trained, in the flight's order. */
  readonly losses: readonly number[];
  readonly rejected: StepReport['rejected'];
  readonly spikes?: StepReport['spikes'];
  readonly prequential?: StepReport['prequential'];
}

/** What a step that counted tells the world. */
export function reportOf(
  program: ModelProgram,
  groups: readonly ParameterGroup[],
  { work, flight, taken, losses, rejected, spikes, prequential }: Counted,
): StepReport {
  const { settings, factors } = flight;
  // Filled name by name: there is one of them in every step, and lists of pairs would be most of what it costs.
  const heads: Record<string, HeadReport> = {};
  for (const [at, { name, labels, denominator }] of flight.pending.entries()) {
    const points = work.points ? program.pointsIn(taken.outputs, name) : undefined;
    const own = { loss: losses[at] as number, labels, denominator, weight: factors[at] as number };
    heads[name] = points ? { ...own, points } : own;
  }
  const norms: Record<string, number> = {};
  const rates: Record<string, number> = {};
  for (const [at, { branch }] of groups.entries()) {
    if (!settings.present[at]) continue;
    norms[branch] = Math.hypot(norms[branch] ?? 0, taken.gradientNorms[at] as number);
    rates[branch] ??= settings.learningRates[at] as number;
  }
  return {
    step: flight.step,
    rows: work.rows,
    loss: taken.loss as number,
    heads,
    rejected,
    dropped: work.dropped,
    ...(work.took ? { took: work.took } : {}),
    ...(spikes ? { spikes } : {}),
    ...(prequential ? { prequential } : {}),
    gradientNorms: norms,
    learningRates: rates,
    assembleMs: work.assembleMs,
    computeMs: taken.computeMs,
    mergeMs: flight.merging.durationMs,
    updateMs: taken.updateMs,
  };
}
