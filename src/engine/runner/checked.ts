import type { TypedArray } from '../../core/dtype.ts';
import { EngineError } from '../../core/error.ts';
import { checkArrays, checkPorts, type DeclaredPort, throwIssues } from './check.ts';
import type { Binding, LiveCounts, Port, Session } from './runner.ts';

/** What a runner has to bring for one loaded model. The classes below see to it that nothing is called out of turn. */
export interface NativeSession {
  readonly inputs: readonly DeclaredPort[];
  readonly outputs: readonly DeclaredPort[];
  /** The arrays match the ports given to `load`. */
  bind(inputs: readonly TypedArray[], outputs: readonly TypedArray[]): NativeBinding;
  free(): void;
}

export interface NativeBinding {
  run(): void;
  runAsync(): Promise<void>;
  free(): void;
}

export class Counts implements LiveCounts {
  sessions = 0;
  values = 0;
}

/** Called once when an object has been freed. */
type Freed = () => void;

/**
 * The session of a loaded model, which it frees when the ports are not the model's.
 * @throws EngineError when they are not
 */
export function checkedSession(
  native: NativeSession,
  name: string,
  inputs: readonly Port[],
  outputs: readonly Port[],
  live: Counts,
): Session {
  try {
    throwIssues([
      ...checkPorts(name, 'input', inputs, native.inputs),
      ...checkPorts(name, 'output', outputs, native.outputs),
    ]);
  } catch (error) {
    native.free();
    throw error;
  }
  return new CheckedSession(native, name, inputs, outputs, live);
}

/** A session that checks what it is asked: native code faults where JavaScript would throw. */
class CheckedSession implements Session {
  readonly #native: NativeSession;
  readonly #name: string;
  readonly #inputs: readonly Port[];
  readonly #outputs: readonly Port[];
  readonly #live: Counts;
  readonly #bindings = new Set<CheckedBinding>();
  #released = false;
  #freed = false;

  constructor(native: NativeSession, name: string, inputs: readonly Port[], outputs: readonly Port[], live: Counts) {
    this.#native = native;
    this.#name = name;
    this.#inputs = inputs;
    this.#outputs = outputs;
    this.#live = live;
    live.sessions += 1;
  }

  bind(inputs: readonly TypedArray[], outputs: readonly TypedArray[]): Binding {
    if (this.#released)
      throw new EngineError({ where: this.#name, expected: 'a live session to bind', found: 'a released one' });
    throwIssues([
      ...checkArrays(this.#name, 'input', this.#inputs, inputs),
      ...checkArrays(this.#name, 'output', this.#outputs, outputs),
    ]);
    const arrays = [...inputs, ...outputs];
    const binding = new CheckedBinding(this.#native.bind(inputs, outputs), this.#name, arrays, () => {
      this.#live.values -= arrays.length;
      this.#bindings.delete(binding);
      this.#freeWhenDone();
    });
    this.#bindings.add(binding);
    this.#live.values += arrays.length;
    return binding;
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    for (const binding of this.#bindings) binding.release();
    this.#freeWhenDone();
  }

  #freeWhenDone(): void {
    if (!this.#released || this.#bindings.size > 0 || this.#freed) return;
    this.#freed = true;
    this.#native.free();
    this.#live.sessions -= 1;
  }
}

class CheckedBinding implements Binding {
  readonly #native: NativeBinding;
  readonly #name: string;
  /** Referenced for as long as native code holds their addresses. */
  readonly #arrays: readonly TypedArray[];
  readonly #lengths: readonly number[];
  readonly #freed: Freed;
  #state: 'idle' | 'running' | 'freed' = 'idle';
  #releasing = false;

  constructor(native: NativeBinding, name: string, arrays: readonly TypedArray[], freed: Freed) {
    this.#native = native;
    this.#name = name;
    this.#arrays = arrays;
    this.#lengths = arrays.map(({ length }) => length);
    this.#freed = freed;
  }

  run(): void {
    this.#check();
    this.#native.run();
  }

  async runAsync(): Promise<void> {
    this.#check();
    this.#state = 'running';
    try {
      await this.#native.runAsync();
    } finally {
      this.#state = 'idle';
      if (this.#releasing) this.#free();
    }
  }

  release(): void {
    this.#releasing = true;
    if (this.#state === 'idle') this.#free();
  }

  #free(): void {
    this.#state = 'freed';
    this.#native.free();
    this.#freed();
  }

  #check(): void {
    if (this.#releasing)
      throw new EngineError({ where: this.#name, expected: 'a live binding to run', found: 'a released one' });
    if (this.#state === 'running')
      throw new EngineError({
        where: this.#name,
        expected: 'one run of a binding at a time',
        found: 'a run that has not ended',
        hint: 'await it, or bind the session twice',
      });
    for (let place = 0; place < this.#arrays.length; place += 1) {
      const length = this.#arrays[place]?.length;
      if (length !== this.#lengths[place])
        throw new EngineError({
          where: this.#name,
          expected: `the array of ${this.#lengths[place]} that was bound`,
          found: `${length} elements: its buffer was transferred, resized or grown`,
          hint: 'bind again',
        });
    }
  }
}
