import { engine, getBackend, setBackend, type Tensor, tensor, Variable } from '@tensorflow/tfjs-core';
import { allocateArray, type DType, type TypedArray } from '../core/dtype.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { type Tape, withTape } from '../trace/backward.ts';
import { nameOf } from '../trace/name.ts';
import { withRandom } from '../trace/random.ts';
import {
  checkResult,
  gradientsByName,
  type InputSpecs,
  type NamedTensors,
  randomRowsInput,
  type Step,
  type StepResult,
} from '../trace/record.ts';
import { Arena, type Region } from './arena.ts';
import { assignValues, readValues, undoingAssignments } from './assignment.ts';
import {
  checkGroups,
  checkOpen,
  checkOptimizer,
  checkOwned,
  checkRun,
  checkSpecs,
  lateInputs,
  takeSlot,
} from './check.ts';
import { twinKernels } from './kernel/index.ts';
import { checkLength, refuseNonFinite } from './placement.ts';
import type { Between, PreparedInference, PreparedStep, StepReport, Trainer, TrainerSpec } from './trainer.ts';
import { heldStep, lossRegions, type StepSettings, type UpdateOutcome, update } from './update.ts';
import { updatePlan } from './update-plan.ts';

type Arrays = Readonly<Record<string, TypedArray>>;

