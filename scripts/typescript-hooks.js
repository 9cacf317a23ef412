// ts-node's hooks, in the thread Node runs them in. ts-node calls a constructor that Node 24 deprecates; say nothing of it.
process.noDeprecation = true;
const hooks = await import('ts-node/esm/transpile-only');
const sources = new URL('../src/index.ts', import.meta.url).href;

/** To pipelines in TypeScript `trunkline` is these sources, which nobody built. */
export const resolve = (specifier, context, next) =>
  specifier === 'trunkline'
    ? { url: sources, format: 'module', shortCircuit: true }
    : hooks.resolve(specifier, context, next);
export const { load } = hooks;
