import '@tensorflow/tfjs-backend-cpu';
import { z } from 'zod';
import { EngineError } from '../core/error.ts';
import { plugin } from '../core/plugin.ts';
import { EagerTrainer } from './eager-trainer.ts';
import type { EngineContext } from './onnx.ts';
import type { Engine } from './trainer.ts';

const fields = z.object({});

function eagerEngine(type: string, backend: string, { events }: EngineContext): Engine {
  events({
    type: 'engineChosen',
    engine: type,
    runner: 'eager',
    threads: 1,
    reason: `TensorFlow.js, backend ${backend}`,
  });
  return {
    type,
    train: async (spec) => new EagerTrainer(spec, backend),
    status: async () => ({ programs: 0, sessions: 0, values: 0 }),
    close: async () => {},
  };
}

/** Loads a native TensorFlow.js package, which registers the backend `tensorflow`. */
async function nativeEngine(name: 'tfjs-node' | 'tfjs-node-gpu', context: EngineContext): Promise<Engine> {
  const packageName = `@tensorflow/${name}`;
  try {
    await import(packageName);
  } catch (cause) {
    throw new EngineError(
      {
        where: `engine ${name}`,
        expected: `the package ${packageName}`,
        found: cause instanceof Error ? (cause.message.split('\n')[0] as string) : String(cause),
        hint: `npm install ${packageName}, or use the engine onnx-cpu, which needs nothing and is faster`,
      },
      { cause },
    );
  }
  return eagerEngine(name, 'tensorflow', context);
}

export const tfjsCpu = plugin({
  type: 'tfjs-cpu',
  summary: 'plain TensorFlow.js in JavaScript, kernel by kernel: slow; what the others are held against',
  fields,
  example: {},
  build: async (_, context: EngineContext) => eagerEngine('tfjs-cpu', 'cpu', context),
});

export const tfjsNode = plugin({
  type: 'tfjs-node',
  summary: 'TensorFlow through the optional package @tensorflow/tfjs-node, kernel by kernel',
  fields,
  example: {},
  build: (_, context: EngineContext) => nativeEngine('tfjs-node', context),
});

export const tfjsNodeGpu = plugin({
  type: 'tfjs-node-gpu',
  summary: 'TensorFlow on an NVIDIA GPU through the optional package @tensorflow/tfjs-node-gpu, kernel by kernel',
  fields,
  example: {},
  build: (_, context: EngineContext) => nativeEngine('tfjs-node-gpu', context),
});
