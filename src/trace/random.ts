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

/** What random numbers drawn inside `withRandom` depend on, besides the name of the layer and the number of the draw. */
export interface RandomState {
  readonly seed: number;
  /** The step they are drawn for: a number, or an int32 scalar made when first needed. */
  readonly step: number | (() => Tensor);
  /** `[rows]` int32: a key for each row of the batch; by default its place. */
  readonly rows?: Tensor | undefined;
}

interface Scope {
  readonly state: RandomState;
  /** Names that prefix those of what draws. */
  readonly path: readonly string[];
  /** What nested scopes share: draws so far by path, and the step as a tensor once it was needed. */
  readonly shared: { readonly draws: Map<string, number>; step?: Tensor };
}

let active: Scope | undefined;

/**
 * Runs `compute` with every random number drawn by TensorFlow.js layers and by the functions of `distribution.ts`
 * coming from the counter-based generator: the same seed, step, names and row key give the same numbers on every
 * engine.
 */
export function withRandom<T>(state: RandomState, compute: () => T): T {
  return within({ state, path: [], shared: { draws: new Map() } }, compute);
}

/**
 * Runs `compute`, which draws the initial values of the weight `name`: they depend on no step and on no row of a batch,
 * also where a layer builds itself inside a step. Outside `withRandom` it changes nothing.
 */
export function withInitialValues<T>(name: string, compute: () => T): T {
  if (!active) return compute();
  const { state, path, shared } = active;
  const scope: Scope = { state: { seed: state.seed, step: 0 }, path: [...path, name], shared: { draws: shared.draws } };
  return within(scope, compute);
}

function within<T>(scope: Scope, compute: () => T): T {
  const outer = active;
  active = scope;
  try {
    return compute();
  } finally {
    active = outer;
    scope.shared.step?.dispose();
  }
}

export function isDrawing(): boolean {
  return active !== undefined;
}

/** Uniform numbers in [0, 1), as float32. To be called inside `withRandom`. */
export function drawUniform(shape: readonly number[]): Tensor {
  const { state, path, shared } = active as Scope;
  const name = [...path, activeLayer() ?? ''].join('/');
  const draw = shared.draws.get(name) ?? 0;
  shared.draws.set(name, draw + 1);
  shared.step ??= keep(typeof state.step === 'number' ? scalar(state.step, 'int32') : state.step());
  registerFor(getBackend());
  const rows = state.rows && shape[0] === state.rows.shape[0] ? { rows: state.rows } : {};
  const salt = hashText(`${state.seed}/${name}#${draw}`);
  return engine().runKernel(uniformKernel, { step: shared.step, ...rows }, { shape: [...shape], salt }) as Tensor;
}

/** Gives a backend that has none a kernel that computes the numbers in JavaScript. */
function registerFor(backendName: string): void {
  if (getKernel(uniformKernel, backendName)) return;
  registerKernel({
    kernelName: uniformKernel,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { shape, salt } = attrs as unknown as { shape: number[]; salt: number };
      const store = backend as KernelBackend;
      const read = (info: TensorInfo): Int32Array => store.readSync(info.dataId) as Int32Array;
      const rows = inputs.rows && read(inputs.rows);
      const values = uniformNumbers(shape, salt, read(inputs.step as TensorInfo)[0] as number, rows);
      return { dataId: store.write(values, shape, 'float32'), shape, dtype: 'float32' as DataType };
    },
  });
}
