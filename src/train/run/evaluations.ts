import type { HeadsScored } from '../../core/train-event.ts';
import { evaluateSource } from '../evaluate-source.ts';
import type { EvaluationPlan, RunOptions, RunPlan } from './plan.ts';
import type { RunPlace } from './restore.ts';

/** Steps at which sources were scored last. */
export type Scored = Readonly<Record<string, number>>;

/** How often it is told how far an evaluation has come. */
const tellMs = 200;

/** What the heads of a run are worth: on sources that are not trained on, when that is due, and on what they are trained on. */
export class RunEvaluations {
  readonly #plan: RunPlan;
  readonly #options: RunOptions;
  readonly #controller = new AbortController();
  /** Step at which each source was last scored. */
  readonly #scored = new Map<EvaluationPlan, number>();
  /** Step of which it was last told what heads are worth on what they are trained on. */
  #told = 0;

  constructor(plan: RunPlan, options: RunOptions) {
    this.#plan = plan;
    this.#options = options;
  }

  /** The run begins after so many steps, with sources that were scored at these. */
  begin(step: number, scored: Scored = {}): void {
    this.#told = step;
    for (const evaluation of this.#plan.evaluations) {
      const last = scored[evaluation.source.name];
      if (last !== undefined) this.#scored.set(evaluation, last);
    }
  }

  /** For whoever goes on. */
  state(): Scored {
    return Object.fromEntries([...this.#scored].map(([{ source }, step]) => [source.name, step]));
  }

  /** Tells what heads are worth on what they are trained on, once for a step. */
  tellScores(place: RunPlace, known?: HeadsScored['heads']): void {
    const { runner } = this.#plan;
    if (!runner.scoresHeads || this.#told === place.step) return;
    this.#told = place.step;
    this.#options.events({ type: 'headsScored', ...place, heads: known ?? runner.prequential() });
  }

  /** Whether any is due by the number of steps. */
  isDue(step: number): boolean {
    return this.#plan.evaluations.some((evaluation) => this.#isDue(evaluation, step));
  }

  /** Scores what is due after a step, or at the end of an epoch. */
  async due(place: RunPlace, epochEnd: number | undefined): Promise<void> {
    const ofEpoch = ({ everyEpochs }: EvaluationPlan): boolean =>
      epochEnd !== undefined && everyEpochs !== undefined && epochEnd % everyEpochs === 0;
    const due = this.#plan.evaluations.filter((one) => this.#isDue(one, place.step) || ofEpoch(one));
    await this.#score(due, place);
  }

  /** Scores all that was not scored at this step yet. */
  async all(place: RunPlace): Promise<void> {
    await this.#score(this.#plan.evaluations, place);
  }

  #isDue(evaluation: EvaluationPlan, step: number): boolean {
    const { everySteps } = evaluation;
    return everySteps !== undefined && step - (this.#scored.get(evaluation) ?? 0) >= everySteps;
  }

  async #score(evaluations: readonly EvaluationPlan[], place: RunPlace): Promise<void> {
    const { clock, events } = this.#options;
    for (const evaluation of evaluations) {
      if (this.#scored.get(evaluation) === place.step) continue;
      const { source, batchRows, rows: of } = evaluation;
      const startMs = clock.monotonicMs();
      let toldMs = startMs;
      const { rows, heads } = await evaluateSource(this.#plan.runner, source, {
        signal: this.#controller.signal,
        ...(batchRows === undefined ? {} : { batchRows }),
        onRows: (rows, losses) => {
          const nowMs = clock.monotonicMs();
          if (nowMs - toldMs < tellMs) return;
          toldMs = nowMs;
          const so = { rows, ...(of === undefined ? {} : { of }), heads: losses(), durationMs: nowMs - startMs };
          events({ type: 'rowsEvaluated', source: source.name, ...place, ...so });
        },
      });
      const durationMs = clock.monotonicMs() - startMs;
      events({ type: 'headsEvaluated', source: source.name, ...place, rows, heads, durationMs });
      const { plateaus, runner } = this.#plan;
      if (evaluation === this.#plan.evaluations[0]) plateaus?.look(heads, runner, place.step, events);
      this.#scored.set(evaluation, place.step);
    }
  }
}
