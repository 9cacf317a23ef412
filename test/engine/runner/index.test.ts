import Module from 'node:module';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type OpenOptions, openRunner } from '../../../src/engine/runner/index.ts';
import { bundledLibrary } from '../../../src/engine/runner/koffi/library.ts';

// Node's own loader of CommonJS modules, through which both runners load their native parts when they are opened.
const loader = Module as unknown as { _load(request: string, ...rest: unknown[]): unknown };
const load = loader._load;

/** Makes `require` of a module whose name ends in `name` give what `instead` returns. */
function replaceModule(name: string, instead: () => unknown): void {
  loader._load = (request, ...rest) => (request.endsWith(name) ? instead() : load(request, ...rest));
}

function missing(name: string): () => never {
  return () => {
    throw new Error(`Cannot find module '${name}'\nRequire stack:\n- nowhere`);
  };
}

afterEach(() => {
  loader._load = load;
  vi.unstubAllEnvs();
});

function messageOf(options: OpenOptions): string {
  try {
    openRunner(options);
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  throw new Error('nothing was thrown');
}

// These come before the library is opened for good.
describe('when koffi does not load', () => {
  test('the binding runs, and the reason says why', () => {
    replaceModule('koffi', missing('koffi'));
    const { runner, reason } = openRunner({ threads: 1 });
    expect(runner.type).toBe('binding');
    expect(reason).toBe(
      `ONNX Runtime ${runner.version}, no threads besides the caller; koffi can't be used: ` +
        "koffi: expected its native module for this platform; found Cannot find module 'koffi' Require stack: - nowhere",
    );
  });

  test('and the binding neither, the error says both', () => {
    replaceModule('koffi', missing('koffi'));
    const withoutKoffi = loader._load;
    loader._load = (request, ...rest) =>
      request.endsWith('binding.js') ? missing('binding.js')() : withoutKoffi(request, ...rest);
    expect(messageOf({ threads: 1 })).toBe(
      "EngineError: koffi: expected its native module for this platform; found Cannot find module 'koffi' Require stack: - nowhere\n" +
        "onnxruntime-node: expected its native binding for this platform; found Cannot find module 'binding.js' Require stack: - nowhere",
    );
  });

  test('and it was asked for, that is an error', () => {
    replaceModule('koffi', missing('koffi'));
    expect(messageOf({ threads: 1, only: 'koffi' })).toContain('EngineError: koffi: expected its native module');
  });
});

describe('choosing', () => {
  test('koffi comes first', () => {
    const { runner, reason } = openRunner({ threads: 1 });
    expect(runner.type).toBe('koffi');
    expect(reason).toBe(`ONNX Runtime ${runner.version}, no threads besides the caller; called without copies`);
  });

  test('a missing library leads to the binding', () => {
    const { runner, reason } = openRunner({ threads: 1, library: '/nowhere/libonnxruntime.so' });
    expect(runner.type).toBe('binding');
    expect(reason).toContain(
      "koffi can't be used: /nowhere/libonnxruntime.so: expected the native library of ONNX Runtime; found no such file",
    );
  });

  test.each(['koffi', 'binding'] as const)('%s can be asked for', (only) => {
    const { runner, reason } = openRunner({ threads: 1, only });
    expect(runner.type).toBe(only);
    expect(reason).toContain(`; '${only}' was asked for`);
  });

  test('the environment variable asks as well, the option before it', () => {
    vi.stubEnv('TRUNKLINE_RUNNER', 'binding');
    expect(openRunner({ threads: 1 }).runner.type).toBe('binding');
    expect(openRunner({ threads: 1, only: 'koffi' }).runner.type).toBe('koffi');
  });

  test('the environment variable must name a runner', () => {
    vi.stubEnv('TRUNKLINE_RUNNER', 'kofi');
    expect(messageOf({ threads: 1 })).toBe(
      "ConfigError: environment variable TRUNKLINE_RUNNER: expected one of 'koffi', 'binding'; found 'kofi'\n  hint: did you mean 'koffi'?",
    );
  });

  test.each([0, -1, 1.5, Number.NaN])('%s threads are refused', (threads) => {
    expect(messageOf({ threads })).toBe(`ConfigError: threads: expected a whole number, at least 1; found ${threads}`);
  });

  test('the bundled library is the one of this platform', () => {
    expect(bundledLibrary()).toContain(`${process.platform}/${process.arch}`);
  });
});

test('internals of the binding that moved are an error', () => {
  replaceModule('onnxruntime-node/dist/binding.js', () => ({
    binding: { InferenceSession: class {} },
    initOrt: () => {},
  }));
  expect(messageOf({ threads: 1, only: 'binding' })).toMatch(
    /^EngineError: onnxruntime-node: expected dist\/binding\.js with initOrt and InferenceSession\.loadModel and run, as in 1\.30; found version 1\.30\.\d+, which is built differently\n {2}hint: install onnxruntime-node 1\.30$/,
  );
});
