import { basename } from 'node:path';
import { sources, type TableSource } from '../../source/index.ts';
import { mediumOf } from '../medium.ts';
import { type Guess, guessOf } from './guess.ts';
import { profileOf } from './profile.ts';
import { writeStarter } from './write.ts';

/** A pipeline to begin with. */
export interface StarterPipeline {
  readonly name: string;
  readonly yaml: string;
  readonly guess: Guess;
}

/**
 * A pipeline for a data file, guessed from its first rows.
 * @param path of the data, as the pipeline is to name it: relative to the working directory
 * @param labels pattern of the columns of labels; guessed when left out
 * @throws TrunklineError when the file can't be read, or nothing can be learned from it
 */
export async function starterPipeline(path: string, labels?: string): Promise<StarterPipeline> {
  const type = mediumOf(path, 'data');
  const table = sources.build({ type, path }, { name: 'data', where: 'data' }, 'data') as TableSource;
  const profiles = await profileOf(table);
  const guess = guessOf(profiles, labels);
  const rows = (await table.countRows?.()) ?? profiles[0]?.rows ?? 0;
  const name = nameOf(path);
  const columns = profiles.map((profile) => profile.name);
  return { name, guess, yaml: writeStarter({ name, type, path, columns, rows, guess }) };
}

/** What the pipeline is called: after the file. */
function nameOf(path: string): string {
  const plain = basename(path)
    .replace(/\.gz$/, '')
    .replace(/\.[^.]+$/, '');
  return plain.replace(/[^\w.-]+/g, '-').replace(/^(?![A-Za-z0-9])/, 'x');
}
