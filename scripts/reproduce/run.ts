import { parseArgs } from 'node:util';
import { ConfigError, TrunklineError } from '../../src/core/error.ts';
import { oneOf } from '../../src/core/format.ts';
import { reproducePipeline } from './pipeline.ts';
import type { Mode, Split } from './published.ts';
import { reproduceTox21 } from './tox21.ts';

// Trains what others published, on their splits, and prints our scores beside theirs: `npm run reproduce -- tox21`.

const usage = `npm run reproduce -- <pipeline file> [--seeds 5]
npm run reproduce -- tox21 [--seeds 5] [--split assay|compound] [--mode single|multi] [--class-weight]
  [--data <folder>] [--log <file>]`;

/** @throws ConfigError when it is not one of the choices */
function choice<T extends string>(name: string, given: string | undefined, choices: readonly T[]): readonly T[] {
  if (given === undefined) return choices;
  if (choices.includes(given as T)) return [given as T];
  throw new ConfigError({ where: `--${name}`, expected: oneOf(choices), found: `'${given}'` });
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      seeds: { type: 'string', default: '5' },
      split: { type: 'string' },
      mode: { type: 'string' },
      'class-weight': { type: 'boolean', default: false },
      data: { type: 'string', default: '../shared/data/tox21' },
      log: { type: 'string', default: 'runs/reproduce/tox21.ndjson' },
    },
  });
  const [what] = positionals;
  if (what === undefined) {
    console.log(usage);
    return;
  }
  const seeds = Number(values.seeds);
  if (!Number.isInteger(seeds) || seeds < 1)
    throw new ConfigError({ where: '--seeds', expected: 'a whole number, 1 or more', found: `'${values.seeds}'` });
  const say = (line: string): void => console.log(line);
  if (what.endsWith('.yaml') || what.endsWith('.ts')) {
    await reproducePipeline({ file: what, seeds, directory: 'runs/reproduce', say });
    return;
  }
  choice('reproduce', what, ['tox21']);
  await reproduceTox21({
    data: values.data,
    splits: choice<Split>('split', values.split, ['assay', 'compound']),
    modes: choice<Mode>('mode', values.mode, ['multi', 'single']),
    seeds,
    classWeight: values['class-weight'],
    log: values.log,
    say,
  });
}

main().catch((error: unknown) => {
  const known = error instanceof TrunklineError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  console.error(known ? `reproduce: ${(error as Error).message}` : error);
  process.exitCode = 2;
});
