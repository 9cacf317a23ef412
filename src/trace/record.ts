import { engine, getBackend, setBackend, Tensor, type Variable } from '@tensorflow/tfjs-core';
import type { DType } from '../core/dtype.ts';
import { CompileError } from '../core/error.ts';
import { formatValue } from '../core/format.ts';
import { formatShape, type Shape } from '../core/shape.ts';
import { didYouMean } from '../core/suggest.ts';
import { input, topological, type Value } from '../ir/graph.ts';
import { backendName, type TrunklineBackend } from './backend.ts';
import { gradientsOf, type Tape, withTape } from './backward.ts';
import { engineInternals } from './internals.ts';
import { nameOf } from './name.ts';
import { withRandom } from './random.ts';
import { type BakedConstant, parameterName, Recording } from './recording.ts';

/** A tensor a step is given anew each time. */
export interface InputSpec {
  readonly shape: Shape;
  /** float32 unless said otherwise. */
  readonly dtype?: 'float32' | 'int32' | 'bool';
  /** 0 (default): known before the step begins. n: known only after stage n − 1 has been computed. */
  readonly stage?: number;
}

/** The tensors that a step is given, by name. */
export type InputSpecs = Readonly<Record<string, InputSpec>>;
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** What a step computes. */
export interface StepResult {
  /** The scalar that is minimised. */
  readonly loss?: Tensor;
  /** Losses of their own, by head: reported, and differentiated one by one on request. */
  readonly losses?: NamedTensors;
  /** Tensors at which each of `losses` is differentiated on request, by name. */
  readonly activations?: NamedTensors;
  /** Anything else to report. */
  readonly outputs?: NamedTensors;
}

/** A gradient step, or part of one, written with TensorFlow.js operations. */
export type Step = (inputs: Record<string, Tensor>) => StepResult;

/**
 * Which gradients of each of a step's `losses` are wanted: none, those at its `activations`, or those in the variables
 * as well. Each loss costs a backward pass then.
 */
export type PerHead = 'none' | 'activations' | 'all';

/** What is recorded of a step besides what it answers. */
export interface RecordOptions {
  /** Variables to differentiate; by default every trainable one that a loss depends on. */
  readonly variables?: readonly Variable[];
  /** Seed of the random numbers drawn inside the step. */
  readonly seed?: number;
  /** Gradients of single losses; all by default. */
  readonly perHead?: PerHead;
}

/** A step as a graph. Names of values are unique and say what they are: `gradient/dense_1/kernel`. */
export interface Recorded {
  readonly outputs: Readonly<Record<string, Value>>;
  /** Variables the program reads, by the name of the input that carries them. */
  readonly parameters: ReadonlyMap<string, Variable>;
  readonly baked: readonly BakedConstant[];
}

/** The input that carries the step number random numbers are drawn for. */
export const randomStepInput = 'random/step';
/** The optional input that carries a key for each row of the batch, for random numbers that follow the row. */
export const randomRowsInput = 'random/rows';

const parts = ['loss', 'losses', 'activations', 'outputs'];

/** @throws CompileError when a step returned something else than tensors under the names of a `StepResult` */
export function checkResult(result: unknown): StepResult {
  const expected = `an object with ${parts.join(', ')} made of tensors`;
  const fail = (where: string, found: string): never => {
    throw new CompileError({ where, expected, found });
  };
  if (result instanceof Promise)
    throw new CompileError({
      where: 'the step',
      expected,
      found: 'a promise',
      hint: 'a step is an ordinary function: await what it needs before, and give it as an input',
    });
  if (result instanceof Tensor || typeof result !== 'object' || result === null)
    return fail('the step', result instanceof Tensor ? `a tensor ${formatShape(result.shape)}` : formatValue(result));
  for (const [name, value] of Object.entries(result)) {
    if (!parts.includes(name))
      throw new CompileError({ where: 'the step', expected, found: formatValue(name), ...didYouMean(name, parts) });
    const tensors =
      name === 'loss'
        ? { [name]: value }
        : Object.fromEntries(Object.entries(value ?? {}).map(([key, v]) => [`${name}.${key}`, v]));
    for (const [where, tensor] of Object.entries(tensors))
      if (tensor !== undefined && !(tensor instanceof Tensor)) fail(where, formatValue(tensor));
  }
  return result as StepResult;
}

function checkScalar(name: string, loss: Tensor): void {
  if (loss.rank !== 0)
    throw new CompileError({
      where: name,
      expected: 'a scalar loss',
      found: `a tensor ${formatShape(loss.shape)}`,
      hint: 'reduce it with tf.mean or tf.sum',
    });
}

