import { dirname } from 'node:path';
import type { Issue } from '../../core/error.ts';
import { Counts, checkedSession, type NativeSession } from './checked.ts';
import type { Pointer } from './koffi/api.ts';
import { createEnvironment, type Environment } from './koffi/environment.ts';
import { bundledLibrary, OrtLibrary } from './koffi/library.ts';
import { KoffiSession } from './koffi/session.ts';
import { modelIssue, refuseEmpty } from './model.ts';
import { probe } from './probe.ts';
import { checkProvider, providerIssue } from './provider.ts';
import {
  type Port,
  type Provider,
  type Runner,
  type RunnerOptions,
  type Session,
  type SessionOptions,
  waiting,
} from './runner.ts';

export interface KoffiOptions extends RunnerOptions {
  /** File of the native library; the one inside onnxruntime-node when not given. */
  readonly library?: string;
}

interface Opened {
  readonly ort: OrtLibrary;
  readonly environment: Environment;
}

/** Native libraries that this thread has opened, by file. They stay open and outlive this thread. */
const opened = new Map<string, Opened>();

function open(path: string): Opened {
  const known = opened.get(path);
  if (known !== undefined) return known;
  const ort = new OrtLibrary(path);
  const entry = { ort, environment: createEnvironment(ort) };
  opened.set(path, entry);
  return entry;
}

const optimizationLevels: Readonly<Record<SessionOptions['optimization'], number>> = { basic: 1, all: 99 };
/** Failures come back as statuses: logged as well, they would be printed twice. */
const logFatal = 4;

/** Runs models through ONNX Runtime's C API: on the caller's memory, without copies, and beside the caller's thread. */
class KoffiRunner implements Runner {
  readonly type = 'koffi';
  readonly version: string;
  readonly live = new Counts();
  readonly #ort: OrtLibrary;
  readonly #environment: Environment;
  readonly #threads: number;

  constructor({ ort, environment }: Opened, threads: number) {
    this.version = ort.version;
    this.#ort = ort;
    this.#environment = environment;
    this.#threads = threads;
  }

  load(model: Uint8Array, inputs: readonly Port[], outputs: readonly Port[], options: SessionOptions): Session {
    const { provider, name = 'model' } = options;
    checkProvider(provider, dirname(this.#ort.path));
    const native = this.#create(model, inputs, outputs, name, options);
    return checkedSession(native, name, inputs, outputs, this.live);
  }

  #create(
    model: Uint8Array,
    inputs: readonly Port[],
    outputs: readonly Port[],
    name: string,
    { provider, optimization }: SessionOptions,
  ): NativeSession {
    const { api } = this.#ort;
    const issue = (message: string): Issue => modelIssue(name, this.version, model, message);
    refuseEmpty(name, this.version, model);
    const options = this.#ort.make((out) => api.CreateSessionOptions(out), issue);
    try {
      this.#ort.check(api.SetSessionLogSeverityLevel(options, logFatal), issue);
      this.#ort.check(api.SetSessionGraphOptimizationLevel(options, optimizationLevels[optimization]), issue);
      this.#ort.check(api.SetIntraOpNumThreads(options, this.#threads), issue);
      for (const [key, value] of Object.entries(waiting))
        this.#ort.check(api.AddSessionConfigEntry(options, `session.intra_op.${key}`, value), issue);
      this.#append(provider, options);
      const session = this.#ort.make(
        (out) => api.CreateSessionFromArray(this.#environment.env, model, model.length, options, out),
        issue,
      );
      try {
        return new KoffiSession(this.#ort, this.#environment, session, name, inputs, outputs);
      } catch (error) {
        api.ReleaseSession(session);
        throw error;
      }
    } finally {
      api.ReleaseSessionOptions(options);
    }
  }

  #append(provider: Provider, options: Pointer): void {
    const { api } = this.#ort;
    const issue = (message: string): Issue => providerIssue(provider, message);
    if (provider === 'webgpu')
      this.#ort.check(api.SessionOptionsAppendExecutionProvider(options, 'WebGPU', null, null, 0), issue);
    if (provider !== 'cuda') return;
    const cuda = this.#ort.make((out) => api.CreateCUDAProviderOptions(out), issue);
    try {
      this.#ort.check(api.SessionOptionsAppendExecutionProvider_CUDA_V2(options, cuda), issue);
    } finally {
      api.ReleaseCUDAProviderOptions(cuda);
    }
  }
}

/**
 * Opens the native library.
 * @throws EngineError when koffi or the library is missing, or the library is of another version or does not work
 */
export function openKoffi({ threads, library = bundledLibrary() }: KoffiOptions): Runner {
  const runner = new KoffiRunner(open(library), threads);
  probe(runner);
  return runner;
}
