import type { Variable } from '@tensorflow/tfjs-core';
import type { TypedArray } from '../core/dtype.ts';
import type { EventSink } from '../core/event.ts';
import { type InputSpecs, randomStepInput, type Step } from '../trace/record.ts';
import type { Arena, Region } from './arena.ts';
import {
  checkGroups,
  checkOpen,
  checkOptimizer,
  checkOwned,
  checkRun,
  checkSpecs,
  formatSpecs,
  lateInputs,
  takeSlot,
} from './check.ts';
import { type Compiled, compile } from './compile.ts';
import type { ExecutorHost } from './host.ts';
import { Placement, type Written } from './placement.ts';
import { ProgramCache, type Use } from './program-cache.ts';
import type { Between, PreparedInference, PreparedStep, StepReport, Trainer, TrainerSpec } from './trainer.ts';
import { Turns } from './turns.ts';
import type { StepSettings, UpdatePlan } from './update.ts';
import { updatePlan } from './update-plan.ts';

/** Slots of a prepared step: one is computed while the next is filled. */
const slotCount = 2;

export interface CompiledTrainerOptions {
  readonly arena: Arena;
  readonly host: ExecutorHost;
  readonly events: EventSink;
  /** Programs kept, one for each batch shape. */
  readonly programs: number;
  readonly onClose: () => void;
}

/** A program in the worker, and its tensors in each slot. */
interface Loaded {
  readonly id: number;
  readonly slots: readonly Readonly<Record<string, Region>>[];
  /** Regions that belong to this program alone. */
  readonly own: readonly Region[];
}

interface Ready<Prepared> {
  readonly loaded: Loaded;
  readonly prepared: Prepared;
}

let nextId = 0;
const slotName = (id: number, slot: number): string => `${id}.${slot}`;

/** Trains with compiled programs: parameters, slots and gradients live in the arena, the worker moves them. */
export class CompiledTrainer implements Trainer {
  readonly #spec: TrainerSpec;
  readonly #options: CompiledTrainerOptions;
  readonly #placement: Placement;
  /** Tells trainers apart where steps are taken. */
  readonly #number = nextId++;
  readonly #trained: readonly Variable[];
  readonly #steps: ProgramCache<Ready<PreparedStep>>;
  readonly #inferences: ProgramCache<Ready<PreparedInference>>;
  /** Numbers of the functions that were made ready for inference. */
  readonly #functions = new WeakMap<Step, number>();
  readonly #turns = new Turns();
  #closing: Promise<void> | undefined;
  steps = 0;

