import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { EngineError } from '../core/error.ts';
import type { EventSink } from '../core/event.ts';
import { plugin } from '../core/plugin.ts';
import { Arena } from './arena.ts';
import { CompiledTrainer } from './compiled-trainer.ts';
import { type ExecutorHost, inlineHost, workerHost } from './host.ts';
import type { Provider } from './runner/runner.ts';
import type { Engine, EngineStatus, Trainer, TrainerSpec } from './trainer.ts';

/** What an engine is given besides its configuration. */
export interface EngineContext {
  readonly events: EventSink;
}

const fields = z.object({
  threads: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Threads one operation may use, shared by all sessions of the process; as many as cores, at most 8, when left out.',
    ),
  worker: z
    .boolean()
    .default(true)
    .describe('Whether a thread of its own computes, so that the calling one stays responsive.'),
  runner: z
    .enum(['koffi', 'binding'])
    .optional()
    .describe('How ONNX Runtime is called; koffi when left out, and the official binding where koffi does not work.'),
  programs: z.int().min(1).default(16).describe('Compiled programs that are kept, one for each batch shape.'),
  memoryBytes: z
    .int()
    .min(1 << 20)
    .max(2 ** 32)
    .default(2 ** 32)
    .describe('Most memory for parameters, optimizer state, gradients and batches.'),
});

type OnnxConfig = z.output<typeof fields>;

interface Parts {
  readonly type: string;
  readonly arena: Arena;
  readonly host: ExecutorHost;
  readonly programs: number;
  readonly events: EventSink;
}

class OnnxEngine implements Engine {
  readonly type: string;
  readonly eager = false;
  readonly #parts: Parts;
  readonly #trainers = new Set<Trainer>();
  #closing: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.type = parts.type;
    this.#parts = parts;
  }

  async train(spec: TrainerSpec): Promise<Trainer> {
    this.#checkOpen();
    const trainer: Trainer = new CompiledTrainer(spec, {
      ...this.#parts,
      onClose: () => this.#trainers.delete(trainer),
    });
    this.#trainers.add(trainer);
    return trainer;
  }

  async status(): Promise<EngineStatus> {
    this.#checkOpen();
    const { programs, sessions, values } = await this.#parts.host.executor.status();
    return { programs, sessions, values, memoryBytes: this.#parts.arena.usedBytes };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      for (const trainer of [...this.#trainers]) await trainer.close();
    } finally {
      await this.#parts.host.close();
    }
  }

  #checkOpen(): void {
    if (this.#closing)
      throw new EngineError({ where: `engine ${this.type}`, expected: 'an open engine', found: 'a closed one' });
  }
}

async function openOnnx(
  type: string,
  provider: Provider,
  config: OnnxConfig,
  { events }: EngineContext,
): Promise<Engine> {
  const arena = new Arena(config.memoryBytes);
  const threads = config.threads ?? Math.max(1, Math.min(availableParallelism(), 8));
  const options = {
    provider,
    optimization: 'all',
    threads,
    ...(config.runner ? { runner: config.runner } : {}),
  } as const;
  const host = config.worker ? await workerHost(arena, options, events) : inlineHost(arena, options);
  const { runner, reason } = await host.executor.status();
  events({ type: 'engineChosen', engine: type, runner, threads, reason });
  return new OnnxEngine({ type, arena, host, programs: config.programs, events });
}

export const onnxCpu = plugin({
  type: 'onnx-cpu',
  summary: 'Compiled programs on the processor: ONNX Runtime, bundled; the default.',
  fields,
  example: { threads: 2 },
  build: (config, context: EngineContext) => openOnnx('onnx-cpu', 'cpu', config, context),
});

export const onnxWebgpu = plugin({
  type: 'onnx-webgpu',
  summary: 'The same programs on a GPU through Vulkan, Metal or Direct3D: bundled.',
  fields,
  example: {},
  build: (config, context: EngineContext) => openOnnx('onnx-webgpu', 'webgpu', config, context),
});

export const onnxCuda = plugin({
  type: 'onnx-cuda',
  summary: 'The same programs on an NVIDIA GPU, when the CUDA libraries of ONNX Runtime are installed.',
  fields,
  example: {},
  build: (config, context: EngineContext) => openOnnx('onnx-cuda', 'cuda', config, context),
});
