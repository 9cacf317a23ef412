import { type Tensor, tensor, type Variable } from '@tensorflow/tfjs-core';
import { LRUCache } from 'lru-cache';
import type { TypedArray } from '../core/dtype.ts';
import { EngineError } from '../core/error.ts';
import type { EventSink } from '../core/event.ts';
import { nameOf } from '../trace/name.ts';
import { type InputSpecs, randomStepInput } from '../trace/record.ts';
import type { Arena, Region } from './arena.ts';
import { checkGroups, checkOptimizer, checkOwned, checkRun, checkSpecs, takeSlot } from './check.ts';
import { type Compiled, compile } from './compile.ts';
import type { ExecutorHost } from './host.ts';
import type { Port } from './runner/runner.ts';
import type { PreparedStep, StepReport, Trainer, TrainerSpec } from './trainer.ts';
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

interface Prepared extends PreparedStep {
  readonly id: number;
  /** Regions that belong to this batch shape alone. */
  readonly own: readonly Region[];
}

let nextId = 0;

/** Port names whose region is the same for every batch shape. */
const isShared = (name: string): boolean => /^(parameter|gradient|update)/.test(name);

/** Trains with compiled programs: parameters, slots and gradients live in the arena, the worker moves them. */
export class CompiledTrainer implements Trainer {
  readonly #spec: TrainerSpec;
  readonly #options: CompiledTrainerOptions;
  /** Distinguishes the regions of trainers that share an arena. */
  readonly #prefix = `trainer${nextId++}/`;
  readonly #plan = nextId++;
  readonly #prepared: LRUCache<string, Prepared>;
  readonly #shared = new Map<string, Region>();
  readonly #variables = new Map<string, Variable>();
  #closed = false;
  #unloading: Promise<unknown> = Promise.resolve();
  steps = 0;

  constructor(spec: TrainerSpec, options: CompiledTrainerOptions) {
    checkGroups(spec.groups);
    checkOptimizer(spec.optimizer);
    this.#spec = spec;
    this.#options = options;
    this.#prepared = new LRUCache({ max: options.programs, dispose: (prepared, key) => this.#unload(prepared, key) });
  }

