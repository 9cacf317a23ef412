import { dirname, posix } from 'node:path';

/**
 * What a file of `src/` starts by its path, in a thread or a process: nothing imports it, so it has to be an entry.
 * @param file relative to `src/`
 * @returns files, relative to `src/`
 */
export function startedBy(file: string, contents: string): readonly string[] {
  const threads = contents.matchAll(/(?<!function )startThread\(\s*([^,)]*)/g);
  const others = contents.matchAll(/new URL\(\s*`([^`$]*)\.\$\{fromSource/g);
  return [
    ...Array.from(threads, ([, path = '']) => `engine/${path.replaceAll("'", '')}.ts`),
    ...Array.from(others, ([, path = '']) => posix.join(dirname(file), `${path}.ts`)),
  ];
}
