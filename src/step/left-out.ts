import type { StepReport as Taken } from '../engine/trainer.ts';
import type { ParameterGroup } from '../model/spec.ts';
import { blamed, spiking } from './blame.ts';
import type { HeadInputs } from './fill.ts';
import type { Memory } from './memory.ts';
import type { ModelProgram } from './program.ts';
import type { SkippedStep, StepReport } from './report.ts';

/** Heads that a step is taken without, and why. */
export class LeftOut {
  readonly #program: ModelProgram;
  readonly #groups: readonly ParameterGroup[];
  readonly #memory: Memory;
  readonly #rejected: Record<string, string> = {};
  readonly #spikes: Record<string, number> = {};

  constructor(program: ModelProgram, groups: readonly ParameterGroup[], memory: Memory) {
    this.#program = program;
    this.#groups = groups;
    this.#memory = memory;
  }

  has(head: string): boolean {
    return head in this.#rejected;
  }

  /** Finds who kept a step from being taken: heads whose loss is a spike, else those that were not finite. */
  add(taken: Pick<Taken, 'nonFinite' | 'outputs'>, pending: readonly HeadInputs[]): void {
    const high = spiking(taken, this.#program, pending);
    for (const head of high.keys()) this.#spikes[head] = this.#memory.spiked(head);
    const names = pending.map(({ name }) => name);
    const bad = high.size > 0 ? high : blamed(taken, this.#program, this.#groups, names);
    for (const [head, reason] of bad) this.#rejected[head] = reason;
  }

  /** What is told of it. */
  told(): Pick<StepReport, 'rejected' | 'spikes'> {
    const isAny = Object.keys(this.#spikes).length > 0;
    return { rejected: this.#rejected, ...(isAny ? { spikes: this.#spikes } : {}) };
  }

  /** No head is left. */
  skipped(rows: number): SkippedStep {
    const isSpike = Object.keys(this.#rejected).every((head) => head in this.#spikes);
    return { skipped: isSpike ? 'spike' : 'notFinite', rows, ...this.told() };
  }
}