  async prepare(specs: InputSpecs): Promise<PreparedStep> {
    checkSpecs(specs);
    const key = JSON.stringify(specs);
    const known = this.#prepared.get(key);
    if (known) return known;
    if (this.#closed) throw new EngineError({ where: 'trainer', expected: 'an open trainer', found: 'a closed one' });
    const compiled = this.#compile(specs);
    checkOwned(this.#spec.groups, compiled.parameters.values());
    for (const [name, variable] of compiled.parameters) this.#adopt(name, variable);
    const id = nextId++;
    const own: Region[] = [];
    const slots = Array.from({ length: slotCount }, (_, slot) =>
      this.#regionsOf(compiled, this.#slotPrefix(id, slot), own),
    );
    const started = performance.now();
    await this.#options.host.executor.load(id, compiled.program, slots);
    const computed = new Set(compiled.program.outputs.map(({ name }) => name));
    const plan = updatePlan(this.#spec, computed, (name, dtype, shape) => this.#sharedRegion({ name, dtype, shape }));
    await this.#options.host.executor.plan(this.#plan, plan);
    this.#options.events(programCompiled(key, compiled, performance.now() - started));
    const prepared = this.#preparedStep(id, slots, own);
    this.#prepared.set(key, prepared);
    return prepared;
  }

  state(): Readonly<Record<string, TypedArray>> {
    const named = [...this.#shared].filter(([name]) => /^(parameter|slot|clock)\//.test(name));
    return Object.fromEntries(named.map(([name, region]) => [name, this.#options.arena.view(region.name)]));
  }

  pull(): void {
    for (const [name, variable] of this.#variables) {
      const values = this.#options.arena.view((this.#shared.get(name) as Region).name);
      const copy: Tensor = tensor(values.slice() as Float32Array, variable.shape, variable.dtype);
      variable.assign(copy);
      copy.dispose();
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#prepared.clear();
    await this.#unloading;
    for (const { name } of this.#shared.values()) this.#options.arena.free(name);
    this.#shared.clear();
    this.#options.onClose();
  }

  #compile(specs: InputSpecs): Compiled {
    const variables = this.#spec.groups.flatMap((group) => group.variables).filter((variable) => variable.trainable);
    return compile(this.#spec.step, specs, { variables, seed: this.#spec.seed ?? 0 });
  }

  /** Gives a variable its place in the arena, with the value it has now. */
  #adopt(name: string, variable: Variable): void {
    if (this.#variables.has(name)) return;
    this.#variables.set(name, variable);
    const region = this.#sharedRegion({ name, dtype: variable.dtype as Port['dtype'], shape: variable.shape });
    const values = variable.dataSync() as Float32Array;
    this.#refuseNonFinite(variable, values);
    (this.#options.arena.view(region.name) as Float32Array).set(values);
  }

  #refuseNonFinite(variable: Variable, values: Float32Array): void {
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at === -1) return;
    throw new EngineError({
      where: `variable '${nameOf(variable)}'[${at}]`,
      expected: 'finite values to start from',
      found: `${values[at]}`,
      hint: 'check its initialiser, or the file it was restored from',
    });
  }

  #sharedRegion({ name, dtype, shape }: Port): Region {
    const region = this.#options.arena.ensure(`${this.#prefix}${name}`, dtype, shape);
    this.#shared.set(name, region);
    return region;
  }

  #slotPrefix(id: number, slot: number): string {
    return `${this.#prefix}${id}.${slot}/`;
  }

  #portName(region: string, id: number, slot: number): string {
    const own = this.#slotPrefix(id, slot);
    return region.slice((region.startsWith(own) ? own : this.#prefix).length);
  }

  #regionsOf({ program }: Compiled, prefix: string, own: Region[]): Record<string, Region> {
    const regions: Record<string, Region> = {};
    for (const port of program.stages.flatMap((stage) => [...stage.inputs, ...stage.outputs])) {
      if (port.name in regions) continue;
      if (isShared(port.name)) regions[port.name] = this.#sharedRegion(port);
      else {
        const region = this.#options.arena.allocate(`${prefix}${port.name}`, port.dtype, port.shape);
        own.push(region);
        regions[port.name] = region;
      }
    }
    return regions;
  }

  #preparedStep(id: number, slots: readonly Record<string, Region>[], own: readonly Region[]): Prepared {
    const { arena, host } = this.#options;
    const named = (regions: Record<string, Region>, prefix: string): Record<string, TypedArray> =>
      Object.fromEntries(
        Object.entries(regions)
          .filter(([name]) => name.startsWith(prefix))
          .map(([name, region]) => [name.slice(prefix.length), arena.view(region.name)]),
      );
    const inputs = slots.map((regions) => named(regions, 'input/'));
    const outputs = slots.map((regions) => named(regions, 'output/'));
    const losses = slots.map((regions) => named(regions, 'loss/'));
    const merged = slots.map((regions) => regions.loss && arena.view(regions.loss.name));
    const steps = slots.map((regions) => regions[randomStepInput] && arena.view(regions[randomStepInput].name));
    const busy = new Set<number>();
    return {
      id,
      own,
      slots: inputs,
      run: async (slot: number, settings: StepSettings): Promise<StepReport> => {
        checkRun(this.#spec.groups, slotCount, slot, settings, this.#closed);
        takeSlot(busy, slot);
        const step = steps[slot];
        if (step) step[0] = this.steps;
        this.steps++;
        const outcome = await host.executor.step(id, slot, this.#plan, settings).finally(() => busy.delete(slot));
        const nonFinite = outcome.nonFinite.map((region) => this.#portName(region, id, slot));
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

  #unload({ id, own }: Prepared, key: string): void {
    const freed = this.#options.host.executor.unload(id).then(() => {
      for (const { name } of own) this.#options.arena.free(name);
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
