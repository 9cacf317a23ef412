import { engine, getBackend, setBackend, type Tensor, tensor, type Variable } from '@tensorflow/tfjs-core';
import { allocateArray, type TypedArray } from '../core/dtype.ts';
import { sizeOf } from '../core/shape.ts';
import { gradientsOf, withTape } from '../trace/backward.ts';
import { nameOf } from '../trace/name.ts';
import { withRandom } from '../trace/random.ts';
import {
  checkResult,
  type InputSpecs,
  type NamedTensors,
  randomRowsInput,
  type Step,
  type StepResult,
} from '../trace/record.ts';
import { Arena, type Region } from './arena.ts';
import { checkGroups, checkOptimizer, checkRun, checkSpecs, takeSlot } from './check.ts';
import { twinKernels } from './kernel/index.ts';
import { checkLength } from './placement.ts';
import type { Between, PreparedInference, PreparedStep, StepReport, Trainer, TrainerSpec } from './trainer.ts';
import { type StepSettings, update } from './update.ts';
import { updatePlan } from './update-plan.ts';

type Arrays = Readonly<Record<string, TypedArray>>;

const read = (values: Tensor): TypedArray => values.dataSync().slice() as TypedArray;

function readAll(tensors: NamedTensors = {}, prefix = ''): Record<string, TypedArray> {
  return Object.fromEntries(Object.entries(tensors).map(([name, values]) => [`${prefix}${name}`, read(values)]));
}

/**
 * Trains with plain TensorFlow.js on whatever backend is given, kernel by kernel, and moves parameters with the plain
 * twins of the update kernels. Slow: it is the definition that compiled training is held against.
 */
export class EagerTrainer implements Trainer {
  readonly #spec: TrainerSpec;
  readonly #backend: string;
  readonly #arena = new Arena();
  readonly #kernels = twinKernels(this.#arena.memory);
  readonly #variables: readonly Variable[];
  /** State that was given before there was a place for it. */
  readonly #waiting = new Map<string, TypedArray>();
  #closed = false;
  #queue: Promise<unknown> = Promise.resolve();
  steps = 0;

  constructor(spec: TrainerSpec, backend: string) {
    checkGroups(spec.groups);
    checkOptimizer(spec.optimizer);
    this.#spec = spec;
    this.#backend = backend;
    this.#variables = spec.groups.flatMap(({ variables }) => variables);
  }

