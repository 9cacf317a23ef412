import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, extname, join, parse, resolve } from 'node:path';
import { ConfigError } from '../../core/error.ts';
import { formatValue, oneOf, quote } from '../../core/format.ts';
import { suggest } from '../../core/suggest.ts';
import type { Written } from './document.ts';
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
  if (documents.includes(kind)) {
    // Loaded when a file is read: programs that have none need no YAML.
    const { readDocument } = await import('./document.ts');
    const written = readDocument(await readText(file), file, environment);
    if (written.value !== null) return written;
    const hint = 'trunkline init <data> writes one to begin with';
    throw new ConfigError({ where: `${file}:1:1`, expected: 'a pipeline', found: 'nothing', hint });
  }
  throw new ConfigError({
    where: file,
    expected: `a pipeline: ${oneOf([...documents, ...modules])}`,
    found: kind === '' ? 'no extension' : formatValue(kind),
    ...(await hintFor(file)),
  });
}

/** The pipeline beside it that was probably meant: of the same name with another extension, or of one that is close. */
async function hintFor(file: string): Promise<{ readonly hint?: string }> {
  const names = await readdir(dirname(file)).catch((): string[] => []);
  const pipelines = names.filter((name) => [...documents, ...modules].includes(extname(name).toLowerCase()));
  const named = basename(file);
  const stems = [named, parse(named).name];
  const meant = pipelines.find((name) => stems.includes(parse(name).name)) ?? suggest(named, pipelines);
  if (meant === undefined) return {};
  const folder = file.slice(0, file.length - named.length);
  return { hint: `did you mean ${quote(folder === '' ? meant : join(folder, meant))}?` };
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
    const hint = code === 'ENOENT' ? await hintFor(file) : {};
    const found = reasons[code] ?? message;
    throw new ConfigError({ where: file, expected: 'a pipeline', found, ...hint }, { cause: error });
  }
}
