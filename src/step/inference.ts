import type { TypedArray } from '../core/dtype.ts';
import type { Trainer } from '../engine/trainer.ts';
import type { Step } from '../trace/record.ts';
import { type Batch, checkBatch } from './batch.ts';
import { fillBatch } from './fill.ts';
import type { HeadGroup } from './head-group.ts';
import type { ModelProgram } from './program.ts';

type Outputs = Readonly<Record<string, TypedArray>>;

/** What a model gives for rows without training on them. */
export class Inference {
  readonly #program: ModelProgram;
  readonly #trainer: Trainer;
  #last: Promise<unknown> = Promise.resolve();

  constructor(program: ModelProgram, trainer: Trainer) {
    this.#program = program;
    this.#trainer = trainer;
  }

  async predict(batch: Batch): Promise<Outputs> {
    checkBatch(this.#program.spec, this.#program.byName, batch);
    return this.#run(this.#program.predict, 'predict', [], batch);
  }

  async evaluate(batch: Batch): Promise<Outputs> {
    checkBatch(this.#program.spec, this.#program.byName, batch);
    return this.#run(this.#program.evaluate, 'evaluate', this.#program.groupsFor('evaluate'), batch);
  }

  /** Resolves when everything that was asked for has its answer. */
  async ended(): Promise<void> {
    await this.#last;
  }

  /** A program has one place for inputs and outputs: one call after the other has it, until it has read its own answer. */
  #run(step: Step, purpose: 'predict' | 'evaluate', groups: readonly HeadGroup[], batch: Batch): Promise<Outputs> {
    const specs = this.#program.specs(this.#program.form(batch), purpose);
    const answered = this.#last.then(async () => {
      const prepared = await this.#trainer.infer(step, specs);
      fillBatch(prepared.inputs, this.#program, groups, batch);
      const outputs = Object.entries(await prepared.run());
      return Object.fromEntries(outputs.map(([name, values]) => [name, values.slice() as TypedArray]));
    });
    this.#last = answered.catch(() => {});
    return answered;
  }
}
