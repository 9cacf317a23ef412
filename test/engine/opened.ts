import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
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
  for (const config of configs) describe(`${name}, on ${config.type}`, () => suite(opened(config), config.type));
}
