import '@tensorflow/tfjs-backend-cpu';
import { z } from 'zod';
import { EngineError } from '../core/error.ts';
import { plugin } from '../core/plugin.ts';
import { EagerTrainer } from './eager-trainer.ts';
import type { EngineContext } from './onnx.ts';
import type { Engine, EngineStatus, Trainer, TrainerSpec } from './trainer.ts';

const fields = z.object({});

class TfjsEngine implements Engine {
  readonly type: string;
  readonly eager = true;
  readonly #backend: string;
  readonly #trainers = new Set<Trainer>();
  #closed = false;

  constructor(type: string, backend: string) {
    this.type = type;
    this.#backend = backend;
  }

  async train(spec: TrainerSpec): Promise<Trainer> {
    this.#checkOpen();
    const trainer: Trainer = new EagerTrainer(spec, this.#backend, () => this.#trainers.delete(trainer));
    this.#trainers.add(trainer);
    return trainer;
  }

  async status(): Promise<EngineStatus> {
    this.#checkOpen();
    return { programs: 0, sessions: 0, values: 0, memoryBytes: 0 };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const trainer of this.#trainers) await trainer.close();
  }

  #checkOpen(): void {
    if (this.#closed)
      throw new EngineError({ where: `engine ${this.type}`, expected: 'an open engine', found: 'a closed one' });
  }
}

function eagerEngine(type: string, backend: string, { events }: EngineContext): Engine {
  const reason = `TensorFlow.js, backend ${backend}`;
  events({ type: 'engineChosen', engine: type, runner: 'eager', threads: 1, reason });
  return new TfjsEngine(type, backend);
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
  summary: 'Plain TensorFlow.js in JavaScript, kernel by kernel: slow; what the others are held against.',
  fields,
  example: {},
  build: async (_, context: EngineContext) => eagerEngine('tfjs-cpu', 'cpu', context),
});

export const tfjsNode = plugin({
  type: 'tfjs-node',
  summary: 'TensorFlow through the optional package @tensorflow/tfjs-node, kernel by kernel.',
  fields,
  example: {},
  build: (_, context: EngineContext) => nativeEngine('tfjs-node', context),
});

export const tfjsNodeGpu = plugin({
  type: 'tfjs-node-gpu',
  summary: 'TensorFlow on an NVIDIA GPU through the optional package @tensorflow/tfjs-node-gpu, kernel by kernel.',
  fields,
  example: {},
  build: (_, context: EngineContext) => nativeEngine('tfjs-node-gpu', context),
});