/** Variables, made while recording by layers that build themselves at their first call, become inputs as well. */
function watchNewVariables(recording: Recording, backend: TrunklineBackend): () => void {
  const internals = engineInternals();
  const { makeVariable } = internals;
  internals.makeVariable = (initial, ...rest) => {
    backend.recording = undefined;
    try {
      const values = initial.dataSync();
      const concrete = internals.makeTensorFromTensorInfo(
        backend.makeTensorInfo(initial.shape, initial.dtype, values.slice()),
        backend,
      );
      const variable = makeVariable.call(internals, concrete, ...rest);
      recording.hold(variable);
      return variable;
    } finally {
      backend.recording = recording;
    }
  };
  return () => {
    internals.makeVariable = makeVariable;
  };
}

/**
 * Gradients of a step's losses, by name: `gradient/w` of the merged one, `gradient[head]/w` and
 * `gradient[head]@activation` of the others.
 * @param variables to differentiate
 * @throws CompileError when a loss is not a scalar
 */
export function gradientsByName(
  { loss: merged, losses = {}, activations = {} }: StepResult,
  variables: readonly Variable[],
  perHead: PerHead,
  tape: Tape,
): Map<string, Tensor> {
  const found = new Map<string, Tensor>();
  const inVariables = variables.map((variable) => [`/${nameOf(variable)}`, variable] as const);
  const atActivations = Object.entries(activations).map(([name, tensor]) => [`@${name}`, tensor] as const);
  const differentiate = (loss: Tensor, prefix: string, sources: readonly (readonly [string, Tensor])[]): void => {
    const all = gradientsOf(
      tape,
      loss,
      sources.map(([, tensor]) => tensor),
    );
    sources.forEach(([name], index) => {
      const gradient = all[index];
      if (gradient) found.set(`${prefix}${name}`, gradient);
    });
  };
  if (merged) {
    checkScalar('loss', merged);
    differentiate(merged, 'gradient', inVariables);
  }
  for (const [head, loss] of Object.entries(losses)) {
    checkScalar(`losses.${head}`, loss);
    if (perHead === 'none') continue;
    differentiate(loss, `gradient[${head}]`, [...(perHead === 'all' ? inVariables : []), ...atActivations]);
  }
  return found;
}

/**
 * Runs `step` once with tensors that have no values and returns what it would compute: losses, outputs, gradients of
 * the losses in the variables (by TensorFlow.js's own gradient functions), and new values of variables it assigned.
 * @throws CompileError when the step reads data, bakes large constants or applies what cannot be compiled
 */
export function record(
  backend: TrunklineBackend,
  step: Step,
  specs: InputSpecs,
  options: RecordOptions = {},
): Recorded {
  const previousBackend = getBackend();
  if (previousBackend !== backendName) setBackend(backendName);
  const recording = new Recording(backend);
  const stopWatching = watchNewVariables(recording, backend);
  backend.recording = recording;
  const placeholder = (name: string, shape: Shape, dtype: DType): Tensor =>
    engineInternals().makeTensorFromTensorInfo(backend.tensorOf(input(name, dtype, shape)), backend);
  const outputs: Record<string, Value> = {};
  const keep = (name: string, tensor: Tensor): void => {
    outputs[name] = backend.valueFor(tensor);
  };
  try {
    engine().startScope('record');
    const inputs = Object.fromEntries(
      Object.entries(specs).map(([name, { shape, dtype = 'float32' }]) => [
        name,
        placeholder(`input/${name}`, shape, dtype),
      ]),
    );
    const random = {
      seed: options.seed ?? 0,
      step: () => placeholder(randomStepInput, [], 'int32'),
      rows: inputs[randomRowsInput],
    };
    withTape(
      () => checkResult(withRandom(random, () => step(inputs))),
      (result, tape) => {
        if (result.loss) keep('loss', result.loss);
        for (const [name, tensor] of Object.entries(result.losses ?? {})) keep(`loss/${name}`, tensor);
        for (const [name, tensor] of Object.entries(result.activations ?? {})) keep(`activation/${name}`, tensor);
        for (const [name, tensor] of Object.entries(result.outputs ?? {})) keep(`output/${name}`, tensor);
        const { registeredVariables } = engineInternals().state;
        const variables = options.variables ?? Object.values(registeredVariables).filter(({ trainable }) => trainable);
        const gradients = gradientsByName(result, variables, options.perHead ?? 'all', tape);
        for (const [name, tensor] of gradients) keep(name, tensor);
      },
    );
    for (const variable of recording.assigned()) keep(`update/${nameOf(variable)}`, variable);
    const values = Object.values(outputs);
    const read = recording.variablesOf([...topological(values).flatMap(({ inputs }) => inputs), ...values]);
    const parameters = new Map(read.map((variable) => [parameterName(variable), variable]));
    return { outputs, parameters, baked: recording.baked };
  } finally {
    engine().endScope();
    recording.release();
    backend.recording = undefined;
    stopWatching();
    if (previousBackend && previousBackend !== backendName) setBackend(previousBackend);
  }
}
