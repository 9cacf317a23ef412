import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = join(root, 'src');
const require = createRequire(import.meta.url);

/** Files of `src/` that are imported or started by their path. */
export const entries: readonly string[] = ['index.ts', 'main.ts', 'engine/worker.ts', 'daemon/entry.ts'];

/** What a file finds by its own address it finds by the one it would have beside `index.js`. */
const addresses: Plugin = {
  name: 'addresses',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const own = JSON.stringify(`./${relative(sources, path).replaceAll('\\', '/').replace(/ts$/, 'js')}`);
      const contents = readFileSync(path, 'utf8').replaceAll(
        'import.meta.url',
        `new URL(${own}, import.meta.url).href`,
      );
      return { contents, loader: 'ts' };
    });
  },
};

/**
 * TensorFlow.js is required, being CommonJS: of what is imported, Node reads such large files three times, for what they
 * are, for the names they export, and to run them. As when they are imported, what `trace/operations.ts` replaces among
 * its exports later is replaced for the layers of TensorFlow.js alone.
 */
const required: Plugin = {
  name: 'required',
  setup: ({ onResolve, onLoad }) => {
    const namespace = 'required';
    onResolve({ filter: /^@tensorflow\/tfjs-(core|layers|backend-cpu)$/ }, ({ path }) => ({ path, namespace }));
    onLoad({ filter: /./, namespace }, ({ path }) => {
      const names = Object.keys(require(path)).filter((name) => name !== 'default');
      const lines = [
        "import { createRequire } from 'node:module';",
        `const all = createRequire(import.meta.url)('${path}');`,
        ...names.map((name, at) => `const export${at} = all.${name};`),
        `export { ${names.map((name, at) => `export${at} as ${name}`).join(', ')} };`,
      ];
      return { contents: lines.join('\n'), resolveDir: root };
    });
  },
};

/**
 * Of RxJS only the files are loaded that something is used of, of more than 200: its own, so that operators and classes
 * are those that users import from `rxjs`.
 */
const partly: Plugin = {
  name: 'partly',
  setup: ({ onResolve, onLoad }) => {
    const namespace = 'partly';
    onResolve({ filter: /^rxjs$/ }, ({ path }) => ({ path, namespace, sideEffects: false }));
    onLoad({ filter: /./, namespace }, ({ path }) => {
      const loaded = Object.entries(require(path)) as readonly (readonly [name: string, part: unknown])[];
      const files = Object.entries(require.cache);
      const lines = loaded.flatMap(([name, part]) => {
        const [file] =
          files.find(([file, module]) => file.includes('internal') && module?.exports[name] === part) ?? [];
        const place = file && /rxjs.dist.cjs.(internal.*)\.js$/.exec(file)?.[1]?.replaceAll('\\', '/');
        return place ? [`export const ${name} = /* @__PURE__ */ part('rxjs/${place}', '${name}');`] : [];
      });
      lines.unshift(
        "import { createRequire } from 'node:module';",
        'const part = (path, name) => createRequire(import.meta.url)(path)[name];',
      );
      return { contents: lines.join('\n'), resolveDir: root };
    });
  },
};

/** What writes ONNX files is 4 of 19 files that its package loads, in each thread: these are taken in. */
const inside: Plugin = {
  name: 'inside',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^@bufbuild\/protobuf\/wire$/ }, ({ path }) => ({
      path: fileURLToPath(import.meta.resolve(path)),
      sideEffects: false,
    }));
  },
};

/**
 * Writes the sources as JavaScript in few files, because Node takes long to find and read as many as they are.
 * @param outdir what `src/` becomes
 * @param entryPoints files of `src/`: each becomes one of the same name, and what they share lies beside `index.js`
 * @throws Error when a file asks for its address that came to lie elsewhere
 */
export async function bundle(outdir: string, entryPoints = entries): Promise<void> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entryPoints.map((file) => join(sources, file)),
    outbase: sources,
    outdir,
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    chunkNames: '[name]-[hash]',
    sourcemap: true,
    metafile: true,
    plugins: [addresses, required, partly, inside],
  });
  for (const [file, { inputs }] of Object.entries(metafile.outputs)) {
    if (!file.endsWith('.js') || dirname(join(root, file)) === outdir) continue;
    const lost = Object.keys(inputs).find((input) => readFileSync(join(root, input), 'utf8').includes('import.meta'));
    if (lost) throw new Error(`${lost}: expected a file beside index.js, for its address; found it in ${file}`);
  }
}
