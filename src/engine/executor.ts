import { EngineError } from '../core/error.ts';
import { type Region, viewRegion } from './arena.ts';
import { KernelCrew } from './kernel/crew.ts';
import { type KernelFunctions, loadKernels } from './kernel/index.ts';
import { LoadedProgram, type Memory } from './loaded.ts';
import type { Program } from './program.ts';
import { openRunner } from './runner/index.ts';
import { probe } from './runner/probe.ts';
import type { Runner, SessionOptions } from './runner/runner.ts';
import { type StepSettings, type UpdateOutcome, type UpdatePlan, update } from './update.ts';

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
  /** Scalars that must be finite for a step to be taken, in each slot. */
  readonly losses: readonly (readonly Region[])[];
}

/** Runs programs and moves parameters, on one arena, in the thread it lives in. */
export class Executor {
  readonly #memory: WebAssembly.Memory;
  readonly #options: ExecutorOptions;
  readonly #runner: Runner;
  readonly #reason: string;
  readonly #kernels: KernelFunctions;
  readonly #crew: KernelCrew | undefined;
  readonly #programs = new Map<number, LoadedEntry>();
  readonly #plans = new Map<number, UpdatePlan>();

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
    const kernels = loadKernels(memory);
    this.#crew = options.threads > 1 ? new KernelCrew(kernels, memory, options.threads) : undefined;
    this.#kernels = this.#crew?.kernels ?? kernels;
  }

  /** @param slots where each port of the program lives, by port name, in each slot */
  load(id: number, program: Program, slots: readonly Readonly<Record<string, Region>>[]): void {
    const memories = slots.map(
      (regions): Memory =>
        ({ name }) =>
          viewRegion(this.#memory, regions[name] as Region),
    );
    const losses = slots.map((regions) =>
      program.outputs.filter(({ name }) => /^loss(\/|$)/.test(name)).map(({ name }) => regions[name] as Region),
    );
    const loaded = new LoadedProgram(program, this.#runner, memories, this.#options);
    this.#programs.set(id, { program: loaded, losses });
  }

  unload(id: number): void {
    this.#entry(id).program.release();
    this.#programs.delete(id);
  }

  /** Makes a plan known under a number, or replaces it. */
  plan(id: number, plan: UpdatePlan): void {
    this.#plans.set(id, plan);
  }

  /** Computes the stages of a program from `first` to before `end`, by default all, in a slot. */
  run(id: number, slot = 0, first = 0, end?: number): void {
    const { program } = this.#entry(id);
    for (let index = first; index < (end ?? program.stageCount); index++) program.run(index, slot);
  }

  /**
   * One step: computes the program from stage `first` on, checks what came out, and moves the parameters of the present
   * groups.
   */
  step(programId: number, slot: number, planId: number, settings: StepSettings, first = 0): StepOutcome {
    const started = performance.now();
    this.run(programId, slot, first);
    const computed = performance.now();
    const plan = this.#plans.get(planId);
    if (!plan) throw unknown('update plan', planId, this.#plans.size);
    const losses = this.#entry(programId).losses[slot] ?? [];
    const outcome = update(this.#kernels, this.#memory, plan, settings, losses);
    return { ...outcome, computeMs: computed - started, updateMs: performance.now() - computed };
  }

  status(): ExecutorStatus {
    const { type: runner, version, live } = this.#runner;
    return { runner, reason: this.#reason, version, programs: this.#programs.size, ...live };
  }

  async close(): Promise<void> {
    for (const { program } of this.#programs.values()) program.release();
    this.#programs.clear();
    this.#plans.clear();
    await this.#crew?.close();
  }

  #entry(id: number): LoadedEntry {
    const entry = this.#programs.get(id);
    if (!entry) throw unknown('program', id, this.#programs.size);
    return entry;
  }
}

function unknown(what: string, id: number, count: number): EngineError {
  return new EngineError({
    where: `${what} ${id}`,
    expected: `one of the ${count} that are loaded`,
    found: 'none of that number',
  });
}
