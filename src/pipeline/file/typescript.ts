import { createRequire, register } from 'node:module';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { placeOf } from '../../core/config.ts';
import { ConfigError } from '../../core/error.ts';
import { oneOf, quote } from '../../core/format.ts';
import type { Path } from '../../core/zod-issue.ts';
import type { Written } from './document.ts';

/** What it takes to read TypeScript, where Node does not do it itself. */
const packages = ['ts-node', 'typescript', '@swc/core'] as const;

/** Whatever the project of the pipeline says: types are not looked at. */
const compilerOptions = { module: 'NodeNext', moduleResolution: 'NodeNext', target: 'ES2022' };

let registered = false;

/**
 * Reads a pipeline that is a program: a module whose default export is the configuration. It runs with all the rights of
 * this process.
 * @throws ConfigError when it can't be loaded, or what reads TypeScript is not installed
 */
export async function readModule(path: string, file: string): Promise<Written> {
  if (/\.m?ts$/.test(path)) prepare(path, file);
  const loaded = await importModule(path, file);
  const where = (option: Path): string => (option.length === 0 ? file : `${file}  ${placeOf(option, '')}`);
  // A module in CommonJS clothes has its default export one level down.
  const value = unwrapped(loaded.default);
  if (value === undefined)
    throw new ConfigError({
      where: file,
      expected: 'a default export: the pipeline',
      found: Object.keys(loaded).length === 0 ? 'no export' : oneOf(Object.keys(loaded)),
      hint: 'export default definePipeline({ … })',
    });
  return { value, written: printable(value), where, redact: (text) => text };
}

const unwrapped = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && '__esModule' in value && 'default' in value ? value.default : value;

async function importModule(path: string, file: string): Promise<Record<string, unknown>> {
  try {
    return await import(/* @vite-ignore */ pathToFileURL(path).href);
  } catch (error) {
    const found = error instanceof Error ? error.message : inspect(error);
    // What a .ts file is taken for where package.json does not say that it is a module.
    const isScript = /ERR_REQUIRE_|import statement outside/.test(`${(error as { code?: unknown })?.code} ${found}`);
    throw new ConfigError(
      {
        where: file,
        expected: 'a module that can be loaded',
        found: isScript ? 'one that Node takes for a script (CommonJS)' : found.split('\n').slice(0, 3).join(' '),
        ...(isScript ? { hint: 'name it .mts, or say "type": "module" in the package.json beside it' } : {}),
      },
      { cause: error },
    );
  }
}

/** Registers ts-node with SWC, once, unless these sources are TypeScript that something reads already, or Node can. */
function prepare(path: string, file: string): void {
  const isRead =
    import.meta.url.endsWith('.ts') || Boolean((process.features as { readonly typescript?: unknown }).typescript);
  if (isRead || registered) return;
  const missing = packages.filter((name) => !isInstalled(name, path));
  if (missing.length > 0)
    throw new ConfigError({
      where: file,
      expected: 'ts-node, typescript and @swc/core, which read pipelines in TypeScript',
      found: `no ${missing.map(quote).join(', no ')}`,
      hint: `npm install --save-dev ${missing.map((name) => (name === 'typescript' ? 'typescript@6' : name)).join(' ')}`,
    });
  process.env.TS_NODE_SWC ??= 'true';
  process.env.TS_NODE_SKIP_PROJECT ??= 'true';
  process.env.TS_NODE_COMPILER_OPTIONS ??= JSON.stringify(compilerOptions);
  register('ts-node/esm/transpile-only', pathToFileURL(path).href);
  registered = true;
}

function isInstalled(name: string, path: string): boolean {
  try {
    createRequire(path).resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** A configuration as JSON has it: functions, which a file can't show, by what they are. */
function printable(value: unknown): unknown {
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return value.map(printable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, printable(inner)]));
}
