import { EngineError } from '../core/error.ts';
import { type Region, viewRegion } from './arena.ts';
import { KernelCrew } from './kernel/crew.ts';
import { loadKernels } from './kernel/index.ts';
import { LoadedProgram, type Memory } from './loaded.ts';
import type { Written } from './placement.ts';
import type { Program } from './program.ts';
import { openRunner } from './runner/index.ts';
import { probe } from './runner/probe.ts';
import type { Runner, SessionOptions } from './runner/runner.ts';
import {
  heldStep,
  type LossRegions,
  lossRegions,
  type StepSettings,
  type UpdateOutcome,
  type UpdatePlan,
  update,
} from './update.ts';

export interface ExecutorOptions extends SessionOptions {
  /** Threads one operation may use. */
  readonly threads: number;
  /** The way to reach ONNX Runtime; by default the fastest that works. */
  readonly runner?: Runner['type'];
}

export interface ExecutorStatus {
  readonly runner: Runner['type'];
  readonly reason: string;
  readonly version: string;
  readonly programs: number;
  readonly sessions: number;
  readonly values: number;
}

/** What happened in a step. */
export interface StepOutcome extends UpdateOutcome {
  readonly computeMs: number;
  readonly updateMs: number;
}

interface LoadedEntry {
  readonly program: LoadedProgram;
  /** How parameters follow what it computes; without it, none do. */
  readonly plan: UpdatePlan | undefined;
  /** In each slot. */
  readonly losses: readonly LossRegions[];
  readonly trainer: number;
}

/** Runs programs and moves parameters, on one arena, in the thread it lives in. */
export class Executor {
  readonly #memory: WebAssembly.Memory;
  readonly #options: ExecutorOptions;
  readonly #runner: Runner;
  readonly #reason: string;
  readonly #crew: KernelCrew;
  /** Trainers whose last step was not taken. */
  readonly #notTaken = new Set<number>();
  readonly #programs = new Map<number, LoadedEntry>();

  /** @throws EngineError when ONNX Runtime, the provider or the kernels do not work here */
  constructor(memory: WebAssembly.Memory, options: ExecutorOptions) {
    const { runner, reason } = openRunner({
      threads: options.threads,
      ...(options.runner ? { only: options.runner } : {}),
    });
    this.#memory = memory;
    this.#options = options;
    this.#runner = runner;
    this.#reason = reason;
    if (options.provider !== 'cpu') probe(runner, options.provider);
    this.#crew = new KernelCrew(loadKernels(memory), memory, options.threads);
  }

  /**
   * @param slots where each port of the program lives, by port name, in each slot
   * @param plan how parameters follow what the program computes, for a program that takes steps
   * @param trainer number of the trainer whose steps they are
   */
  load(
    id: number,
    program: Program,
    slots: readonly Readonly<Record<string, Region>>[],
    plan?: UpdatePlan,
    trainer = 0,
  ): void {
    this.#checkWhole();
    const memories = slots.map(
      (regions): Memory =>
        ({ name }) =>
          viewRegion(this.#memory, regions[name] as Region),
    );
    const loaded = new LoadedProgram(program, this.#runner, memories, this.#crew.kernels, this.#options);
    this.#programs.set(id, { program: loaded, plan, trainer, losses: slots.map(lossRegions) });
  }

  unload(id: number): void {
    this.#entry(id).program.release();
    this.#programs.delete(id);
  }

  /** Writes values into regions, between steps. */
  write(places: readonly Written[]): void {
    for (const { region, values } of places)
      (viewRegion(this.#memory, region) as Float32Array).set(values as Float32Array);
  }

  /** Computes the stages of a program from `first` to before `end`, by default all, in a slot. */
  run(id: number, slot = 0, first = 0, end?: number): void {
    this.#checkWhole();
    const { program } = this.#entry(id);
    for (let index = first; index < (end ?? program.stageCount); index++) program.run(index, slot);
  }

  /**
   * One step: computes the program from stage `first` on, checks what came out, and moves the parameters of the present
   * groups.
   */
  step(id: number, slot: number, settings: StepSettings, first = 0): StepOutcome {
    const { plan, losses, trainer } = this.#entry(id);
    if (settings.following && this.#notTaken.has(trainer)) return heldStep;
    this.#notTaken.add(trainer);
    const started = performance.now();
    this.run(id, slot, first);
    const computed = performance.now();
    if (!plan)
      throw new EngineError({ where: `program ${id}`, expected: 'one that takes steps', found: 'one without a plan' });
    const outcome = update(this.#crew.kernels, this.#memory, plan, settings, losses[slot] as LossRegions);
    if (outcome.nonFinite.length === 0) this.#notTaken.delete(trainer);
    return { ...outcome, computeMs: computed - started, updateMs: performance.now() - computed };
  }

  status(): ExecutorStatus {
    const { type: runner, version, live } = this.#runner;
    return { runner, reason: this.#reason, version, programs: this.#programs.size, ...live };
  }

  async close(): Promise<void> {
    for (const { program } of this.#programs.values()) program.release();
    this.#programs.clear();
    await this.#crew.close();
  }

  #entry(id: number): LoadedEntry {
    const entry = this.#programs.get(id);
    if (entry) return entry;
    throw new EngineError({
      where: `program ${id}`,
      expected: `one of the ${this.#programs.size} that are loaded`,
      found: 'none of that number',
    });
  }

  /** @throws EngineError once a thread of the kernels has failed: parameters may be half moved */
  #checkWhole(): void {
    if (this.#crew.failure) throw this.#crew.failure;
  }
}
