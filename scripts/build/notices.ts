import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What THIRD-PARTY-NOTICES does not say of packages that are taken in: their names, and the notices that their files
 * begin with, which esbuild leaves out.
 * @param files of packages, relative to `root`
 */
export function missingNotices(files: readonly string[], notices: string, root: string): readonly string[] {
  const wanted = files.flatMap((file) => {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? file;
    const [head = ''] = /^(\/\/.*\n)*/.exec(readFileSync(join(root, file), 'utf8')) ?? [];
    return [name, head.replaceAll(/^\/\/ ?/gm, '')];
  });
  return [...new Set(wanted)].filter((text) => !notices.includes(text));
}
