import { engine, getBackend, setBackend, type Tensor, tensor, type Variable } from '@tensorflow/tfjs-core';
import { allocateArray, type TypedArray } from '../core/dtype.ts';
import { sizeOf } from '../core/shape.ts';
import { gradientsOf, withTape } from '../trace/backward.ts';
import { nameOf } from '../trace/name.ts';
import { withRandom } from '../trace/random.ts';
import { checkResult, type InputSpecs, type NamedTensors, randomRowsInput, type StepResult } from '../trace/record.ts';
import { Arena } from './arena.ts';
import { checkGroups, checkOptimizer, checkRun, checkSpecs, takeSlot } from './check.ts';
import { twinKernels } from './kernel/index.ts';
import type { PreparedStep, StepReport, Trainer, TrainerSpec } from './trainer.ts';
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
    const emptySlot = (): Arrays =>
      Object.fromEntries(
        Object.entries(specs).map(([name, { shape, dtype = 'float32' }]) => [
          name,
          allocateArray(dtype, sizeOf(shape)),
        ]),
      );
    const slots = [emptySlot(), emptySlot()];
    const busy = new Set<number>();
    return {
      slots,
      run: async (slot, settings) => {
        checkRun(this.#spec.groups, slots.length, slot, settings, this.#closed);
        takeSlot(busy, slot);
        const step = this.steps++;
        const taken = this.#queue
          .then(() => this.#step(specs, slots[slot] ?? {}, step, settings))
          .finally(() => busy.delete(slot));
        this.#queue = taken.catch(() => {});
        return taken;
      },
    };
  }

  state(): Arrays {
    for (const variable of this.#variables)
      this.#write(`parameter/${nameOf(variable)}`, variable.dataSync() as TypedArray, variable.shape);
    const named = this.#arena.regions.filter(({ name }) => /^(parameter|slot|clock)\//.test(name));
    return Object.fromEntries(named.map(({ name }) => [name, this.#arena.view(name)]));
  }

  pull(): void {
    // The variables themselves are what is trained.
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue;
  }

  #step(specs: InputSpecs, given: Arrays, step: number, settings: StepSettings): StepReport {
    const started = performance.now();
    const previous = getBackend();
    setBackend(this.#backend);
    engine().startScope('step');
    try {
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
        outputs: Object.fromEntries(named('output/')),
        computeMs: computedAt - started,
        updateMs: performance.now() - computedAt,
      };
    } finally {
      engine().endScope();
      if (previous) setBackend(previous);
    }
  }

  /** What a compiled program would compute, under the same names. */
  #compute(specs: InputSpecs, given: Arrays, step: number): Record<string, TypedArray> {
    const inputs = Object.fromEntries(
      Object.entries(specs).map(([name, { shape, dtype = 'float32' }]) => [
        name,
        tensor((given[name] as Float32Array).slice(), [...shape], dtype),
      ]),
    );
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
      this.#arena.ensure(name, dtype, shape);
    const plan = updatePlan(this.#spec, new Set(Object.keys(computed)), regionOf);
    const outcome = update(
      this.#kernels,
      this.#arena.memory,
      plan,
      settings,
      losses.map(([name]) => this.#arena.region(name)),
    );
    for (const variable of this.#variables) {
      const next = tensor(
        this.#arena.view(`parameter/${nameOf(variable)}`).slice() as Float32Array,
        variable.shape,
        variable.dtype,
      );
      variable.assign(next);
      next.dispose();
    }
    return outcome;
  }

  #write(name: string, values: TypedArray, shape: readonly number[]): void {
    this.#arena.ensure(name, 'float32', shape);
    (this.#arena.view(name) as Float32Array).set(values as Float32Array);
  }
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
