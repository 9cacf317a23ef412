import { backend_util, DataStorage, engine, KernelBackend, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { allocateArray, type DType, type TypedArray } from '../core/dtype.ts';
import { CompileError } from '../core/error.ts';
import { formatShape, type Shape, sameShape, sizeOf } from '../core/shape.ts';
import { applyPlainly } from '../ir/build.ts';
import { constant, constantData, nodeOf, scalar, type Value } from '../ir/graph.ts';
import { callSite } from './call-site.ts';
import type { Recording } from './recording.ts';

export const backendName = 'trunkline';

/** Computes values that depend on constants only. The engine provides it. */
export type Evaluate = (values: readonly Value[]) => readonly TypedArray[];

type Identifier = TensorInfo['dataId'];

/** What stands behind a data identifier: a value of the graph, a pair of them, or strings. */
export type Content =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'complex'; readonly real: TensorInfo; readonly imag: TensorInfo }
  | { readonly kind: 'string'; readonly values: readonly Uint8Array[] };

interface Entry {
  content: Content;
  references: number;
}

/** Pending nodes after which the eager mode computes what is alive, so that graphs stay small. */
const pendingLimit = 400;

function toTypedArray(values: ArrayLike<number | boolean>, dtype: DType): TypedArray {
  if (dtype === 'bool') return Uint8Array.from(values as ArrayLike<number>, (value) => (value ? 1 : 0));
  const array = allocateArray(dtype, values.length) as Float32Array;
  array.set(values as ArrayLike<number>);
  return array;
}

/** The same number everywhere, as one number and its repetition; nothing when the elements differ. */
function asUniform(data: TypedArray, dtype: DType, shape: Shape): Value | undefined {
  if (data.length < 2 || (data as Float32Array).some((value) => !Object.is(value, data[0]))) return undefined;
  return applyPlainly('Expand', [scalar(Number(data[0]), dtype)], { shape })[0];
}

/** The same row again and again, as one row and its repetition; nothing when the rows differ. */
function asRepeatedRow(data: TypedArray, dtype: DType, shape: Shape): { row: Value; value: Value } | undefined {
  const [rows = 0, ...rest] = shape;
  const size = sizeOf(rest);
  if (rows < 2 || size === 0) return undefined;
  if ((data as Float32Array).some((value, at) => at >= size && !Object.is(value, data[at - size]))) return undefined;
  const row = constant(data.slice(0, size), dtype, [1, ...rest]);
  return { row, value: applyPlainly('Expand', [row], { shape })[0] as Value };
}

/**
 * A TensorFlow.js backend that records kernels as a graph instead of computing them. While a recording is set, it
 * fills that recording; otherwise it is an ordinary eager backend that computes when data are read.
 */
export class TrunklineBackend extends KernelBackend {
  readonly #evaluate: Evaluate;
  readonly #data = new DataStorage<Entry>(this, engine());
  readonly #pending = new Set<Entry>();
  #nodesPending = 0;
  /** The recording in progress, if any. */
  recording: Recording | undefined;

  constructor(evaluate: Evaluate) {
    super();
    this.#evaluate = evaluate;
  }

  // --- what kernels use

  /** The value behind a tensor, in the tensor's shape. */
  valueFor(info: TensorInfo): Value {
    const content = this.contentOf(info.dataId);
    if (content.kind !== 'value')
      throw new CompileError({
        where: callSite(),
        expected: 'a numeric tensor',
        found: `a ${content.kind === 'string' ? 'string' : 'complex64'} tensor ${formatShape(info.shape)}`,
        hint: 'keep strings and complex numbers outside the compiled step',
      });
    const { value } = content;
    if (sameShape(value.shape, info.shape)) return value;
    const data = constantData(value);
    if (data) return constant(data, value.dtype, info.shape);
    return applyPlainly('Reshape', [value], { shape: [...info.shape] }, callSite())[0] as Value;
  }

  contentOf(dataId: Identifier): Content {
    return this.#data.get(dataId).content;
  }

