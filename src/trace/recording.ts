import type { TensorInfo, Variable } from '@tensorflow/tfjs-core';
import type { DType } from '../core/dtype.ts';
import { CompileError } from '../core/error.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { input, type Value } from '../ir/graph.ts';
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

/**
 * What one recording has met: variables (inputs of the program, wherever their data live) and constants.
 * While it lasts, it keeps the variables' data from being disposed, and puts them back at the end.
 */
export class Recording {
  readonly baked: BakedConstant[] = [];
  /** Variables read, by variable. */
  readonly parameters = new Map<Variable, Value>();
  readonly #held = new Map<Variable, Identifier>();
  readonly #owner = new Map<Identifier, Variable>();

  constructor() {
    for (const variable of Object.values(engineInternals().state.registeredVariables)) this.hold(variable);
  }

  /** From now on, `variable` as it is stands for an input of the program. */
  hold(variable: Variable): void {
    const { dataId } = variable;
    engineInternals().state.tensorInfo.get(dataId)?.backend.incRef(dataId);
    this.#held.set(variable, dataId);
    this.#owner.set(dataId, variable);
  }

  /** The input that stands for the variable whose data these are. */
  parameterOf(dataId: Identifier): Value | undefined {
    const variable = this.#owner.get(dataId);
    if (!variable) return undefined;
    const known = this.parameters.get(variable);
    if (known) return known;
    const value = input(parameterName(variable), variable.dtype as DType, variable.shape);
    this.parameters.set(variable, value);
    return value;
  }

  /** Variables that were given another value while recording. */
  assigned(): readonly Variable[] {
    return [...this.#held].filter(([variable, dataId]) => variable.dataId !== dataId).map(([variable]) => variable);
  }

  /** @throws CompileError when the constant is large: its elements would be frozen into the program */
  noteConstant(value: Value, where: string): void {
    if (value.dtype === 'bool' || sizeOf(value.shape) < 2) return;
    this.baked.push({ where, dtype: value.dtype, shape: value.shape });
    if (sizeOf(value.shape) > bakedLimit)
      throw new CompileError({
        where,
        expected: `at most ${bakedLimit} different numbers created inside a step`,
        found: `a constant ${value.dtype} ${formatShape(value.shape)}, which would stay the same in every step`,
        hint: 'draw with random.uniform, random.normal or random.dropout of trunkline; make a fixed table outside the step',
      });
  }

  /** Gives every variable back the data it had before the recording. */
  release(): void {
    const internals = engineInternals();
    for (const [variable, dataId] of this.#held) {
      if (variable.isDisposed) continue;
      if (variable.dataId === dataId) {
        internals.state.tensorInfo.get(dataId)?.backend.disposeData(dataId);
        continue;
      }
      internals.disposeTensor(variable);
      variable.dataId = dataId;
      internals.state.numTensors++;
    }
  }
}
