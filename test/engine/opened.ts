import '@tensorflow/tfjs-backend-cpu';
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, beforeEach, describe, it } from 'vitest';
import type { TrunklineEvent } from '../../src/core/event.ts';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { type EngineConfig, openEngine } from '../../src/engine/index.ts';
import type { Engine } from '../../src/engine/trainer.ts';

trunklineBackend();

/** The definition: plain TensorFlow.js. */
export const eager = { type: 'tfjs-cpu' } as const satisfies EngineConfig;
/** Compiled programs, in the thread of the test. */
export const compiled = { type: 'onnx-cpu', threads: 1, worker: false } as const satisfies EngineConfig;
/** Compiled programs, in a worker: what users get. */
export const inWorker = { type: 'onnx-cpu', threads: 1 } as const satisfies EngineConfig;

/** The definition on TensorFlow's own kernels: an optional package, which npm can't install everywhere. */
export const native = { type: 'tfjs-node' } as const satisfies EngineConfig;

/** Why there is no such engine, if there is none: bench/peers/addon builds it where npm can't. */
export const noNative = ((): string | undefined => {
  try {
    createRequire(import.meta.url).resolve('@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node');
    return undefined;
  } catch {
    return 'needs @tensorflow/tfjs-node, which bench/peers/addon builds';
  }
})();

/** The suite, or in its place one test that says why there is none. */
export function unlessMissing(config: EngineConfig, suite: () => void): void {
  if (config.type === native.type && noNative) it('is not tested here', (context) => context.skip(true, noNative));
  else suite();
}

/** An engine that is open while tests run, and what it has told. */
export interface Opened {
  readonly config: EngineConfig;
  readonly engine: Engine;
  readonly events: TrunklineEvent[];
}

/** Opens an engine before the tests of the suite at hand, and closes it after them. Models stay on TensorFlow.js' backend. */
export function opened(config: EngineConfig): Opened {
  const events: TrunklineEvent[] = [];
  let engine: Engine | undefined;
  beforeAll(async () => {
    engine = await openEngine(config, { events: (event) => events.push(event) });
    // A worker takes its time to start on a busy machine.
  }, 60_000);
  afterAll(() => engine?.close());
  beforeEach(() => {
    tf.setBackend('cpu');
  });
  return {
    config,
    events,
    get engine() {
      if (!engine) throw new Error('the engine is open while tests run, and not while they are described');
      return engine;
    },
  };
}

/** The same suite on each of some engines. */
export function onEngines(
  name: string,
  configs: readonly EngineConfig[],
  suite: (on: Opened, type: EngineConfig['type']) => void,
): void {
  for (const config of configs)
    describe(`${name}, on ${config.type}`, () => unlessMissing(config, () => suite(opened(config), config.type)));
}