  /** A tensor for a value of the graph. */
  tensorOf(value: Value): TensorInfo {
    const entry = this.#add({ kind: 'value', value });
    if (nodeOf(value) && !this.recording) {
      this.#pending.add(entry.entry);
      this.#nodesPending++;
      if (this.#nodesPending > pendingLimit) this.#flush();
    }
    return { dataId: entry.dataId, shape: [...value.shape], dtype: value.dtype as TensorInfo['dtype'] };
  }

  /** A tensor made of two others. */
  complexOf(real: TensorInfo, imag: TensorInfo): TensorInfo {
    const { dataId } = this.#add({ kind: 'complex', real, imag });
    return { dataId, shape: real.shape, dtype: 'complex64' };
  }

  /** The same data under another shape. */
  aliasOf(info: TensorInfo, shape: Shape): TensorInfo {
    this.incRef(info.dataId);
    return { dataId: info.dataId, shape: [...shape], dtype: info.dtype };
  }

  makeTensorInfo(shape: number[], dtype: TensorInfo['dtype'], values: backend_util.BackendValues): TensorInfo {
    return { dataId: this.write(values, shape, dtype), shape, dtype };
  }

  // --- what TensorFlow.js calls

  override write(values: backend_util.BackendValues, shape: number[], dtype: TensorInfo['dtype']): Identifier {
    return this.#add(this.#contentFor(values, shape, dtype)).dataId;
  }

  override move(
    dataId: Identifier,
    values: backend_util.BackendValues,
    shape: number[],
    dtype: TensorInfo['dtype'],
    references: number,
  ): void {
    this.#data.set(dataId, { content: this.#contentFor(values, shape, dtype, true), references });
  }

  override refCount(dataId: Identifier): number {
    return this.#data.has(dataId) ? this.#data.get(dataId).references : 0;
  }

  override incRef(dataId: Identifier): void {
    this.#data.get(dataId).references++;
  }

  decRef(dataId: Identifier): void {
    if (this.#data.has(dataId)) this.#data.get(dataId).references--;
  }

  override numDataIds(): number {
    return this.#data.numDataIds();
  }

  override disposeData(dataId: Identifier, force = false): boolean {
    if (!this.#data.has(dataId)) return true;
    const entry = this.#data.get(dataId);
    entry.references--;
    if (!force && entry.references > 0) return false;
    if (entry.content.kind === 'complex') {
      this.disposeData(entry.content.real.dataId);
      this.disposeData(entry.content.imag.dataId);
    }
    this.#pending.delete(entry);
    this.#data.delete(dataId);
    return true;
  }

  disposeIntermediateTensorInfo(info: TensorInfo): void {
    this.disposeData(info.dataId);
  }

  override memory(): { unreliable: boolean; reasons: string[] } {
    return { unreliable: true, reasons: ['pending computations hold memory that is not counted'] };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override timerAvailable(): boolean {
    return true;
  }

  override async time(compute: () => void): Promise<{ kernelMs: number }> {
    const start = util.now();
    compute();
    return { kernelMs: util.now() - start };
  }

  override async read(dataId: Identifier): Promise<backend_util.BackendValues> {
    return this.readSync(dataId);
  }

  override readSync(dataId: Identifier): backend_util.BackendValues {
    const content = this.contentOf(dataId);
    if (content.kind === 'string') return content.values as Uint8Array[];
    if (content.kind === 'complex')
      return backend_util.mergeRealAndImagArrays(
        this.readSync(content.real.dataId) as Float32Array,
        this.readSync(content.imag.dataId) as Float32Array,
      );
    const known = constantData(content.value);
    if (known) return known as backend_util.BackendValues;
    if (this.recording)
      throw new CompileError({
        where: callSite(),
        expected: 'a step that only applies TensorFlow.js operations to its tensors',
        found: 'data(), dataSync() or a computation in JavaScript on a tensor that has no value yet',
        hint: 'a step is recorded once and replayed: select with tf.where, and return what you want to read',
      });
    this.#flush(this.#data.get(dataId));
    return constantData(content.value) as backend_util.BackendValues;
  }

  override dispose(): void {
    this.#pending.clear();
  }

  #add(content: Content): { dataId: Identifier; entry: Entry } {
    const dataId = {};
    const entry = { content, references: 1 };
    this.#data.set(dataId, entry);
    return { dataId, entry };
  }

  #contentFor(values: backend_util.BackendValues, shape: Shape, dtype: TensorInfo['dtype'], moved = false): Content {
    if (dtype === 'string') return { kind: 'string', values: values as Uint8Array[] };
    if (dtype === 'complex64')
      throw new CompileError({ where: callSite(), expected: 'real values', found: 'complex64' });
    const data = toTypedArray((values ?? allocateArray(dtype, sizeOf(shape))) as Float32Array, dtype);
    if (!this.recording) return { kind: 'value', value: constant(data, dtype, shape) };
    const uniform = asUniform(data, dtype, shape);
    if (uniform) return { kind: 'value', value: uniform };
    const repeated = asRepeatedRow(data, dtype, shape);
    const value = repeated?.value ?? constant(data, dtype, shape);
    if (!moved) this.recording.noteConstant(repeated?.row ?? value, callSite());
    return { kind: 'value', value };
  }

  /**
   * Computes every living value in one go, and the one that is read. All of them, because what lives is state more
   * often than not: variables that each step moves and nobody reads would drag the history of their values along.
   */
  #flush(read?: Entry): void {
    this.#nodesPending = 0;
    try {
      this.#compute(new Set(read ? [...this.#pending, read] : this.#pending));
    } catch {
      // What cannot be computed must not keep others from being read: it says so when it is read itself.
      if (read) this.#compute(new Set([read]));
    }
  }

  #compute(entries: ReadonlySet<Entry>): void {
    const wanted = new Set<Value>();
    for (const { content } of entries) if (content.kind === 'value' && nodeOf(content.value)) wanted.add(content.value);
    const values = [...wanted];
    const results = this.#evaluate(values);
    values.forEach((value, index) => {
      value.source = { kind: 'constant', data: results[index] as TypedArray };
    });
    for (const entry of entries) this.#pending.delete(entry);
  }
}
