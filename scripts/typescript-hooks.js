// ts-node's hooks, in the thread Node runs them in. ts-node calls a constructor that Node 24 deprecates; say nothing of it.
process.noDeprecation = true;
export const { resolve, load } = await import('ts-node/esm/transpile-only');
