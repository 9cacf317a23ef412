import type { TypedArray } from '../../../core/dtype.ts';
import type { Issue } from '../../../core/error.ts';
import { elementType } from '../../onnx/element-type.ts';
import type { DeclaredPort } from '../check.ts';
import type { NativeBinding, NativeSession } from '../checked.ts';
import type { Port } from '../runner.ts';
import type { Pointer, Status } from './api.ts';
import type { Environment } from './environment.ts';
import type { OrtLibrary } from './library.ts';
import { declaredPorts } from './metadata.ts';

/** Something whose address native code holds: it must stay referenced for as long. */
interface Pinned {
  readonly address: Pointer | null;
  readonly memory: unknown;
}

/** Addresses as the C array that functions take. */
function pinAddresses(ort: OrtLibrary, addresses: readonly Pointer[]): Pinned {
  if (addresses.length === 0) return { address: null, memory: undefined };
  const memory = BigUint64Array.from(addresses);
  return { address: ort.koffi.address(memory), memory };
}

function pinNames(ort: OrtLibrary, ports: readonly Port[]): Pinned {
  const texts = ports.map(({ name }) => Uint8Array.from(Buffer.from(`${name}\0`)));
  const { address, memory } = pinAddresses(
    ort,
    texts.map((text) => ort.koffi.address(text)),
  );
  return { address, memory: [memory, texts] };
}

/** A model loaded through the C API. */
export class KoffiSession implements NativeSession {
  readonly inputs: readonly DeclaredPort[];
  readonly outputs: readonly DeclaredPort[];
  readonly #ort: OrtLibrary;
  readonly #memory: Pointer;
  readonly #session: Pointer;
  readonly #name: string;
  readonly #inputPorts: readonly Port[];
  readonly #outputPorts: readonly Port[];
  readonly #inputNames: Pinned;
  readonly #outputNames: Pinned;

  /** @param session a native session, which is this object's to release */
  constructor(
    ort: OrtLibrary,
    { memory, allocator }: Environment,
    session: Pointer,
    name: string,
    inputs: readonly Port[],
    outputs: readonly Port[],
  ) {
    this.#ort = ort;
    this.#memory = memory;
    this.#session = session;
    this.#name = name;
    this.#inputPorts = inputs;
    this.#outputPorts = outputs;
    this.#inputNames = pinNames(ort, inputs);
    this.#outputNames = pinNames(ort, outputs);
    this.inputs = declaredPorts(ort, allocator, session, 'input');
    this.outputs = declaredPorts(ort, allocator, session, 'output');
  }

  bind(inputs: readonly TypedArray[], outputs: readonly TypedArray[]): NativeBinding {
    const values: Pointer[] = [];
    try {
      for (const [place, port] of this.#inputPorts.entries())
        values.push(this.#value(port, inputs[place] as TypedArray));
      for (const [place, port] of this.#outputPorts.entries())
        values.push(this.#value(port, outputs[place] as TypedArray));
    } catch (error) {
      for (const value of values) this.#ort.api.ReleaseValue(value);
      throw error;
    }
    return new KoffiBinding(this.#ort, this.#session, this.#name, values, this.#inputNames, this.#outputNames, {
      inputs: inputs.length,
      outputs: outputs.length,
    });
  }

  free(): void {
    this.#ort.api.ReleaseSession(this.#session);
  }

  /** A tensor over the array's own memory. */
  #value({ name, dtype, shape }: Port, array: TypedArray): Pointer {
    const { api, koffi } = this.#ort;
    // An array without elements may have no address; nothing is read or written there, but null is refused.
    const data = array.byteLength > 0 ? koffi.address(array) : koffi.address(nothing);
    const sizes = BigInt64Array.from(shape, BigInt);
    const rank = shape.length;
    const shapeArgument = rank === 0 ? null : sizes;
    return this.#ort.make(
      (out) =>
        api.CreateTensorWithDataAsOrtValue(
          this.#memory,
          data,
          array.byteLength,
          shapeArgument,
          rank,
          elementType[dtype],
          out,
        ),
      (found) => ({ where: `${this.#name}, '${name}'`, expected: 'memory that a tensor can use', found }),
    );
  }
}

const nothing = new BigInt64Array(1);

class KoffiBinding implements NativeBinding {
  readonly #ort: OrtLibrary;
  readonly #session: Pointer;
  readonly #values: readonly Pointer[];
  readonly #inputNames: Pinned;
  readonly #outputNames: Pinned;
  readonly #inputs: Pinned;
  readonly #outputs: Pinned;
  readonly #count: { readonly inputs: number; readonly outputs: number };
  readonly #issue: (found: string) => Issue;

  constructor(
    ort: OrtLibrary,
    session: Pointer,
    name: string,
    values: readonly Pointer[],
    inputNames: Pinned,
    outputNames: Pinned,
    count: { readonly inputs: number; readonly outputs: number },
  ) {
    this.#ort = ort;
    this.#session = session;
    this.#values = values;
    this.#inputNames = inputNames;
    this.#outputNames = outputNames;
    this.#inputs = pinAddresses(ort, values.slice(0, count.inputs));
    this.#outputs = pinAddresses(ort, values.slice(count.inputs));
    this.#count = count;
    this.#issue = (found) => ({ where: name, expected: 'the model to run', found });
  }

  run(): void {
    const status = this.#ort.api.Run(
      this.#session,
      null,
      this.#inputNames.address,
      this.#inputs.address,
      this.#count.inputs,
      this.#outputNames.address,
      this.#count.outputs,
      this.#outputs.address,
    );
    if (status !== null) this.#ort.check(status, this.#issue);
  }

  runAsync(): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error: Error | null, status: Status): void => {
        try {
          if (error) throw error;
          this.#ort.check(status, this.#issue);
          resolve();
        } catch (failure) {
          reject(failure);
        }
      };
      this.#ort.api.Run.async(
        this.#session,
        null,
        this.#inputNames.address,
        this.#inputs.address,
        this.#count.inputs,
        this.#outputNames.address,
        this.#count.outputs,
        this.#outputs.address,
        done,
      );
    });
  }

  free(): void {
    for (const value of this.#values) this.#ort.api.ReleaseValue(value);
  }
}
