import type { TypedArray } from '../core/dtype.ts';
import type { StepReport as Taken } from '../engine/trainer.ts';
import type { ParameterGroup } from '../model/spec.ts';
import type { Flight, Work } from './flight.ts';
import type { ModelProgram } from './program.ts';

/** What became of one head in a step in which it had labels. */
export interface HeadReport {
  /** Weighted losses of its labelled rows, divided by the denominator. */
  readonly loss: number;
  readonly labels: number;
  readonly denominator: number;
  /** Factor of its loss in the merged one. */
  readonly weight: number;
  /** Best guesses of all rows, when they were asked for; a view that holds until the next step but one. */
  readonly points?: TypedArray;
}

/** What a step tells the world. */
export interface StepReport {
  /** Steps taken, this one included. */
  readonly step: number;
  readonly rows: number;
  /** The merged loss: Σ weight · loss of the heads. */
  readonly loss: number;
  /** Heads that were trained in this step. */
  readonly heads: Readonly<Record<string, HeadReport>>;
  /** Heads that had labels and were left out, and why. */
  readonly rejected: Readonly<Record<string, string>>;
  /** Norm of the gradient of each group of parameters that moved. */
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
  readonly skipped: 'unlabelled' | 'notFinite';
  readonly rows: number;
  readonly rejected: Readonly<Record<string, string>>;
}

/** A step that counted. */
export interface Counted {
  readonly work: Work;
  readonly flight: Flight;
  readonly taken: Taken;
  /** Of the heads that were trained, in the flight's order. */
  readonly losses: readonly number[];
  readonly rejected: StepReport['rejected'];
}

/** What a step that counted tells the world. */
export function reportOf(
  program: ModelProgram,
  groups: readonly ParameterGroup[],
  { work, flight, taken, losses, rejected }: Counted,
): StepReport {
  const { settings, factors } = flight;
  // Filled name by name: there is one of them in every step, and lists of pairs would be most of what it costs.
  const heads: Record<string, HeadReport> = {};
  for (const [at, { name, labels, denominator }] of flight.pending.entries()) {
    const points = program.pointsIn(taken.outputs, name);
    const own = { loss: losses[at] as number, labels, denominator, weight: factors[at] as number };
    heads[name] = points ? { ...own, points } : own;
  }
  const byGroup = (values: readonly number[]): Record<string, number> => {
    const record: Record<string, number> = {};
    for (const [at, { name }] of groups.entries()) if (settings.present[at]) record[name] = values[at] as number;
    return record;
  };
  return {
    step: flight.step,
    rows: work.rows,
    loss: taken.loss as number,
    heads,
    rejected,
    gradientNorms: byGroup(taken.gradientNorms),
    learningRates: byGroup(settings.learningRates),
    assembleMs: work.assembleMs,
    computeMs: taken.computeMs,
    mergeMs: flight.merging.durationMs,
    updateMs: taken.updateMs,
  };
}
