import { EngineError } from '../../core/error.ts';
import { loadOfficial, type Official, type OrtSession } from './binding/internals.ts';
import { isShared, OfficialSession } from './binding/session.ts';
import { Counts, checkedSession } from './checked.ts';
import { bundledFolder } from './koffi/library.ts';
import { oneLine } from './message.ts';
import { modelIssue, refuseEmpty } from './model.ts';
import { probe } from './probe.ts';
import { checkProvider, providerIssue } from './provider.ts';
import { type Port, type Runner, type RunnerOptions, type Session, type SessionOptions, waiting } from './runner.ts';

/** Failures are thrown: logged as well, they would be printed twice. */
const logFatal = 4;

/** Runs models through onnxruntime-node's own native binding: each session with its own threads, outputs copied. */
class BindingRunner implements Runner {
  readonly type = 'binding';
  readonly version: string;
  readonly live = new Counts();
  readonly #official: Official;
  readonly #threads: number;

  constructor(official: Official, threads: number) {
    this.#official = official;
    this.#threads = threads;
    this.version = official.version;
  }

  load(model: Uint8Array, inputs: readonly Port[], outputs: readonly Port[], options: SessionOptions): Session {
    const { name = 'model' } = options;
    const session = this.#create(model, name, options);
    const native = new OfficialSession(session, this.#official.Tensor, name, inputs, outputs);
    return checkedSession(native, name, inputs, outputs, this.live);
  }

  #create(model: Uint8Array, name: string, { provider, optimization }: SessionOptions): OrtSession {
    checkProvider(provider, bundledFolder());
    refuseEmpty(name, this.version, model);
    const session = new this.#official.Session();
    const { buffer, byteOffset, byteLength } = isShared(model) ? model.slice() : model;
    try {
      session.loadModel(buffer, byteOffset, byteLength, {
        executionProviders: [provider],
        graphOptimizationLevel: optimization,
        intraOpNumThreads: this.#threads,
        logSeverityLevel: logFatal,
        extra: { session: { intra_op: waiting } },
      });
      return session;
    } catch (cause) {
      const message = oneLine(cause instanceof Error ? cause.message : String(cause));
      const blamesProvider = provider !== 'cpu' && /adapter|provider|cuda|webgpu/i.test(message);
      const issue = blamesProvider ? providerIssue(provider, message) : modelIssue(name, this.version, model, message);
      throw new EngineError(issue, { cause });
    }
  }
}

/** @throws EngineError when the package onnxruntime-node is missing, does not load here or does not work */
export function openBinding({ threads }: RunnerOptions): Runner {
  const runner = new BindingRunner(loadOfficial(), threads);
  probe(runner);
  return runner;
}
