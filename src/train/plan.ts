import type { Optimizer } from '../optimizer/index.ts';
import type { RunnerOptions } from '../step/runner.ts';
import { type CompileOptions, runnerOptions } from './compile-options.ts';

/** How a model is trained, as `compile` was told, and what of it can be changed on a runner that is open. */
export class Plan {
  readonly options: CompileOptions;
  readonly runner: RunnerOptions;
  readonly #schedule: string;
  readonly #merge: string;

  /** @throws ConfigError with everything that is wrong with the optimizer, or with the merge strategy */
  constructor(options: CompileOptions) {
    this.options = options;
    this.runner = runnerOptions(options);
    const { optimizer } = options;
    this.#schedule = JSON.stringify(typeof optimizer === 'string' ? null : (optimizer.learningRate ?? null));
    this.#merge = this.runner.merge.type;
  }

  /** Whether a runner that was opened for another plan can follow this one: its programs and its engine are the same. */
  canFollow(other: Plan): boolean {
    const [own, before] = [this.runner, other.runner];
    return (
      this.sharesEngine(other) &&
      sameKernel(own.optimizer, before.optimizer) &&
      own.seed === before.seed &&
      own.merge.needsGradients === before.merge.needsGradients
    );
  }

  sharesEngine({ options }: Plan): boolean {
    const { engine, events } = this.options;
    return JSON.stringify(engine) === JSON.stringify(options.engine) && events === options.events;
  }

  /** What was remembered under another plan and means nothing under this one. */
  forgets(other: Plan): { readonly merge: boolean; readonly schedule: boolean; readonly optimizer: boolean } {
    return {
      merge: this.#merge !== other.#merge,
      schedule: this.#schedule !== other.#schedule,
      optimizer: this.runner.optimizer.kernel.type !== other.runner.optimizer.kernel.type,
    };
  }
}

const sameKernel = ({ kernel }: Optimizer, other: Optimizer): boolean =>
  JSON.stringify(kernel) === JSON.stringify(other.kernel);
