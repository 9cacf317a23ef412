import type { Subscription } from 'rxjs';
import { openEngine } from '../../engine/index.ts';
import type { Engine } from '../../engine/trainer.ts';
import { checkNames, merges } from '../../merge/index.ts';
import type { Batch } from '../../step/batch.ts';
import type { TakeOptions } from '../../step/flight.ts';
import type { SkippedStep, StepReport } from '../../step/report.ts';
import { StepRunner } from '../../step/runner.ts';
import type { StreamBatch } from '../item.ts';
import type { StepTaker } from '../take-steps.ts';
import type { InputShape } from './describer.ts';
import { checkLabels } from './label-check.ts';
import type { SessionOptions } from './options.ts';
import { followRuntime } from './runtime.ts';
import { type SelectedModel, SelectorProgram } from './selector.ts';

type Taken = StepReport | SkippedStep;

/** One subscription of `gradientStep`: an engine that trains a selector's model, opened with the first batch. */
export class Session implements StepTaker {
  readonly #apply: () => SelectedModel;
  readonly #options: SessionOptions;
  readonly #before: Promise<unknown>;
  readonly #fail: (error: unknown) => void;
  #opening: Promise<StepRunner> | undefined;
  #engine: Engine | undefined;
  #runtime: Subscription | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  /**
   * @param apply applies the selector
   * @param before when nothing else trains the selector's layers any more
   * @param fail told of what goes wrong between steps
   */
  constructor(
    apply: () => SelectedModel,
    options: SessionOptions,
    before: Promise<unknown>,
    fail: (error: unknown) => void,
  ) {
    this.#apply = apply;
    this.#before = before;
    this.#options = options;
    this.#fail = fail;
  }

  take(batch: Batch, options?: TakeOptions): Promise<Taken> {
    this.#opening ??= this.#open(batch as StreamBatch);
    const taken = this.#opening.then((runner) => {
      checkLabels(runner.program.byName, batch as StreamBatch);
      return runner.take(batch, options);
    });
    this.#last = Promise.allSettled([this.#last, taken]);
    return taken;
  }

  /** Ends it: what was learned goes into the layers, and everything is freed. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #open(batch: StreamBatch): Promise<StepRunner> {
    const { engine: config, seed, events, optimizer, fuse = true, inputs, onRunner } = this.#options;
    await this.#before;
    const model = this.#apply();
    const description = model.describe(inputs ?? { ...inputsIn(batch), ...batch.flow.inputs }, seed);
    const merge = merges.build(description.merging.config, undefined, 'mergeLosses');
    checkNames(
      merge,
      description.spec.heads.map(({ name }) => name),
    );
    const engine = await openEngine(config, { events });
    this.#engine = engine;
    const gradients = merge.needsGradients;
    const program = engine.eager ? { program: new SelectorProgram(model, description, { gradients }) } : {};
    const runner = await StepRunner.open(description.spec, engine, { optimizer, fuse, merge, seed, ...program });
    this.#runtime = followRuntime(runner, description, this.#options, this.#fail);
    await onRunner?.(runner);
    return runner;
  }

  async #close(): Promise<void> {
    const runner = await this.#opening?.catch(() => undefined);
    this.#runtime?.unsubscribe();
    await this.#last;
    try {
      runner?.pull();
      await runner?.close();
    } finally {
      await this.#engine?.close();
      if (runner) this.#options.onClose?.(runner.spec);
    }
  }
}

/** What a batch says of its inputs. */
function inputsIn({ inputs, rows }: Batch): Readonly<Record<string, InputShape>> {
  const entries = Object.entries(inputs).map(([name, given]): [string, InputShape] => {
    const [values, size] =
      'kind' in given
        ? [given.kind === 'multiHot' ? undefined : given.values, given.kind === 'sequence' ? -1 : given.size]
        : [given, given.length / rows];
    return [name, { shape: [size], dtype: values instanceof Int32Array ? 'int32' : 'float32' }];
  });
  return Object.fromEntries(entries);
}
