import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test } from 'vitest';
import { allocateArray, type TypedArray, viewArray } from '../../../src/core/dtype.ts';
import { EngineError } from '../../../src/core/error.ts';
import { sizeOf } from '../../../src/core/shape.ts';
import { openRunner } from '../../../src/engine/runner/index.ts';
import {
  type Binding,
  type Port,
  type Provider,
  type Runner,
  runnerTypes,
  type Session,
} from '../../../src/engine/runner/runner.ts';
import { addition, type Model, model, type NumericCase, node, numericCases, port, slow } from './model.ts';

const allocate = (ports: readonly Port[]): TypedArray[] => ports.map((p) => allocateArray(p.dtype, sizeOf(p.shape)));

const load = (runner: Runner, { bytes, inputs, outputs }: Model, provider: Provider = 'cpu'): Session =>
  runner.load(bytes, inputs, outputs, { provider, optimization: 'all' });

const float = (...values: readonly number[]): Float32Array => Float32Array.from(values);

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** The message of the EngineError that `act` throws. */
function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof EngineError) return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function checkCase(runner: Runner, numericCase: NumericCase, provider: Provider = 'cpu'): void {
  const session = load(runner, numericCase, provider);
  const outputs = allocate(numericCase.outputs);
  try {
    session.bind(numericCase.given, outputs).run();
  } finally {
    session.release();
  }
  expect(outputs, numericCase.name).toEqual(numericCase.expected);
}

