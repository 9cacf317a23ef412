import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { EngineError } from '../../core/error.ts';
import type { KernelBuild, KernelFunctions, Kernels } from './kernels.ts';

export interface LoadOptions {
  /** By default the relaxed build where the runtime has relaxed SIMD, else the plain one. */
  readonly build?: KernelBuild;
  /** Where the `.wasm` files are; by default where the set-up puts them. */
  readonly folder?: URL;
}

/** The same from `src/engine/kernel/` and from `dist/engine/kernel/`. */
const builtFolder = new URL('../../../kernels/build/', import.meta.url);

/**
 * The kernels, working on `memory`.
 * @param memory shared, at most 65,536 pages; it may grow later
 * @throws EngineError when the kernels are not built, or the runtime cannot run the build that was asked for
 */
export function loadKernels(memory: WebAssembly.Memory, { build, folder = builtFolder }: LoadOptions = {}): Kernels {
  const { bytes, ...chosen } = choose(build, folder);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  // The module exports these functions and nothing else: each is compared with its twin under test.
  return { ...(exports as unknown as KernelFunctions), ...chosen };
}

type Choice = Pick<Kernels, 'build' | 'reason'> & { readonly bytes: Uint8Array<ArrayBuffer> };

function choose(asked: KernelBuild | undefined, folder: URL): Choice {
  const reason = asked && 'it was asked for';
  if (asked !== 'simd') {
    const bytes = read('relaxed', folder);
    if (WebAssembly.validate(bytes))
      return { build: 'relaxed', bytes, reason: reason ?? 'this runtime has relaxed SIMD' };
    if (asked === 'relaxed') throw lacking('relaxed SIMD', 'leave the choice open, or use Node 22 or later');
  }
  const bytes = read('simd', folder);
  if (!WebAssembly.validate(bytes)) throw lacking('SIMD and threads', 'an x64 processor needs SSE 4.1 for it');
  return { build: 'simd', bytes, reason: reason ?? 'this runtime lacks relaxed SIMD, which Node has from 22 on' };
}

function read(build: KernelBuild, folder: URL): Uint8Array<ArrayBuffer> {
  const path = fileURLToPath(new URL(`${build}.wasm`, folder));
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new EngineError(
      {
        where: 'kernels',
        expected: `their ${build} build at ${path}`,
        found: 'no file that can be read',
        hint: "run 'node scripts/setup.js' in the checkout, which builds them; the npm package brings them along",
      },
      { cause },
    );
  }
}

function lacking(what: string, hint: string): EngineError {
  return new EngineError({
    where: 'kernels',
    expected: `a runtime with ${what}`,
    found: `Node ${process.versions.node} on ${process.arch}, without`,
    hint,
  });
}
