// Node's hooks for TypeScript, in the thread Node runs them in: ts-node reads it, and what it made of the files of this
// checkout is kept, as it takes longer to read them all than to run most commands.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url).href;
const index = new URL('src/index.ts', root).href;
const kept = new URL('.cache/typescript/', root);
// What is kept is found by all that it was made of: the compilers, their configuration and the file.
const compilers = await Promise.all(['package.json', 'tsconfig.json'].map((name) => readFile(new URL(name, root))));

let hooks;
/** ts-node's own hooks, loaded when a file is not kept. */
function tsNode() {
  if (hooks) return hooks;
  // It calls a constructor that Node 24 deprecates; say nothing of it.
  process.noDeprecation = true;
  const { create, createEsmHooks } = createRequire(import.meta.url)('ts-node');
  hooks = createEsmHooks(create({ transpileOnly: true }));
  return hooks;
}

const isTypeScript = (url) => /\.[mc]?ts$/.test(url);
const isOurs = (url) => url.startsWith(root) && url.endsWith('.ts') && !url.includes('/node_modules/');

/** To pipelines in TypeScript `trunkline` is these sources, which nobody built. */
export async function resolve(specifier, context, next) {
  if (specifier === 'trunkline') return { url: index, format: 'module', shortCircuit: true };
  const asking = context.parentURL ?? specifier;
  return isTypeScript(asking) && !isOurs(asking)
    ? tsNode().resolve(specifier, context, next)
    : next(specifier, context);
}

export async function load(url, context, next) {
  if (!isOurs(url)) return isTypeScript(url) ? tsNode().load(url, context, next) : next(url, context);
  const hash = createHash('sha256');
  for (const part of [...compilers, url, await readFile(fileURLToPath(url))]) hash.update(part);
  const file = new URL(`${hash.digest('hex')}.js`, kept);
  const source = await readFile(file).catch(() => undefined);
  if (source) return { format: 'module', source, shortCircuit: true };
  const loaded = await tsNode().load(url, context, next);
  if (loaded.format === 'module') await keep(file, loaded.source);
  return loaded;
}

/** Whole or not at all, as other processes read at the same time. */
async function keep(file, source) {
  const begun = new URL(`${file.href}.${process.pid}`);
  await mkdir(kept, { recursive: true });
  await writeFile(begun, source);
  await rename(begun, file);
}
