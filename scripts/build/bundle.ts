import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { missingNotices } from './notices.ts';
import { startedBy } from './started.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = join(root, 'src');
const require = createRequire(import.meta.url);

/** Files of `src/` that are imported or started by their path. */
export const entries: readonly string[] = [
  'index.ts',
  'main.ts',
  'engine/worker.ts',
  'engine/kernel/crew-member.ts',
  'daemon/entry.ts',
];

/** What a file finds by its own address it finds by the one it would have beside `index.js`. */
const addresses: Plugin = {
  name: 'addresses',
  setup: ({ initialOptions, onLoad }) => {
    const entryPoints = initialOptions.entryPoints as readonly string[];
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const file = relative(sources, path).replaceAll('\\', '/');
      const source = readFileSync(path, 'utf8');
      const lost = startedBy(file, source).filter((started) => !entryPoints.includes(join(sources, started)));
      if (lost.length > 0)
        return {
          errors: [{ text: `${file}: expected entries for what it starts; found none for ${lost.join(', ')}` }],
        };
      const own = JSON.stringify(`./${file.replace(/ts$/, 'js')}`);
      const contents = source.replaceAll('import.meta.url', `new URL(${own}, import.meta.url).href`);
      return { contents, loader: 'ts' };
    });
  },
};

/**
 * TensorFlow.js is required, being CommonJS: of what is imported, Node reads such large files three times, for what they
 * are, for the names they export, and to run them. As when they are imported, what `trace/operations.ts` replaces among
 * its exports later is replaced for the layers of TensorFlow.js alone.
 */
const tensorflowRequired: Plugin = {
  name: 'tensorflowRequired',
  setup: ({ onResolve, onLoad }) => {
    const namespace = 'tensorflow';
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

/** @returns the path by which users could require a file of RxJS that defines something; undefined for any other file */
export function rxjsPath(file: string): string | undefined {
  const path = /rxjs[\\/]dist[\\/]cjs[\\/](internal[\\/].*)\.js$/.exec(file)?.[1];
  return path && `rxjs/${path.replaceAll('\\', '/')}`;
}

/**
 * Of RxJS only the files are loaded that something is used of, of more than 200: its own, so that operators and classes
 * are those that users import from `rxjs`.
 */
const rxjsByFile: Plugin = {
  name: 'rxjsByFile',
  setup: ({ onResolve, onLoad }) => {
    const namespace = 'rxjs';
    onResolve({ filter: /^rxjs$/ }, ({ path }) => ({ path, namespace, sideEffects: false }));
    onLoad({ filter: /./, namespace }, ({ path }) => {
      const loaded = Object.entries(require(path)) as readonly (readonly [name: string, part: unknown])[];
      const files = Object.entries(require.cache);
      const lines = loaded.flatMap(([name, part]) => {
        const [file = ''] = files.find(([file, module]) => rxjsPath(file) && module?.exports[name] === part) ?? [];
        const path = rxjsPath(file);
        return path ? [`export const ${name} = /* @__PURE__ */ part('${path}', '${name}');`] : [];
      });
      lines.unshift(
        "import { createRequire } from 'node:module';",
        'const part = (path, name) => createRequire(import.meta.url)(path)[name];',
      );
      return { contents: lines.join('\n'), resolveDir: root };
    });
  },
};

/**
 * The package that ONNX files are written with would load 19 files in each thread, of which writing takes 4: these are
 * taken in.
 */
const protobufInside: Plugin = {
  name: 'protobufInside',
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
 * @throws Error when a file asks for its address that came to lie elsewhere, when what is started by its path is no
 *   entry, and when THIRD-PARTY-NOTICES lacks something of what was taken in
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
    plugins: [addresses, tensorflowRequired, rxjsByFile, protobufInside],
  });
  for (const [output, { inputs }] of Object.entries(metafile.outputs)) {
    // Others are made up by the plugins above.
    const files = Object.keys(inputs).filter((input) => !/^(tensorflow|rxjs):/.test(input));
    const packaged = files.filter((file) => file.includes('node_modules/'));
    const [missing] = missingNotices(packaged, readFileSync(join(root, 'THIRD-PARTY-NOTICES'), 'utf8'), root);
    if (missing)
      throw new Error(`THIRD-PARTY-NOTICES: expected a notice of what is taken in; found none of ${missing}`);
    if (!output.endsWith('.js') || dirname(join(root, output)) === outdir) continue;
    const lost = files.find((file) => readFileSync(join(root, file), 'utf8').includes('import.meta'));
    if (lost) throw new Error(`${lost}: expected a file beside index.js, for its address; found it in ${output}`);
  }
}
