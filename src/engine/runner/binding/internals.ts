import { createRequire } from 'node:module';
import type { TypedArray } from '../../../core/dtype.ts';
import { EngineError } from '../../../core/error.ts';
import type { DeclaredPort } from '../check.ts';
import { oneLine } from '../message.ts';

const require = createRequire(import.meta.url);

/** The parts of onnxruntime-node 1.30's internals that are used: its public API only runs asynchronously. */
interface Internals {
  readonly binding: { readonly InferenceSession: new () => OrtSession };
  readonly initOrt: () => void;
}

export interface OrtSession {
  loadModel(buffer: ArrayBufferLike, byteOffset: number, byteLength: number, options: object): void;
  readonly inputMetadata: readonly DeclaredPort[];
  readonly outputMetadata: readonly DeclaredPort[];
  run(feeds: Record<string, OrtTensor>, fetches: Record<string, null>, options: object): Record<string, OrtTensor>;
  dispose(): void;
}

export interface OrtTensor {
  readonly data: TypedArray;
}
export type TensorConstructor = new (type: string, data: TypedArray, shape: readonly number[]) => OrtTensor;

/** The package's parts that the runner needs. */
export interface Official {
  readonly Session: new () => OrtSession;
  readonly Tensor: TensorConstructor;
  readonly version: string;
}

/** @throws EngineError when the package is missing, does not load here, or is built differently than expected */
export function loadOfficial(): Official {
  const where = 'onnxruntime-node';
  try {
    const { binding, initOrt }: Partial<Internals> = require('onnxruntime-node/dist/binding.js');
    const { Tensor }: { readonly Tensor?: TensorConstructor } = require('onnxruntime-node');
    const { version }: { readonly version: string } = require('onnxruntime-node/package.json');
    const Session = binding?.InferenceSession;
    const methods: Partial<OrtSession> = Session?.prototype ?? {};
    const isWhole =
      initOrt !== undefined &&
      Session !== undefined &&
      Tensor !== undefined &&
      'loadModel' in methods &&
      'run' in methods;
    if (!isWhole)
      throw new EngineError({
        where,
        expected: 'dist/binding.js with initOrt and InferenceSession.loadModel and run, as in 1.30',
        found: `version ${version}, which is built differently`,
        hint: 'install onnxruntime-node 1.30',
      });
    initOrt();
    return { Session, Tensor, version };
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    const found = oneLine(cause instanceof Error ? cause.message : String(cause));
    throw new EngineError({ where, expected: 'its native binding for this platform', found }, { cause });
  }
}
