import type { Variable } from '@tensorflow/tfjs-core';
import { LRUCache } from 'lru-cache';
import type { TypedArray } from '../core/dtype.ts';
import { EngineError } from '../core/error.ts';
import type { EventSink } from '../core/event.ts';
import { type InputSpecs, randomStepInput, type Step } from '../trace/record.ts';
import type { Arena, Region } from './arena.ts';
import { checkGroups, checkOptimizer, checkOwned, checkRun, checkSpecs, takeSlot } from './check.ts';
import { type Compiled, compile } from './compile.ts';
import type { ExecutorHost } from './host.ts';
import { Placement } from './placement.ts';
import type { Between, PreparedInference, PreparedStep, StepReport, Trainer, TrainerSpec } from './trainer.ts';
import type { StepSettings } from './update.ts';
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

interface Cached<Prepared> {
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
  readonly #variables: readonly Variable[];
  readonly #plan = nextId++;
  readonly #steps: LRUCache<string, Cached<PreparedStep>>;
  readonly #inferences: LRUCache<string, Cached<PreparedInference>>;
  /** Numbers of the functions that were made ready for inference. */
  readonly #functions = new WeakMap<Step, number>();
  #closed = false;
  #unloading: Promise<unknown> = Promise.resolve();
  steps = 0;

  constructor(spec: TrainerSpec, options: CompiledTrainerOptions) {
    checkGroups(spec.groups);
    checkOptimizer(spec.optimizer);
    this.#spec = spec;
    this.#options = options;
    this.#placement = new Placement(options.arena);
    this.#variables = spec.groups.flatMap(({ variables }) => variables).filter(({ trainable }) => trainable);
    const cache = <T>() =>
      new LRUCache<string, Cached<T>>({
        max: options.programs,
        dispose: ({ loaded }, key) => this.#unload(loaded, key),
      });
    this.#steps = cache<PreparedStep>();
    this.#inferences = cache<PreparedInference>();
  }

  async prepare(specs: InputSpecs): Promise<PreparedStep> {
    checkSpecs(specs);
    const key = JSON.stringify(specs);
    const known = this.#steps.get(key);
    if (known) return known.prepared;
    this.#checkOpen();
    const compiled = compile(this.#spec.step, specs, { variables: this.#variables, seed: this.#spec.seed ?? 0 });
    checkOwned(this.#spec.groups, compiled.parameters.values());
    const loaded = await this.#load(key, compiled, slotCount);
    const computed = new Set(compiled.program.outputs.map(({ name }) => name));
    const plan = updatePlan(this.#spec, computed, (name, dtype, shape) =>
      this.#placement.shared({ name, dtype, shape }),
    );
    await this.#options.host.executor.plan(this.#plan, plan);
    const prepared = this.#preparedStep(loaded);
    this.#steps.set(key, { loaded, prepared });
    return prepared;
  }

  async infer(step: Step, specs: InputSpecs): Promise<PreparedInference> {
    checkSpecs(specs);
    if (!this.#functions.has(step)) this.#functions.set(step, nextId++);
    const key = `${this.#functions.get(step)} ${JSON.stringify(specs)}`;
    const known = this.#inferences.get(key);
    if (known) return known.prepared;
    this.#checkOpen();
    const compiled = compile(step, specs, { variables: [], seed: this.#spec.seed ?? 0 });
    const loaded = await this.#load(key, compiled, 1);
    const [regions = {}] = loaded.slots;
    const outputs = this.#placement.views(regions, 'output/');
    const prepared: PreparedInference = {
      inputs: this.#placement.views(regions, 'input/'),
      run: async () => {
        this.#checkOpen();
        await this.#options.host.executor.run(loaded.id);
        return outputs;
      },
    };
    this.#inferences.set(key, { loaded, prepared });
    return prepared;
  }

  state(): Readonly<Record<string, TypedArray>> {
    return this.#placement.state();
  }

  restore(state: Readonly<Record<string, TypedArray>>): void {
    this.#placement.restore(state);
  }

  pull(): void {
    this.#placement.pull();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#steps.clear();
    this.#inferences.clear();
    await this.#unloading;
    this.#placement.close();
    this.#options.onClose();
  }

  #checkOpen(): void {
    if (this.#closed) throw new EngineError({ where: 'trainer', expected: 'an open trainer', found: 'a closed one' });
  }

  async #load(key: string, compiled: Compiled, slotsOfProgram: number): Promise<Loaded> {
    const started = performance.now();
    for (const [name, variable] of compiled.parameters) this.#placement.adopt(name, variable);
    const id = nextId++;
    const own: Region[] = [];
    try {
      const slots = Array.from({ length: slotsOfProgram }, (_, slot) =>
        this.#placement.place(compiled.program, slotName(id, slot), own),
      );
      await this.#options.host.executor.load(id, compiled.program, slots);
      this.#options.events(programCompiled(key, compiled, performance.now() - started));
      return { id, slots, own };
    } catch (error) {
      this.#placement.free(own);
      throw error;
    }
  }

  #preparedStep({ id, slots }: Loaded): PreparedStep {
    const { arena, host } = this.#options;
    const views = (prefix: string) => slots.map((regions) => this.#placement.views(regions, prefix));
    const [inputs, outputs, losses] = [views('input/'), views('output/'), views('loss/')];
    const merged = slots.map((regions) => regions.loss && arena.view(regions.loss.name));
    const steps = slots.map((regions) => regions[randomStepInput] && arena.view(regions[randomStepInput].name));
    const busy = new Set<number>();
    const compute = async (slot: number, settings: StepSettings, between: Between | undefined) => {
      if (!between) return host.executor.step(id, slot, this.#plan, settings);
      await host.executor.run(id, slot, 0, 1);
      between(outputs[slot] ?? {});
      return host.executor.step(id, slot, this.#plan, settings, 1);
    };
    return {
      slots: inputs,
      run: async (slot: number, settings: StepSettings, between?: Between): Promise<StepReport> => {
        checkRun(this.#spec.groups, slotCount, slot, settings, this.#closed);
        takeSlot(busy, slot);
        const step = steps[slot];
        if (step) step[0] = this.steps;
        this.steps++;
        const outcome = await compute(slot, settings, between).finally(() => busy.delete(slot));
        const nonFinite = outcome.nonFinite.map((region) => this.#placement.portOf(region, slotName(id, slot)));
        const scalars = Object.entries(losses[slot] ?? {}).map(([name, view]) => [name, view[0] as number]);
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

  #unload({ id, own }: Loaded, key: string): void {
    const freed = this.#options.host.executor.unload(id).then(() => {
      this.#placement.free(own);
      this.#options.events({ type: 'programEvicted', program: key });
    });
    this.#unloading = Promise.all([this.#unloading, freed]);
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
