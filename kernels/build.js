// Compiles the kernels into `build/`, when their sources are not those of the last build: `node kernels/build.js`.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const output = join(folder, 'build');

/** Each build's file, and what it asks of the compiler beyond the common flags. */
const builds = {
  'simd.wasm': [],
  'relaxed.wasm': ['--enable', 'relaxed-simd'],
};

const flags = [
  ...['index.ts', '--runtime', 'stub', '--importMemory', '--noExportMemory', '--sharedMemory'],
  ...['--initialMemory', '1', '--maximumMemory', '65536', '--enable', 'threads', '--enable', 'simd'],
  ...['-O3', '--noAssert', '--converge', '--disableWarning', '112'], // 112: v128 in exported functions; ours stay inside
];

/** A hash of all that decides what a build contains: the sources, this script and the compiler. */
function fingerprint() {
  const compiler = createRequire(import.meta.url).resolve('assemblyscript/package.json');
  const sources = readdirSync(folder).filter((name) => /\.(ts|js)$/.test(name));
  const hash = createHash('sha256').update(readFileSync(compiler));
  for (const name of sources.sort()) hash.update(`\n${name}\n`).update(readFileSync(join(folder, name)));
  return `${hash.digest('hex')}\n`;
}

/** Writes a file so that a process that runs beside this one finds the old one or the new one, never a half. */
function replace(name, contents) {
  const partial = join(output, `${name}.${process.pid}`);
  writeFileSync(partial, contents);
  renameSync(partial, join(output, name));
}

async function compile(name, extraFlags) {
  const { default: asc } = await import('assemblyscript/asc');
  let wasm;
  const { error, stderr } = await asc.main([...flags, ...extraFlags, '--baseDir', folder, '--outFile', name], {
    writeFile: (_, contents) => {
      wasm = contents;
    },
  });
  if (error) throw new Error(`${stderr}kernels/build.js: ${name}: ${error.message}`);
  replace(name, wasm);
}

const wanted = fingerprint();
const stamp = join(output, 'sources.sha256');
const isBuilt = Object.keys(builds).every((name) => existsSync(join(output, name)));
if (!isBuilt || !existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  mkdirSync(output, { recursive: true });
  try {
    for (const [name, extraFlags] of Object.entries(builds)) await compile(name, extraFlags);
    replace('sources.sha256', wanted);
    console.error(`kernels: built ${Object.keys(builds).join(' and ')}`);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
