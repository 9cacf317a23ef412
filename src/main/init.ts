import { writeFile } from 'node:fs/promises';
import { ConfigError } from '../core/error.ts';
import type { GuessedLabel } from '../pipeline/starter/guess.ts';
import { type StarterPipeline, starterPipeline } from '../pipeline/starter/index.ts';

export interface InitOptions {
  /** The pipeline file; named after the data when left out. */
  readonly out?: string;
  /** Pattern of the columns of labels. */
  readonly labels?: string;
  /** Whether a file that is there is written over. */
  readonly force?: boolean;
}

/**
 * Writes a starter pipeline for a data file, and says what was guessed.
 * @throws TrunklineError when the data can't be read, or the file is there
 */
export async function initCommand(
  data: string,
  { out, labels, force }: InitOptions,
  print: (line: string) => void,
): Promise<void> {
  const starter = await starterPipeline(data, labels);
  const file = out ?? `${starter.name}.yaml`;
  await writeFile(file, starter.yaml, { flag: force ? 'w' : 'wx' }).catch((error: NodeJS.ErrnoException) => {
    const isThere = error.code === 'EEXIST';
    throw new ConfigError({
      where: file,
      expected: isThere ? 'no file of that name' : 'a file that can be written',
      found: isThere ? 'one' : error.message,
      ...(isThere ? { hint: 'choose another (--out), or write over it (--force)' } : {}),
    });
  });
  for (const line of said(starter, labels !== undefined)) print(line);
  print(`\nwritten to ${file}; next:\n  trunkline check ${file}\n  trunkline train ${file}`);
}

const kindNames: Readonly<Record<GuessedLabel['kind'], string>> = {
  binary: 'yes or no',
  classes: 'of classes',
  number: 'of numbers',
};

/** Names that are shown of many. */
const mostNames = 8;

const listed = (names: readonly string[]): string =>
  names.length <= mostNames ? names.join(', ') : `${names.slice(0, mostNames).join(', ')}, … (${names.length})`;

function said({ guess, derived }: StarterPipeline, isSaid: boolean): readonly string[] {
  const { id, features, labels, left, labelsBy } = guess;
  const counted = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;
  const kinds = new Map<GuessedLabel['kind'], number>();
  for (const { kind } of labels) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const columns = features.reduce((sum, feature) => sum + feature.columns.length, 0);
  return [
    ...(id === undefined ? [] : [`ids: ${id}`]),
    `features: ${counted(columns, 'column')} (${features.map(({ why }) => why).join('; ')})`,
    ...features.map((feature) => `  ${listed(feature.columns.map(({ name }) => name))}`),
    ...(derived.length === 0
      ? []
      : [
          `texts that are read as numbers: ${derived.map(({ from, unit }) => `${from} (${unit === '' ? 'with commas' : unit})`).join(', ')}`,
        ]),
    `labels: ${counted(labels.length, 'column')}, ${labelsBy} (${[...kinds].map(([kind, number]) => `${number} ${kindNames[kind]}`).join(', ')})`,
    `  ${listed(labels.map(({ column }) => column.name))}`,
    ...(isSaid ? [] : ["  where that is wrong: --labels 'a|b'"]),
    ...left.map(({ name, why }) => `left out: ${name}, because ${why}`),
  ];
}
