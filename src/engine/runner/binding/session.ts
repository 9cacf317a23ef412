import type { TypedArray } from '../../../core/dtype.ts';
import { EngineError } from '../../../core/error.ts';
import type { DeclaredPort } from '../check.ts';
import type { NativeBinding, NativeSession } from '../checked.ts';
import { oneLine } from '../message.ts';
import type { Port } from '../runner.ts';
import type { OrtSession, OrtTensor, TensorConstructor } from './internals.ts';

/** Whether the array lies in memory that onnxruntime-node refuses. */
export const isShared = ({ buffer }: TypedArray): boolean => buffer instanceof SharedArrayBuffer;

const bytesOf = ({ buffer, byteOffset, byteLength }: TypedArray): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** A model loaded by onnxruntime-node. */
export class OfficialSession implements NativeSession {
  readonly #session: OrtSession;
  readonly #Tensor: TensorConstructor;
  readonly #name: string;
  readonly #inputs: readonly Port[];
  readonly #outputs: readonly Port[];

  constructor(
    session: OrtSession,
    Tensor: TensorConstructor,
    name: string,
    inputs: readonly Port[],
    outputs: readonly Port[],
  ) {
    this.#session = session;
    this.#Tensor = Tensor;
    this.#name = name;
    this.#inputs = inputs;
    this.#outputs = outputs;
  }

  get inputs(): readonly DeclaredPort[] {
    return this.#session.inputMetadata;
  }

  get outputs(): readonly DeclaredPort[] {
    return this.#session.outputMetadata;
  }

  bind(inputs: readonly TypedArray[], outputs: readonly TypedArray[]): NativeBinding {
    return new OfficialBinding(
      this.#session,
      this.#Tensor,
      this.#name,
      pair(this.#inputs, inputs),
      pair(this.#outputs, outputs),
    );
  }

  free(): void {
    this.#session.dispose();
  }
}

interface Place {
  readonly port: Port;
  readonly array: TypedArray;
}

const pair = (ports: readonly Port[], arrays: readonly TypedArray[]): readonly Place[] =>
  ports.map((port, index) => ({ port, array: arrays[index] as TypedArray }));

class OfficialBinding implements NativeBinding {
  readonly #session: OrtSession;
  readonly #name: string;
  readonly #feeds: Record<string, OrtTensor> = {};
  readonly #fetches: Record<string, null> = {};
  /** Inputs in shared memory, which the binding refuses, and the private memory it gets instead. */
  readonly #copies: { readonly from: Uint8Array; readonly to: Uint8Array }[] = [];
  readonly #targets: readonly { readonly port: Port; readonly bytes: Uint8Array }[];

  constructor(
    session: OrtSession,
    Tensor: TensorConstructor,
    name: string,
    inputs: readonly Place[],
    outputs: readonly Place[],
  ) {
    this.#session = session;
    this.#name = name;
    for (const { port, array } of inputs) {
      const data = isShared(array) ? (array.slice() as TypedArray) : array;
      if (data !== array) this.#copies.push({ from: bytesOf(array), to: bytesOf(data) });
      this.#feeds[port.name] = new Tensor(port.dtype, data, port.shape);
    }
    for (const { port } of outputs) this.#fetches[port.name] = null;
    this.#targets = outputs.map(({ port, array }) => ({ port, bytes: bytesOf(array) }));
  }

  run(): void {
    for (const { from, to } of this.#copies) to.set(from);
    const results = this.#compute();
    for (const { port, bytes } of this.#targets) {
      const result = bytesOf((results[port.name] as OrtTensor).data);
      if (result.length !== bytes.length)
        throw new EngineError({
          where: `${this.#name}, output '${port.name}'`,
          expected: `${bytes.length} bytes, as its shape says`,
          found: `${result.length}`,
        });
      bytes.set(result);
    }
  }

  /** The binding has no asynchronous run: this one blocks as well, but lets the event loop turn first. */
  async runAsync(): Promise<void> {
    await new Promise(setImmediate);
    this.run();
  }

  free(): void {}

  #compute(): Record<string, OrtTensor> {
    try {
      return this.#session.run(this.#feeds, this.#fetches, {});
    } catch (cause) {
      const found = oneLine(cause instanceof Error ? cause.message : String(cause));
      throw new EngineError({ where: this.#name, expected: 'the model to run', found }, { cause });
    }
  }
}