  constructor(spec: TrainerSpec, options: CompiledTrainerOptions) {
    checkGroups(spec.groups);
    checkOptimizer(spec.optimizer);
    this.#spec = spec;
    this.#options = options;
    this.#placement = new Placement(options.arena);
    const variables = spec.groups.flatMap((group) => group.variables);
    this.#trained = variables.filter(({ trainable }) => trainable);
    const cache = <Prepared>() =>
      new ProgramCache<Ready<Prepared>>(options.programs, ({ loaded }, key) => this.#unload(loaded, key));
    this.#steps = cache();
    this.#inferences = cache();
    try {
      this.#placement.adopt(variables);
    } catch (error) {
      this.#placement.close();
      throw error;
    }
  }

  async prepare(specs: InputSpecs): Promise<PreparedStep> {
    checkSpecs(specs, 2);
    checkOpen(this.#closed);
    const key = formatSpecs(specs);
    const { prepared } = await this.#steps.get(key, (use) => {
      const { perHead = 'none', seed = 0, step, groups } = this.#spec;
      const compiled = compile(step, specs, { variables: this.#trained, seed, perHead });
      const computed = new Set(compiled.program.outputs.map(({ name }) => name));
      const assigned = [...computed].filter((name) => name.startsWith('update/'));
      checkOwned(
        groups,
        compiled.parameters.values(),
        assigned.map((name) => name.slice('update/'.length)),
      );
      const plan = (): UpdatePlan =>
        updatePlan(this.#spec, computed, (name, dtype, shape) => this.#placement.shared({ name, dtype, shape }));
      return this.#ready(key, compiled, slotCount, plan, (loaded) =>
        this.#preparedStep(loaded, lateInputs(specs), use),
      );
    });
    checkOpen(this.#closed);
    return prepared;
  }

  async infer(step: Step, specs: InputSpecs): Promise<PreparedInference> {
    checkSpecs(specs, 1);
    checkOpen(this.#closed);
    const number = this.#functions.get(step) ?? nextId++;
    this.#functions.set(step, number);
    const key = `${number}: ${formatSpecs(specs)}`;
    const { prepared } = await this.#inferences.get(key, (use) => {
      const compiled = compile(step, specs, { variables: [], seed: this.#spec.seed ?? 0, perHead: 'none' });
      return this.#ready(key, compiled, 1, undefined, (loaded) => this.#preparedInference(loaded, use));
    });
    checkOpen(this.#closed);
    return prepared;
  }

  state(): Readonly<Record<string, TypedArray>> {
    checkOpen(this.#closed);
    return this.#placement.state();
  }

  restore(state: Readonly<Record<string, TypedArray>>): void {
    checkOpen(this.#closed);
    this.#placement.restore(state);
  }

  pull(): void {
    checkOpen(this.#closed);
    this.#placement.pull();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  get #closed(): boolean {
    return this.#closing !== undefined;
  }

  async #close(): Promise<void> {
    await Promise.all([this.#steps.clear(), this.#inferences.clear()]);
    this.#placement.close();
    this.#options.onClose();
  }

  async #ready<Prepared>(
    key: string,
    compiled: Compiled,
    slotsOfProgram: number,
    plan: (() => UpdatePlan) | undefined,
    prepare: (loaded: Loaded) => Prepared,
  ): Promise<Ready<Prepared>> {
    const started = performance.now();
    const id = nextId++;
    const own: Region[] = [];
    try {
      this.#placement.adopt(compiled.parameters.values());
      const slots: Record<string, Region>[] = [];
      for (let slot = 0; slot < slotsOfProgram; slot++)
        slots.push(this.#placement.place(compiled.program, slotName(id, slot), own, slots[0]));
      const loaded = { id, slots, own };
      const ready = { loaded, prepared: prepare(loaded) };
      await this.#options.host.executor.load(id, compiled.program, slots, plan?.(), this.#number);
      this.#options.events(programCompiled(key, compiled, performance.now() - started));
      return ready;
    } catch (error) {
      this.#placement.free(own);
      throw error;
    }
  }

  #preparedStep({ id, slots }: Loaded, late: readonly string[], use: Use): PreparedStep {
    const { arena, host } = this.#options;
    const views = (prefix: string) => slots.map((regions) => this.#placement.views(regions, prefix));
    const [inputs, outputs, losses] = [views('input/'), views('output/'), views('loss/')];
    const named = losses.map((views) => Object.entries(views));
    const merged = slots.map((regions) => regions.loss && arena.view(regions.loss.name));
    const steps = slots.map((regions) => regions[randomStepInput] && arena.view(regions[randomStepInput].name));
    const given = slots.map((regions, slot) => ({
      ...outputs[slot],
      ...this.#placement.views(regions, 'gradient[', 'gradient['),
    }));
    const busy = new Set<number>();
    const compute = async (slot: number, settings: StepSettings, between: Between | undefined) => {
      if (!between) return host.executor.step(id, slot, settings);
      await host.executor.run(id, slot, 0, 1);
      between(given[slot] ?? {});
      return host.executor.step(id, slot, settings, 1);
    };
    return {
      slots: inputs as PreparedStep['slots'],
      run: async (slot: number, settings: StepSettings, between?: Between): Promise<StepReport> => {
        checkOpen(this.#closed);
        checkRun(this.#spec.groups, late, slotCount, { slot, settings, between });
        use();
        const replaced = this.#placement.replaced();
        takeSlot(busy, slot);
        const step = steps[slot];
        if (step) step[0] = this.steps;
        this.steps++;
        const taken = this.#turns.take(
          () => this.#after(replaced, () => compute(slot, settings, between)),
          between !== undefined,
        );
        const outcome = await taken.finally(() => busy.delete(slot));
        const nonFinite = outcome.nonFinite.map((region) => this.#placement.portOf(region, slotName(id, slot)));
        const scalars = named[slot]?.map(([name, view]) => [name, view[0] as number]) ?? [];
        return {
          ...outcome,
          nonFinite,
          loss: merged[slot]?.[0] as number | undefined,
          losses: Object.fromEntries(scalars),
          outputs: outputs[slot] ?? {},
        };
      },
    };
  }

  #preparedInference({ id, slots: [regions = {}] }: Loaded, use: Use): PreparedInference {
    const outputs = this.#placement.views(regions, 'output/');
    return {
      inputs: this.#placement.views(regions, 'input/') as PreparedInference['inputs'],
      run: async () => {
        checkOpen(this.#closed);
        use();
        const replaced = this.#placement.replaced();
        await this.#turns.take(() => this.#after(replaced, () => this.#options.host.executor.run(id)));
        return outputs;
      },
    };
  }

  /** Computes once these values are in their places: the worker does one after the other. */
  async #after<Result>(replaced: readonly Written[], compute: () => Promise<Result>): Promise<Result> {
    if (replaced.length === 0) return compute();
    const [, result] = await Promise.all([this.#options.host.executor.write(replaced), compute()]);
    return result;
  }

  /** Frees a program after the steps that were asked for before. When the worker has ended, its part is done. */
  async #unload({ id, own }: Loaded, key: string): Promise<void> {
    await this.#turns.take(() => this.#options.host.executor.unload(id)).catch(() => {});
    this.#placement.free(own);
    this.#options.events({ type: 'programEvicted', program: key });
  }
}

function programCompiled(program: string, compiled: Compiled, sessionMs: number) {
  const { stages, compileMs } = compiled.program;
  return {
    type: 'programCompiled',
    program,
    nodes: stages.reduce((sum, { nodeCount }) => sum + nodeCount, 0),
    stages: stages.length,
    recordMs: compileMs.record,
    encodeMs: compileMs.simplify + compileMs.encode,
    sessionMs,
    sizeBytes: stages.reduce((sum, { model }) => sum + model.length, 0),
  } as const;
}