describe.each(runnerTypes)('%s', (type) => {
  const { runner } = openRunner({ threads: 2, only: type });

  afterEach(() => {
    expect(runner.live).toEqual({ sessions: 0, values: 0 });
  });

  /** Runs `body` on an addition, and releases it. */
  function withAddition(body: (session: Session, binding: Binding, sum: Float32Array) => void): void {
    const session = load(runner, addition);
    const sum = float(0, 0, 0, 0);
    try {
      body(session, session.bind([float(1, 2, 3, 4), float(1, 1, 1, 1)], [sum]), sum);
    } finally {
      session.release();
    }
  }

  describe('computing', () => {
    test('tells the version of ONNX Runtime', () => {
      expect(runner.version).toMatch(/^1\.30\./);
    });

    test.each(numericCases)('$name', (numericCase) => {
      checkCase(runner, numericCase);
    });

    test('without optimisation as well', () => {
      const session = runner.load(addition.bytes, addition.inputs, addition.outputs, {
        provider: 'cpu',
        optimization: 'basic',
      });
      const sum = float(0, 0, 0, 0);
      session.bind([float(1, 2, 3, 4), float(1, 1, 1, 1)], [sum]).run();
      session.release();
      expect(sum).toEqual(float(2, 3, 4, 5));
    });

    test('on webgpu gives the same', (context) => {
      try {
        load(runner, addition, 'webgpu').release();
      } catch (error) {
        context.skip(error instanceof EngineError, `no GPU adapter here: ${(error as Error).message.split('\n')[0]}`);
        throw error;
      }
      for (const numericCase of numericCases) checkCase(runner, numericCase, 'webgpu');
    });

    test('reads and writes shared memory at any offset, and nothing beside it', () => {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 16, shared: true });
      const all = new Float32Array(memory.buffer).fill(-1);
      const at = (place: number): TypedArray => viewArray('float32', memory.buffer, place * 4, 4);
      const session = load(runner, addition);
      const binding = session.bind([at(1), at(7)], [at(13)]);
      for (const scale of [1, 10]) {
        all.set(
          [1, 2, 3, 4].map((value) => value * scale),
          1,
        );
        all.set(
          [5, 6, 7, 8].map((value) => value * scale),
          7,
        );
        binding.run();
        memory.grow(1);
        expect([...all.subarray(12, 18)]).toEqual([-1, 6 * scale, 8 * scale, 10 * scale, 12 * scale, -1]);
      }
      session.release();
      expect(all.filter((value) => value === -1).length).toBe(all.length - 12);
    });

    test('writes an output that is an input of its next run', () => {
      const session = load(runner, addition);
      const total = float(0, 0, 0, 0);
      const next = float(0, 0, 0, 0);
      const one = float(1, 1, 1, 1);
      const there = session.bind([total, one], [next]);
      const back = session.bind([next, one], [total]);
      for (let step = 0; step < 5; step += 1) {
        there.run();
        back.run();
      }
      session.release();
      expect(total).toEqual(float(10, 10, 10, 10));
    });

    test('runs two bindings of one session in turns', () => {
      const session = load(runner, addition);
      const buffers = [1, 2].map(() => ({ a: float(0, 0, 0, 0), b: float(0, 0, 0, 0), sum: float(0, 0, 0, 0) }));
      const bindings = buffers.map(({ a, b, sum }) => session.bind([a, b], [sum]));
      for (let step = 0; step < 6; step += 1) {
        const { a, b, sum } = buffers[step % 2]!;
        a.fill(step);
        b.fill(100);
        bindings[step % 2]!.run();
        expect(sum).toEqual(float(100 + step, 100 + step, 100 + step, 100 + step));
        expect(buffers[(step + 1) % 2]!.sum[0]).toBe(step === 0 ? 0 : 99 + step);
      }
      session.release();
    });

    test('keeps from the garbage collector what native code uses', async () => {
      const session = load(runner, { ...addition, bytes: addition.bytes.slice() });
      const buffer = new ArrayBuffer(16);
      const binding = session.bind([float(1, 2, 3, 4), float(1, 1, 1, 1)], [new Float32Array(buffer)]);
      for (let round = 0; round < 5; round += 1) {
        collectGarbage();
        await new Promise(setImmediate);
        binding.run();
        await binding.runAsync();
        expect(new Float32Array(buffer)).toEqual(float(2, 3, 4, 5));
        new Float32Array(buffer).fill(0);
      }
      session.release();
    });

    test('loads a model from shared memory', () => {
      const bytes = new Uint8Array(new SharedArrayBuffer(addition.bytes.length + 3), 3);
      bytes.set(addition.bytes);
      load(runner, { ...addition, bytes }).release();
    });
  });

  describe('running asynchronously', () => {
    test('gives the same', async () => {
      const session = load(runner, addition);
      const sum = float(0, 0, 0, 0);
      await session.bind([float(1, 2, 3, 4), float(1, 1, 1, 1)], [sum]).runAsync();
      session.release();
      expect(sum).toEqual(float(2, 3, 4, 5));
    });

    test('leaves the event loop alive', async (context) => {
      context.skip(type === 'binding', 'the official binding has no asynchronous run');
      const long = slow(384, 20);
      const session = load(runner, long);
      const run = session.bind(allocate(long.inputs), allocate(long.outputs)).runAsync();
      let turns = 0;
      let running = true;
      const count = (): void => {
        turns += 1;
        if (running) setImmediate(count);
      };
      count();
      await run;
      running = false;
      session.release();
      expect(turns).toBeGreaterThan(10);
    });

    test('runs two bindings of one session at once', async () => {
      const session = load(runner, addition);
      const sums = [float(0, 0, 0, 0), float(0, 0, 0, 0)];
      const runs = sums.map((sum, place) => session.bind([float(1, 2, 3, 4), float(place, 0, 0, 0)], [sum]).runAsync());
      await Promise.all(runs);
      session.release();
      expect(sums).toEqual([float(1, 2, 3, 4), float(2, 2, 3, 4)]);
    });

    test('refuses a second run of the same binding meanwhile', async () => {
      const session = load(runner, addition);
      const binding = session.bind(allocate(addition.inputs), allocate(addition.outputs));
      const run = binding.runAsync();
      const expected =
        'model: expected one run of a binding at a time; found a run that has not ended\n' +
        '  hint: await it, or bind the session twice';
      expect(messageOf(() => binding.run())).toBe(expected);
      await expect(binding.runAsync()).rejects.toThrow(expected);
      await run;
      binding.run();
      session.release();
    });

    test('frees what is released meanwhile when the run has ended', async () => {
      const long = slow(128, 4);
      const session = load(runner, long);
      const run = session.bind(allocate(long.inputs), allocate(long.outputs)).runAsync();
      session.release();
      session.release();
      expect(runner.live).toEqual({ sessions: 1, values: 2 });
      await run;
      expect(runner.live).toEqual({ sessions: 0, values: 0 });
    });
  });

  describe('releasing', () => {
    test('2,000 times binding, running and releasing leaves nothing', () => {
      const session = load(runner, addition);
      const sum = float(0, 0, 0, 0);
      for (let round = 0; round < 2000; round += 1) {
        const binding = session.bind([float(round, 2, 3, 4), float(1, 1, 1, 1)], [sum]);
        binding.run();
        expect(runner.live.values).toBe(3);
        binding.release();
        expect(runner.live.values).toBe(0);
      }
      expect(sum[0]).toBe(2000);
      session.release();
    });

    test('200 times loading and releasing leaves nothing', () => {
      for (let round = 0; round < 200; round += 1) load(runner, addition).release();
    });

    test('a session releases its bindings', () => {
      const session = load(runner, addition);
      for (let round = 0; round < 3; round += 1)
        session.bind(allocate(addition.inputs), allocate(addition.outputs)).run();
      expect(runner.live).toEqual({ sessions: 1, values: 9 });
      session.release();
    });

    test('a second time does nothing', () => {
      withAddition((session, binding) => {
        binding.release();
        binding.release();
        expect(runner.live).toEqual({ sessions: 1, values: 0 });
        session.release();
        session.release();
        binding.release();
      });
    });
  });

  describe('refusing', () => {
    test('arrays of another length or type, all at once', () => {
      withAddition((session) => {
        expect(messageOf(() => session.bind([float(1, 2, 3), new Int32Array(4)], [new Float32Array(5)]))).toBe(
          [
            "model, input 'a': expected a Float32Array of 4 for float32 [4]; found a Float32Array of 3",
            "model, input 'b': expected a Float32Array of 4 for float32 [4]; found a Int32Array of 4",
            "model, output 'sum': expected a Float32Array of 4 for float32 [4]; found a Float32Array of 5",
          ].join('\n'),
        );
      });
    });

    test('too few or too many arrays', () => {
      withAddition((session) => {
        const four = float(0, 0, 0, 0);
        expect(messageOf(() => session.bind([four], [four, four]))).toBe(
          'model: expected one array for each of 2 inputs; found 1\nmodel: expected one array for each of 1 outputs; found 2',
        );
      });
    });

    test('an array whose memory was transferred away', () => {
      const session = load(runner, addition);
      const a = float(1, 2, 3, 4);
      const binding = session.bind([a, float(1, 1, 1, 1)], [float(0, 0, 0, 0)]);
      structuredClone(a.buffer, { transfer: [a.buffer] });
      expect(messageOf(() => binding.run())).toBe(
        'model: expected the array of 4 that was bound; found 0 elements: its buffer was transferred, resized or grown\n  hint: bind again',
      );
      session.release();
    });

    test('ports the model does not have, all at once', () => {
      const inputs = [port('a', 'int32', [4]), port('c', 'float32', [4])];
      const outputs = [port('sum', 'float32', [2, 2])];
      expect(messageOf(() => load(runner, { ...addition, inputs, outputs }))).toBe(
        [
          "model, input 'a': expected int32 [4]; found float32 [4] in the model",
          "model, input 'c': expected float32 [4]; found no such input in the model",
          "model, input 'b': expected a port for each of the model's inputs; found none for this one",
          "model, output 'sum': expected float32 [2, 2]; found float32 [4] in the model",
        ].join('\n'),
      );
    });

    test.each([
      {
        what: 'cut short',
        bytes: addition.bytes.subarray(0, -20),
        says: 'Failed to load model because protobuf parsing failed.',
      },
      { what: 'cut to its head', bytes: addition.bytes.slice(0, 2), says: 'No graph was found in the protobuf.' },
      { what: 'empty', bytes: new Uint8Array(0), says: 'an empty file is no protobuf.' },
      {
        what: 'of other bytes',
        bytes: addition.bytes.map((byte) => byte ^ 0xa5),
        says: 'Failed to load model because protobuf parsing failed.',
      },
    ])('a model that is $what', ({ bytes, says }) => {
      const options = { provider: 'cpu', optimization: 'all', name: "program 'mlp'" } as const;
      expect(messageOf(() => runner.load(bytes, addition.inputs, addition.outputs, options))).toBe(
        `program 'mlp': expected an ONNX model that ONNX Runtime ${runner.version} can load; ` +
          `found ${bytes.length} bytes it refuses: ${says}\n  hint: the model is damaged or cut short: write it anew`,
      );
    });

    test('a model with an unknown operator', () => {
      const { inputs, outputs } = addition;
      const unknown = model([node('Foo', ['a', 'b'], ['sum'])], inputs, outputs);
      expect(messageOf(() => load(runner, unknown))).toContain('No Op registered for Foo with domain_version of 18');
    });

    test('a model that fails while running', () => {
      const failing = model(
        [node('Gather', ['a', 'index'], ['picked'])],
        [port('a', 'float32', [4]), port('index', 'int64', [1])],
        [port('picked', 'float32', [1])],
      );
      const session = load(runner, failing);
      const index = BigInt64Array.of(9n);
      const picked = float(0);
      const binding = session.bind([float(1, 2, 3, 4), index], [picked]);
      const message = messageOf(() => binding.run());
      expect(message).toContain(
        'model: expected the model to run; found Non-zero status code returned while running Gather',
      );
      index[0] = 2n;
      binding.run();
      session.release();
      expect(picked[0]).toBe(3);
    });

    test('a released binding', async () => {
      const session = load(runner, addition);
      const binding = session.bind(allocate(addition.inputs), allocate(addition.outputs));
      binding.release();
      const expected = 'model: expected a live binding to run; found a released one';
      expect(messageOf(() => binding.run())).toBe(expected);
      await expect(binding.runAsync()).rejects.toThrow(expected);
      session.release();
    });

    test('a released session', () => {
      const session = load(runner, addition);
      const binding = session.bind(allocate(addition.inputs), allocate(addition.outputs));
      session.release();
      expect(messageOf(() => binding.run())).toBe('model: expected a live binding to run; found a released one');
      expect(messageOf(() => session.bind([], []))).toBe(
        'model: expected a live session to bind; found a released one',
      );
    });

    test('cuda without its libraries', (context) => {
      let message = '';
      try {
        load(runner, addition, 'cuda').release();
      } catch (error) {
        message = (error as Error).message;
      }
      context.skip(message === '', 'CUDA works here');
      context.skip(!message.includes('libonnxruntime_providers_cuda.so'), `CUDA is half there: ${message}`);
      expect(message).toMatch(/^provider cuda: expected ONNX Runtime's CUDA libraries in .*; found no lib/);
      expect(message).toContain('\n  hint: on Linux x64, ONNXRUNTIME_NODE_INSTALL=cuda12 node ');
    });

    test('webgpu without an adapter', (context) => {
      let message = '';
      try {
        load(runner, addition, 'webgpu').release();
      } catch (error) {
        message = (error as Error).message;
      }
      context.skip(message === '', 'there is an adapter here');
      expect(message).toMatch(/^provider webgpu: expected a GPU adapter; found .*\n {2}hint: .*Vulkan driver/);
    });
  });
});
