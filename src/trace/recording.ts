import type { TensorInfo, Variable } from '@tensorflow/tfjs-core';
import type { DType } from '../core/dtype.ts';
import { CompileError } from '../core/error.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { input, type Value } from '../ir/graph.ts';
import type { TrunklineBackend } from './backend.ts';
import { engineInternals } from './internals.ts';
import { nameOf } from './name.ts';

type Identifier = TensorInfo['dataId'];

/** A constant created while recording: it is part of the program and never changes. */
export interface BakedConstant {
  readonly where: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** Elements above which a constant created while recording is taken for a mistake. */
const bakedLimit = 64;

/** The name under which a program takes a variable's value. */
export function parameterName(variable: Variable): string {
  return `parameter/${nameOf(variable)}`;
}

/** What a variable was before a recording, and what it is at its beginning. */
interface Held {
  readonly original: Identifier;
  readonly standIn: Identifier;
  readonly value: Value;
}

/**
 * What one recording has met: variables (inputs of the program, wherever their data live) and constants.
 * While it lasts, variables have data of their own that stand for those inputs: TensorFlow.js lets variables share data
 * with what they were made of, cloned to or assigned, and the program must tell them apart.
 */
export class Recording {
  readonly baked: BakedConstant[] = [];
  readonly #backend: TrunklineBackend;
  readonly #held = new Map<Variable, Held>();

  constructor(backend: TrunklineBackend) {
    this.#backend = backend;
    for (const variable of Object.values(engineInternals().state.registeredVariables)) this.hold(variable);
  }

  /** From now on, `variable` as it is stands for an input of the program. Strings and complex numbers cannot. */
  hold(variable: Variable): void {
    if (variable.dtype === 'string' || variable.dtype === 'complex64') return;
    const value = input(parameterName(variable), variable.dtype, variable.shape);
    const [original, { dataId: standIn }] = [variable.dataId, this.#backend.tensorOf(value)];
    variable.dataId = standIn;
    engineInternals().trackTensor(variable, this.#backend);
    this.#held.set(variable, { original, standIn, value });
  }

  /** The variables that stand for any of these values. */
  variablesOf(values: Iterable<Value | null>): readonly Variable[] {
    const variables = new Map([...this.#held].map(([variable, { value }]) => [value, variable]));
    return [...new Set(values)].flatMap((value) => (value && variables.get(value)) ?? []);
  }

  /** Variables that were given another value while recording. */
  assigned(): readonly Variable[] {
    return [...this.#held]
      .filter(([variable, { standIn }]) => variable.dataId !== standIn)
      .map(([variable]) => variable);
  }

  /** @throws CompileError when the constant is large: its elements would be frozen into the program */
  noteConstant(value: Value, where: string): void {
    if (sizeOf(value.shape) < 2) return;
    this.baked.push({ where, dtype: value.dtype, shape: value.shape });
    if (sizeOf(value.shape) > bakedLimit)
      throw new CompileError({
        where,
        expected: `at most ${bakedLimit} different numbers created inside a step`,
        found: `a constant ${value.dtype} ${formatShape(value.shape)}, which would stay the same in every step`,
        hint: 'draw with random.uniform, random.normal or random.dropout of trunkline; make a fixed table outside the step',
      });
  }

  /** Gives every variable back the data it had before the recording; one that was disposed of loses those too. */
  release(): void {
    const internals = engineInternals();
    for (const [variable, { original }] of this.#held) {
      if (!variable.isDisposed) internals.disposeTensor(variable);
      variable.dataId = original;
      if (variable.isDisposed) internals.disposeTensor(variable);
    }
  }
}
