import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as Koffi from 'koffi';
import { EngineError, type Issue } from '../../../core/error.ts';
import { oneLine } from '../message.ts';
import { apiVersion, checkedRelease, type OrtApi, type Out, type Pointer, readApi, type Status } from './api.ts';

const require = createRequire(import.meta.url);

const fileNames: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'libonnxruntime.so.1',
  darwin: 'libonnxruntime.1.dylib',
  win32: 'onnxruntime.dll',
};

/**
 * Where the package onnxruntime-node keeps its native files for this machine.
 * @throws EngineError when the package is not installed
 */
export function bundledFolder(): string {
  try {
    const root = dirname(require.resolve('onnxruntime-node/package.json'));
    return join(root, 'bin', 'napi-v6', process.platform, process.arch);
  } catch (cause) {
    const hint = 'npm install onnxruntime-node';
    throw new EngineError({ where: 'onnxruntime-node', expected: 'the package', found: 'none', hint }, { cause });
  }
}

/** The library that the official binding is linked with, so that both use one copy. */
export function bundledLibrary(): string {
  return join(bundledFolder(), fileNames[process.platform] ?? 'libonnxruntime.so.1');
}

/** @throws EngineError unless `found` is a version the function table was checked with */
export function checkVersion(found: string, path: string): void {
  if (found.startsWith(`${checkedRelease}.`)) return;
  throw new EngineError({
    where: path,
    expected: `ONNX Runtime ${checkedRelease}, whose function table was checked`,
    found: `version ${found}`,
    hint: `install onnxruntime-node ${checkedRelease}`,
  });
}

/** ONNX Runtime's native library, opened. */
export class OrtLibrary {
  readonly path: string;
  readonly koffi: typeof Koffi;
  readonly api: OrtApi;
  readonly version: string;
  readonly #out: Out = new BigUint64Array(1);

  /**
   * @param path the library's file
   * @throws EngineError when it is not there, is no such library, or is of another version
   */
  constructor(path: string) {
    this.path = path;
    if (!existsSync(path))
      throw new EngineError({
        where: path,
        expected: 'the native library of ONNX Runtime',
        found: 'no such file',
        hint: 'install onnxruntime-node on a platform it has a library for: Linux, Windows, or macOS on arm64',
      });
    this.koffi = loadKoffi();
    const base = this.#openBase();
    pin(this.koffi, path);
    const [getApi, getVersion] = this.koffi.decode(base, 'void *', 2) as readonly [Pointer, Pointer];
    this.version = this.koffi.decode(getVersion, this.koffi.proto('const char *(void)'))();
    checkVersion(this.version, path);
    this.api = readApi(this.koffi, this.koffi.decode(getApi, this.koffi.proto('void *(uint32_t version)'))(apiVersion));
  }

  /** @throws EngineError with what `issue` makes of the message, when `status` says that a call failed */
  check(status: Status, issue: (message: string) => Issue): void {
    if (status === null) return;
    const message = oneLine(this.api.GetErrorMessage(status));
    this.api.ReleaseStatus(status);
    throw new EngineError(issue(message));
  }

  /** The object that `create` makes, which is the caller's to release. */
  make(create: (out: Out) => Status, issue: (message: string) => Issue): Pointer {
    this.check(create(this.#out), issue);
    return this.#out[0] as Pointer;
  }

  #openBase(): Pointer {
    try {
      return this.koffi.load(this.path).func('void *OrtGetApiBase(void)')();
    } catch (cause) {
      const found = cause instanceof Error ? cause.message : String(cause);
      throw new EngineError({ where: this.path, expected: 'a native library of ONNX Runtime', found }, { cause });
    }
  }
}

/**
 * Keeps a library loaded until the process ends. koffi unloads it when its handle is garbage, or the thread that
 * opened it ends; the threads and the environment that it has made live on.
 */
function pin(koffi: typeof Koffi, path: string): void {
  const pinned =
    process.platform === 'win32'
      ? koffi
          .load('kernel32.dll')
          .func('int __stdcall GetModuleHandleExW(uint32_t flags, const char16_t *name, void *module)')(
          1, // GET_MODULE_HANDLE_EX_FLAG_PIN
          path,
          new BigUint64Array(1),
        )
      : koffi.load(null).func('void *dlopen(const char *path, int mode)')(path, 1); // RTLD_LAZY; never closed
  if (!pinned)
    throw new EngineError({ where: path, expected: 'a library that stays loaded', found: 'one the system gives back' });
}

/** Native code runs on stacks that koffi allocates; ONNX Runtime needs more than its default for asynchronous calls. */
const stackBytes = 4 << 20;

function loadKoffi(): typeof Koffi {
  let koffi: typeof Koffi;
  try {
    koffi = require('koffi');
  } catch (cause) {
    const found = cause instanceof Error ? oneLine(cause.message) : String(cause);
    throw new EngineError({ where: 'koffi', expected: 'its native module for this platform', found }, { cause });
  }
  const { async_stack_size: size = 0 } = koffi.config();
  if (size >= stackBytes) return koffi;
  try {
    koffi.config({ async_stack_size: stackBytes, sync_stack_size: stackBytes });
  } catch (cause) {
    throw new EngineError(
      {
        where: 'koffi',
        expected: `stacks of ${stackBytes} bytes`,
        found: `${size}, fixed by the first library that was loaded through koffi`,
        hint: 'open the engine before other native libraries',
      },
      { cause },
    );
  }
  return koffi;
}
