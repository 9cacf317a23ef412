import { basename } from 'node:path';
import { sources, type TableSource } from '../../source/index.ts';
import { mediumOf } from '../medium.ts';
import { type Derived, derivedOf } from './derive.ts';
import { type Guess, guessOf } from './guess.ts';
import { type ColumnProfile, profileOf } from './profile.ts';
import { writeStarter } from './write.ts';

/** A pipeline to begin with. */
export interface StarterPipeline {
  readonly name: string;
  readonly yaml: string;
  readonly guess: Guess;
  /** Columns of texts in which numbers were found. */
  readonly derived: readonly Derived[];
}

/**
 * A pipeline for a data file, guessed from its first rows.
 * @param path of the data, as the pipeline is to name it: relative to the working directory
 * @param labels pattern of the columns of labels; guessed when left out
 * @throws TrunklineError when the file can't be read, or nothing can be learned from it
 */
export async function starterPipeline(path: string, labels?: string): Promise<StarterPipeline> {
  const type = mediumOf(path, 'data');
  const { table, profiles, derived, ...form } = await lookAt(type, path);
  const guess = guessOf(profiles, derived, labels);
  const rows = (await table.countRows?.()) ?? profiles[0]?.rows ?? 0;
  const name = nameOf(path);
  const columns = profiles.map((profile) => profile.name);
  return { name, guess, derived, yaml: writeStarter({ name, type, path, ...form, derived, columns, rows, guess }) };
}

interface Look extends Plain {
  readonly derived: readonly Derived[];
}

/** The columns as they are. */
interface Plain {
  readonly table: TableSource;
  readonly profiles: readonly ColumnProfile[];
  /** What parts the fields, where it is not what the type says. */
  readonly delimiter?: string | undefined;
  /** Texts that stand for no value, where they are not the usual ones. */
  readonly nullText?: readonly string[];
}

/** Opens a file and looks at its columns: where numbers stand in texts, at the numbers. */
async function lookAt(type: string, path: string): Promise<Look> {
  const openAs = (options: object): TableSource =>
    sources.build({ type, path, ...options }, { name: 'data', where: 'data' }, 'data') as TableSource;
  const plain = await lookAtPlain(type, openAs);
  const { profiles, delimiter, nullText } = plain;
  const derived = canDerive.includes(type) ? derivedOf(profiles) : [];
  if (derived.length === 0) return { ...plain, derived };
  const derive = Object.fromEntries(derived.map(({ name, sql }) => [name, sql]));
  const table = openAs({ derive, ...(delimiter ? { delimiter } : {}), ...(nullText ? { nullText } : {}) });
  return { ...plain, table, profiles: await profileOf(table), derived };
}

/** Types of files of which columns can be computed. */
const canDerive = ['csv', 'tsv', 'parquet'];

/**
 * Looks at the columns as they are. A text as `NA` stands for no value where that makes numbers of a column; where
 * nothing but texts has it, it may be a value like others.
 */
async function lookAtPlain(type: string, openAs: (options: object) => TableSource): Promise<Plain> {
  const delimiter = type === 'csv' ? await delimiterOf(openAs) : undefined;
  const open = (options: object): TableSource => openAs({ ...options, ...(delimiter ? { delimiter } : {}) });
  const table = open({});
  const profiles = await profileOf(table);
  if (type !== 'csv' && type !== 'tsv') return { table, profiles };
  // A few marks between many numbers are rejected, with their rows: as texts they can be seen.
  const texts = open({ types: Object.fromEntries(profiles.map(({ name }) => [name, 'VARCHAR'])) });
  const marked = (await profileOf(texts)).filter(({ marks }) => marks.size > 0);
  const every = ['', ...new Set(marked.flatMap(({ marks }) => [...marks]))];
  const kinds = new Map((await open({ nullText: every }).columns()).map(({ name, kind }) => [name, kind]));
  const numbers = marked.filter(({ name }) => kinds.get(name) === 'number');
  if (numbers.length === 0) return { table, profiles, delimiter };
  const nullText = ['', ...new Set(numbers.flatMap(({ marks }) => [...marks]))];
  const again = open({ nullText });
  return { table: again, profiles: await profileOf(again), delimiter, nullText };
}

/** What parts the fields of a CSV file, where a comma does not and something else does. */
async function delimiterOf(open: (options: object) => TableSource): Promise<string | undefined> {
  const columns = (options: object): Promise<number> =>
    open(options)
      .columns()
      .then(({ length }) => length)
      .catch(() => 0);
  if ((await columns({})) > 0) return undefined;
  for (const delimiter of [';', '\t', '|']) if ((await columns({ delimiter })) > 1) return delimiter;
  return undefined;
}

/** What the pipeline is called: after the file. */
function nameOf(path: string): string {
  const plain = basename(path)
    .replace(/\.gz$/, '')
    .replace(/\.[^.]+$/, '');
  return plain.replace(/[^\w.-]+/g, '-').replace(/^(?![A-Za-z0-9])/, 'x');
}