function readAll(tensors: Iterable<readonly [string, Tensor]>, prefix = ''): Record<string, TypedArray> {
  return Object.fromEntries([...tensors].map(([name, values]) => [`${prefix}${name}`, readValues(values)]));
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
  readonly #onClose: () => void;
  #queue: Promise<unknown> = Promise.resolve();
  /** Whether the last step was not taken. */
  #notTaken = false;
  #closed = false;
  steps = 0;

  constructor(spec: TrainerSpec, backend: string, onClose: () => void) {
    checkGroups(spec.groups);
    checkOptimizer(spec.optimizer);
    this.#spec = spec;
    this.#backend = backend;
    this.#variables = spec.groups.flatMap(({ variables }) => variables);
    this.#onClose = onClose;
    refuseNonFinite(this.#variables);
  }

  async prepare(specs: InputSpecs): Promise<PreparedStep> {
    checkSpecs(specs, 2);
    checkOpen(this.#closed);
    const late = lateInputs(specs);
    const slots = [emptyInputs(specs), emptyInputs(specs)];
    const busy = new Set<number>();
    return {
      slots: slots as PreparedStep['slots'],
      run: async (slot, settings, between) => {
        checkOpen(this.#closed);
        checkRun(this.#spec.groups, late, slots.length, { slot, settings, between });
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
    checkSpecs(specs, 1);
    checkOpen(this.#closed);
    const inputs = emptyInputs(specs);
    const run = (): Arrays =>
      this.#onBackend(() => {
        const random = { seed: this.#spec.seed ?? 0, step: 0 };
        return undoingAssignments(() => {
          const { outputs } = checkResult(withRandom(random, () => step(tensorsOf(specs, inputs))));
          return readAll(Object.entries(outputs ?? {}));
        });
      });
    return {
      inputs: inputs as PreparedInference['inputs'],
      run: async () => {
        checkOpen(this.#closed);
        const outputs = this.#queue.then(run);
        this.#queue = outputs.catch(() => {});
        return outputs;
      },
    };
  }

  restore(state: Arrays): void {
    checkOpen(this.#closed);
    const known = this.state();
    for (const [name, values] of Object.entries(state)) checkLength(name, values, (known[name] ?? values).length);
    for (const variable of this.#variables) {
      const values = state[`parameter/${nameOf(variable)}`];
      if (values) assignValues(variable, values);
    }
    for (const [name, values] of Object.entries(state)) {
      if (this.#arena.has(name)) (this.#arena.view(name) as Float32Array).set(values as Float32Array);
      else if (!name.startsWith('parameter/')) this.#waiting.set(name, values.slice() as TypedArray);
    }
  }

  state(): Arrays {
    checkOpen(this.#closed);
    for (const variable of this.#variables) this.#writeFor(variable, 'parameter', variable.dataSync() as TypedArray);
    const named = this.#arena.regions.filter(({ name }) => /^(parameter|slot|clock)\//.test(name));
    const placed = Object.fromEntries(named.map(({ name }) => [name, this.#arena.view(name)]));
    return { ...Object.fromEntries(this.#waiting), ...placed };
  }

  pull(): void {
    checkOpen(this.#closed);
    // The variables themselves are what is trained.
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue;
    this.#onClose();
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
    if (settings.following && this.#notTaken) return { ...heldStep, loss: undefined, losses: {}, outputs: {} };
    this.#notTaken = true;
    return this.#onBackend(() => {
      const started = performance.now();
      if (between) between(firstOf(this.#compute(specs, given, step)));
      const computed = this.#compute(specs, given, step);
      const computedAt = performance.now();
      const outcome = this.#update(computed, settings);
      this.#notTaken = outcome.nonFinite.length > 0;
      return {
        ...outcome,
        loss: computed.loss?.[0] as number | undefined,
        losses: Object.fromEntries(named(computed, 'loss/').map(([name, values]) => [name, values[0] as number])),
        outputs: Object.fromEntries(named(computed, 'output/')),
        computeMs: computedAt - started,
        updateMs: performance.now() - computedAt,
      };
    });
  }

  /** What a compiled program would compute, under the same names. */
  #compute(specs: InputSpecs, given: Arrays, step: number): Record<string, TypedArray> {
    const { groups, seed = 0, perHead = 'none' } = this.#spec;
    const inputs = tensorsOf(specs, given);
    const random = { seed, step, rows: inputs[randomRowsInput] };
    return undoingAssignments((assigned) =>
      withTape(
        () => checkResult(withRandom(random, () => this.#spec.step(inputs))),
        (result, tape) => {
          const updates = [...assigned].map((variable) => [nameOf(variable), variable] as const);
          checkOwned(
            groups,
            variablesIn(tape),
            updates.map(([name]) => name),
          );
          const trained = this.#variables.filter(({ trainable }) => trainable);
          const gradients = gradientsByName(result, trained, perHead, tape);
          return { ...valuesOf(result), ...readAll(updates, 'update/'), ...readAll(gradients) };
        },
      ),
    );
  }

  #update(computed: Arrays, settings: StepSettings): UpdateOutcome {
    for (const variable of this.#variables) {
      this.#writeFor(variable, 'parameter', variable.dataSync() as TypedArray);
      for (const kind of ['gradient', 'update']) {
        const values = computed[`${kind}/${nameOf(variable)}`];
        if (values) this.#writeFor(variable, kind, values);
      }
    }
    const losses = Object.keys(computed).filter((name) => /^loss(\/|$)/.test(name));
    for (const name of losses) this.#write(name, 'float32', [], computed[name] as TypedArray);
    const regions = Object.fromEntries(losses.map((name) => [name, this.#arena.region(name)]));
    const plan = updatePlan(this.#spec, new Set(Object.keys(computed)), (...port) => this.#region(...port));
    const outcome = update(this.#kernels, this.#arena.memory, plan, settings, lossRegions(regions));
    for (const variable of this.#variables) assignValues(variable, this.#arena.view(`parameter/${nameOf(variable)}`));
    return outcome;
  }

  /** The region of that name; a new one begins with what was restored for it. */
  #region(name: string, dtype: DType, shape: Shape): Region {
    const restored = this.#waiting.get(name);
    if (restored) checkLength(name, restored, sizeOf(shape));
    const region = this.#arena.ensure(name, dtype, shape);
    if (restored) (this.#arena.view(name) as Float32Array).set(restored as Float32Array);
    this.#waiting.delete(name);
    return region;
  }

  #writeFor(variable: Variable, kind: string, values: TypedArray): void {
    const dtype = kind === 'gradient' ? 'float32' : (variable.dtype as DType);
    this.#write(`${kind}/${nameOf(variable)}`, dtype, variable.shape, values);
  }

  #write(name: string, dtype: DType, shape: Shape, values: TypedArray): void {
    this.#arena.ensure(name, dtype, shape);
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

/** Those under a prefix, by what follows it. */
function named(computed: Arrays, prefix: string): readonly (readonly [string, TypedArray])[] {
  return Object.entries(computed)
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, values]) => [name.slice(prefix.length), values]);
}

/** What `Between` is given. */
function firstOf(computed: Arrays): Arrays {
  const perHead = Object.entries(computed).filter(([name]) => name.startsWith('gradient['));
  return Object.fromEntries([...named(computed, 'output/'), ...perHead]);
}

function variablesIn(tape: Tape): readonly Variable[] {
  return tape.flatMap(({ inputs }) => Object.values(inputs)).filter((input) => input instanceof Variable);
}

function valuesOf({ loss, losses = {}, activations = {}, outputs = {} }: StepResult): Record<string, TypedArray> {
  const all = (tensors: NamedTensors, prefix: string) => readAll(Object.entries(tensors), prefix);
  return {
    ...(loss ? { loss: readValues(loss) } : {}),
    ...all(losses, 'loss/'),
    ...all(activations, 'activation/'),
    ...all(outputs, 'output/'),
  };
}
