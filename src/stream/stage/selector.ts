import type { Observable } from 'rxjs';
import { ConfigError } from '../../core/error.ts';
import type { ModelSpec } from '../../model/index.ts';
import { ModelProgram, type ProgramOptions } from '../../step/program.ts';
import type { Step } from '../../trace/record.ts';
import { type Activation, MergedLoss } from './activation.ts';
import { Answering } from './answer.ts';
import { Computer } from './computer.ts';
import { Describer, type Description, type InputShape } from './describer.ts';
import { formatFound } from './found.ts';

/** From a batch's activations to the loss that is minimised, with the operators of RxJS and those of this folder. */
export type Selector<Heads extends string = string> = (batch$: Observable<Activation>) => Observable<MergedLoss<Heads>>;

/** A selector that was applied, once: it is subscribed to be described, and for each batch that is computed eagerly. */
export class SelectedModel {
  readonly #answering: Answering<Activation>;

  /** @throws ConfigError when it is no operator */
  constructor(selector: Selector) {
    this.#answering = new Answering(selector, {
      where: 'selector',
      expected: 'one merged loss for each batch, at once',
    });
  }

  /** The model, with symbolic tensors. @throws ConfigError when the selector does not answer as it should */
  describe(inputs: Readonly<Record<string, InputShape>>, seed: number): Description {
    const describer = new Describer(inputs, seed);
    return describer.describe(this.answer(describer.activation));
  }

  answer(activation: Activation): MergedLoss {
    const answer = this.#answering.answer(activation);
    if (answer instanceof MergedLoss) return answer;
    throw new ConfigError({
      where: 'selector',
      expected: 'a merged loss',
      found: formatFound(answer),
      hint: 'end it with mergeLosses()',
    });
  }
}

/** A program whose training step is the selector itself, subscribed for every batch: what compiled steps are held against. */
export class SelectorProgram extends ModelProgram {
  override readonly train: Step;

  constructor(model: SelectedModel, description: Description, options: Omit<ProgramOptions, 'fuse'> = {}) {
    super(description.spec, { ...options, fuse: false });
    this.train = (inputs) => {
      const computer = new Computer({ ...description, program: this }, inputs);
      return computer.result(model.answer(computer.activation));
    };
  }
}

/**
 * The model that a selector computes, to be looked at (`summarize`, `svgOf`, …), exported or loaded.
 * @param inputs of the batches, in their order
 * @param seed of initial values
 */
export function describeSelector(
  selector: Selector,
  inputs: Readonly<Record<string, InputShape>>,
  seed = 0,
): ModelSpec {
  return new SelectedModel(selector).describe(inputs, seed).spec;
}
