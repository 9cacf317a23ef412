import {
  type DataType,
  engine,
  getBackend,
  getKernel,
  type KernelBackend,
  keep,
  registerKernel,
  scalar,
  type Tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { activeLayer } from './call-site.ts';
import { hashText, uniformNumbers } from './hash.ts';
import { uniformKernel } from './kernel/random.ts';

/** What random numbers drawn inside `withRandom` depend on, besides the name of what draws and the number of the draw. */
export interface RandomState {
  readonly seed: number;
  /** The step they are drawn for: a number, or an int32 scalar made when first needed. */
  readonly step: number | (() => Tensor);
  /**
   * `[rows]` int32: a key for each row of the batch; by default its place. Whatever is drawn with `rows` as its first
   * size is taken for one draw for each row, also where that is a coincidence.
   */
  readonly rows?: Tensor | undefined;
}

interface Scope {
  readonly state: RandomState;
  /** Names that prefix those of what draws. */
  readonly path: readonly string[];
  /** Whether the path is the whole name: that of the layer being applied does not belong to it. */
  readonly isWhole: boolean;
  /** Draws so far, by name. */
  readonly draws: Map<string, number>;
  /** The step as a tensor, once it was needed. It ends with the outermost scope that has it. */
  readonly step: { tensor?: Tensor };
}

let active: Scope | undefined;

/**
 * Runs `compute` with every random number drawn by TensorFlow.js layers and by the functions of `distribution.ts`
 * coming from the counter-based generator: the same seed, step, names and row key give the same numbers on every
 * engine. What draws is named by the layer and by `withRandomName`; draws of one name are told apart by their order.
 */
export function withRandom<T>(state: RandomState, compute: () => T): T {
  return within({ state, path: [], isWhole: false, draws: new Map(), step: {} }, compute);
}

/**
 * Runs `compute`, whose draws are named `name`, so that they do not change when something else draws more or less: to
 * be used by steps that draw outside of layers, for each of their parts. Outside `withRandom` it changes nothing.
 */
export function withRandomName<T>(name: string, compute: () => T): T {
  return active ? within({ ...active, path: [...active.path, name] }, compute) : compute();
}

/**
 * Runs `compute`, which draws the initial values of the weight `name`: they depend on no step, on no row of a batch, and
 * not on whether the layer was built before it was first applied. Outside `withRandom` it changes nothing.
 */
export function withInitialValues<T>(name: string, compute: () => T): T {
  if (!active) return compute();
  const { state, path, draws } = active;
  const scope = { state: { seed: state.seed, step: 0 }, path: [...path, name], isWhole: true, draws, step: {} };
  return within(scope, compute);
}

function within<T>(scope: Scope, compute: () => T): T {
  const outer = active;
  active = scope;
  try {
    return compute();
  } finally {
    active = outer;
    if (scope.step !== outer?.step) scope.step.tensor?.dispose();
  }
}

export function isDrawing(): boolean {
  return active !== undefined;
}

/** Uniform numbers in [0, 1), as float32. To be called inside `withRandom`. */
export const drawUniform = (shape: readonly number[]): Tensor => draw(shape);

/** 1 where the uniform number drawn is at least `rate`, and 0 elsewhere. To be called inside `withRandom`. */
export const drawKept = (shape: readonly number[], rate: number): Tensor => draw(shape, { atLeast: Math.fround(rate) });

function draw(shape: readonly number[], settings: { readonly atLeast?: number } = {}): Tensor {
  const { state, path, isWhole, draws, step } = active as Scope;
  const name = (isWhole ? path : [...path, activeLayer() ?? '']).join('/');
  const place = draws.get(name) ?? 0;
  draws.set(name, place + 1);
  step.tensor ??= keep(typeof state.step === 'number' ? scalar(state.step, 'int32') : state.step());
  registerFor(getBackend());
  const rows = state.rows && shape[0] === state.rows.shape[0] ? { rows: state.rows } : {};
  const salt = hashText(`${state.seed}/${name}#${place}`);
  return engine().runKernel(
    uniformKernel,
    { step: step.tensor, ...rows },
    { shape: [...shape], salt, ...settings },
  ) as Tensor;
}

/** Gives a backend that has none a kernel that computes the numbers in JavaScript. */
function registerFor(backendName: string): void {
  if (getKernel(uniformKernel, backendName)) return;
  registerKernel({
    kernelName: uniformKernel,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { shape, salt, atLeast } = attrs as unknown as { shape: number[]; salt: number; atLeast?: number };
      const store = backend as KernelBackend;
      const read = (info: TensorInfo): Int32Array => store.readSync(info.dataId) as Int32Array;
      const rows = inputs.rows && read(inputs.rows);
      const numbers = uniformNumbers(shape, salt, read(inputs.step as TensorInfo)[0] as number, rows);
      const values = atLeast === undefined ? numbers : numbers.map((number) => Number(number >= atLeast));
      return { dataId: store.write(values, shape, 'float32'), shape, dtype: 'float32' as DataType };
    },
  });
}
