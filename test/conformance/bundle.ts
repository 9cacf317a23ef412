import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const core = dirname(require.resolve('@tensorflow/tfjs-core/package.json'));

/** A bundle has no module object whose operations the sources could replace: a plain object stands for it. */
const standIn: Plugin = {
  name: 'stand-in',
  setup: ({ onResolve }) => {
    onResolve({ filter: /\/operations\.ts$/ }, () => ({ path: join(here, 'operations.ts') }));
  },
};

/** The spec files that tfjs-core ships, in alphabetical order. */
export function specFiles(): readonly string[] {
  const files = readdirSync(join(core, 'dist'), { recursive: true, encoding: 'utf8' });
  const specs = files.filter((file) => file.endsWith('_test.js')).sort();
  return specs.map((file) => join(core, 'dist', file));
}

/**
 * Bundles the spec files with the backend, so that all of it uses one copy of TensorFlow.js.
 * @param outfile inside the repository, so that native packages are found from it
 */
export async function bundleSuite(outfile: string): Promise<void> {
  const suite = JSON.stringify(join(here, 'suite.ts'));
  const specs = specFiles().map((file) => `import ${JSON.stringify(file)};`);
  await build({
    stdin: {
      contents: [`import { runSuite } from ${suite};`, ...specs, 'runSuite();'].join('\n'),
      resolveDir: here,
    },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    mainFields: ['module', 'main'],
    external: ['koffi', 'onnxruntime-node', 'onnxruntime-common', 'jasmine-core'],
    plugins: [standIn],
    // tfjs-core's package declares that its spec files have no side effects.
    ignoreAnnotations: true,
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
}
