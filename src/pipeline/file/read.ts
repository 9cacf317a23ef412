import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { ConfigError } from '../../core/error.ts';
import { formatValue, oneOf } from '../../core/format.ts';
import { readDocument, type Written } from './document.ts';
import type { Environment } from './environment.ts';
import { readModule } from './typescript.ts';

const documents = ['.yaml', '.yml', '.json'];
const modules = ['.ts', '.mts', '.js', '.mjs'];

/**
 * Reads a pipeline file, whatever it is written in.
 * @param file as the user named it: relative to the working directory
 * @throws ConfigError when it can't be read, with every fault in it
 */
export async function readPipelineFile(file: string, environment: Environment): Promise<Written> {
  const kind = extname(file).toLowerCase();
  if (modules.includes(kind)) {
    await readText(file);
    return readModule(resolve(file), file);
  }
  if (documents.includes(kind)) return readDocument(await readText(file), file, environment);
  throw new ConfigError({
    where: file,
    expected: `a pipeline: ${oneOf([...documents, ...modules])}`,
    found: kind === '' ? 'no extension' : formatValue(kind),
  });
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no file of that name',
  EISDIR: 'a directory',
  EACCES: 'a file that may not be read',
};

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new ConfigError({ where: file, expected: 'a pipeline', found: reasons[code] ?? message }, { cause: error });
  }
}