  async prepare(specs: InputSpecs): Promise<PreparedStep> {
    checkSpecs(specs);
    const slots = [emptyInputs(specs), emptyInputs(specs)];
    const busy = new Set<number>();
    return {
      slots,
      run: async (slot, settings, between) => {
        checkRun(this.#spec.groups, slots.length, slot, settings, this.#closed);
        takeSlot(busy, slot);
        const step = this.steps++;
        const taken = this.#queue
          .then(() => this.#step(specs, slots[slot] ?? {}, step, settings, between))
          .finally(() => busy.delete(slot));
        this.#queue = taken.catch(() => {});
        return taken;
      },
    };
  }

  async infer(step: Step, specs: InputSpecs): Promise<PreparedInference> {
    checkSpecs(specs);
    const inputs = emptyInputs(specs);
    const run = (): Arrays =>
      this.#onBackend(() => {
        const random = { seed: this.#spec.seed ?? 0, step: 0 };
        return readAll(checkResult(withRandom(random, () => step(tensorsOf(specs, inputs)))).outputs);
      });
    return {
      inputs,
      run: () => {
        const outputs = this.#queue.then(run);
        this.#queue = outputs.catch(() => {});
        return outputs;
      },
    };
  }

  restore(state: Arrays): void {
    const known = this.state();
    for (const [name, values] of Object.entries(state)) checkLength(name, values, (known[name] ?? values).length);
    for (const variable of this.#variables) {
      const values = state[`parameter/${nameOf(variable)}`];
      if (values) assign(variable, values);
    }
    for (const [name, values] of Object.entries(state)) {
      if (this.#arena.has(name)) (this.#arena.view(name) as Float32Array).set(values as Float32Array);
      else if (!name.startsWith('parameter/')) this.#waiting.set(name, values.slice() as TypedArray);
    }
  }

  state(): Arrays {
    for (const variable of this.#variables)
      this.#write(`parameter/${nameOf(variable)}`, variable.dataSync() as TypedArray, variable.shape);
    const named = this.#arena.regions.filter(({ name }) => /^(parameter|slot|clock)\//.test(name));
    const placed = Object.fromEntries(named.map(({ name }) => [name, this.#arena.view(name)]));
    return { ...Object.fromEntries(this.#waiting), ...placed };
  }

  pull(): void {
    // The variables themselves are what is trained.
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue;
  }

  #onBackend<T>(compute: () => T): T {
    const previous = getBackend();
    setBackend(this.#backend);
    engine().startScope('step');
    try {
      return compute();
    } finally {
      engine().endScope();
      if (previous) setBackend(previous);
    }
  }

  #step(
    specs: InputSpecs,
    given: Arrays,
    step: number,
    settings: StepSettings,
    between: Between | undefined,
  ): StepReport {
    return this.#onBackend(() => {
      const started = performance.now();
      if (between) between(outputsOf(this.#compute(specs, given, step)));
      const computed = this.#compute(specs, given, step);
      const computedAt = performance.now();
      const outcome = this.#update(computed, settings);
      const named = (prefix: string): [string, TypedArray][] =>
        Object.entries(computed)
          .filter(([name]) => name.startsWith(prefix))
          .map(([name, values]) => [name.slice(prefix.length), values]);
      return {
        ...outcome,
        loss: computed.loss?.[0] as number | undefined,
        losses: Object.fromEntries(named('loss/').map(([name, values]) => [name, values[0] as number])),
        outputs: outputsOf(computed),
        computeMs: computedAt - started,
        updateMs: performance.now() - computedAt,
      };
    });
  }

  /** What a compiled program would compute, under the same names. */
  #compute(specs: InputSpecs, given: Arrays, step: number): Record<string, TypedArray> {
    const inputs = tensorsOf(specs, given);
    const before = this.#variables.map((variable) => variable.clone());
    const random = { seed: this.#spec.seed ?? 0, step, rows: inputs[randomRowsInput] };
    return withTape(
      () => checkResult(withRandom(random, () => this.#spec.step(inputs))),
      (result, tape) => {
        const assigned = this.#variables.filter((variable, at) => variable.dataId !== before[at]?.dataId);
        const updates = readAll(byName(assigned), 'update/');
        for (const variable of assigned) variable.assign(before[this.#variables.indexOf(variable)] as Tensor);
        return { ...valuesOf(result), ...updates, ...this.#gradients(result, tape) };
      },
    );
  }

  #gradients({ loss }: StepResult, tape: Parameters<typeof gradientsOf>[0]): Record<string, TypedArray> {
    if (!loss) return {};
    const trained = this.#variables.filter(({ trainable }) => trainable);
    const gradients = gradientsOf(tape, loss, trained);
    const reached = trained.flatMap((variable, at) =>
      gradients[at] ? [[nameOf(variable), gradients[at]] as const] : [],
    );
    return readAll(Object.fromEntries(reached), 'gradient/');
  }

  #update(computed: Arrays, settings: StepSettings) {
    for (const variable of this.#variables) {
      this.#write(`parameter/${nameOf(variable)}`, variable.dataSync() as TypedArray, variable.shape);
      for (const name of [`gradient/${nameOf(variable)}`, `update/${nameOf(variable)}`])
        if (computed[name]) this.#write(name, computed[name], variable.shape);
    }
    const losses = Object.entries(computed).filter(([name]) => /^loss(\/|$)/.test(name));
    for (const [name, values] of losses) this.#write(name, values, []);
    const regionOf = (name: string, dtype: 'float32' | 'int32', shape: readonly number[]) =>
      this.#region(name, dtype, shape);
    const plan = updatePlan(this.#spec, new Set(Object.keys(computed)), regionOf);
    const outcome = update(
      this.#kernels,
      this.#arena.memory,
      plan,
      settings,
      losses.map(([name]) => this.#arena.region(name)),
    );
    for (const variable of this.#variables) assign(variable, this.#arena.view(`parameter/${nameOf(variable)}`));
    return outcome;
  }

  /** The region of that name; a new one begins with what was restored for it. */
  #region(name: string, dtype: 'float32' | 'int32', shape: readonly number[]): Region {
    const region = this.#arena.ensure(name, dtype, shape);
    const restored = this.#waiting.get(name);
    if (!restored) return region;
    const view = this.#arena.view(name) as Float32Array;
    checkLength(name, restored, view.length);
    view.set(restored as Float32Array);
    this.#waiting.delete(name);
    return region;
  }

  #write(name: string, values: TypedArray, shape: readonly number[]): void {
    this.#arena.ensure(name, 'float32', shape);
    (this.#arena.view(name) as Float32Array).set(values as Float32Array);
  }
}

function emptyInputs(specs: InputSpecs): Arrays {
  const named = Object.entries(specs);
  return Object.fromEntries(
    named.map(([name, { shape, dtype = 'float32' }]) => [name, allocateArray(dtype, sizeOf(shape))]),
  );
}

function tensorsOf(specs: InputSpecs, given: Arrays): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(specs).map(([name, { shape, dtype = 'float32' }]) => [
      name,
      tensor((given[name] as Float32Array).slice(), [...shape], dtype),
    ]),
  );
}

function outputsOf(computed: Arrays): Arrays {
  const outputs = Object.entries(computed).filter(([name]) => name.startsWith('output/'));
  return Object.fromEntries(outputs.map(([name, values]) => [name.slice('output/'.length), values]));
}

function assign(variable: Variable, values: TypedArray): void {
  const next = tensor(values.slice() as Float32Array, variable.shape, variable.dtype);
  variable.assign(next);
  next.dispose();
}

const byName = (variables: readonly Variable[]): NamedTensors =>
  Object.fromEntries(variables.map((variable) => [nameOf(variable), variable]));

function valuesOf({ loss, losses, activations, outputs }: StepResult): Record<string, TypedArray> {
  return {
    ...readAll(loss ? { loss } : {}),
    ...readAll(losses, 'loss/'),
    ...readAll(activations, 'activation/'),
    ...readAll(outputs, 'output/'),
  };
}
