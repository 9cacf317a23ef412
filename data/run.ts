import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ConfigError, TrunklineError } from '../src/core/error.ts';
import { formatBytes, oneOf } from '../src/core/format.ts';
import { didYouMean } from '../src/core/suggest.ts';
import { formatTable } from '../src/core/text-table.ts';
import { sets } from './index.ts';
import { findFiles, prepare } from './prepare.ts';
import type { DataSet } from './set.ts';
import { shareAgreeing, verifyFingerprints } from './verify.ts';

// Prepares public data sets for the pipelines: `npm run data -- tox21 --from <folder>`. See data/README.md.

const here = fileURLToPath(new URL('.', import.meta.url));
const beside = fileURLToPath(new URL('../../shared/data', import.meta.url));
const usage = `npm run data -- <set> … [--from <folder>] [--to <folder>]   prepares sets ('all' for all of them)
npm run data -- verify [<set> …] [--from <folder>]          compares fingerprints with those in the files`;

/** @throws ConfigError when one is not known */
function setsNamed(names: readonly string[]): readonly DataSet[] {
  if (names.includes('all')) return sets;
  const known = sets.map(({ name }) => name);
  const issues = names
    .filter((name) => !known.includes(name))
    .map((name) => ({
      where: 'data set',
      expected: oneOf([...known, 'all']),
      found: `'${name}'`,
      ...didYouMean(name, known),
    }));
  if (issues.length > 0) throw new ConfigError(issues);
  return sets.filter(({ name }) => names.includes(name));
}

async function prepareAll(names: readonly string[], from: string, to: string): Promise<void> {
  for (const set of setsNamed(names)) {
    const files = await prepare(set, from, to, (line) => console.log(`${set.name}: ${line}`));
    for (const { path, rows, columns, sizeBytes } of files)
      console.log(`${relative('.', path)}: ${rows} rows, ${columns} columns, ${formatBytes(sizeBytes)}`);
  }
}

/** @returns whether all sets agree well enough */
async function verifyAll(names: readonly string[], from: string): Promise<boolean> {
  const chosen = names.length > 0 ? setsNamed(names) : sets;
  let good = true;
  for (const set of chosen.filter(({ molecules }) => molecules))
    for (const { path } of Object.values(findFiles(set, from)).filter((file) => file.path.endsWith('.parquet'))) {
      const agreement = await verifyFingerprints(path);
      const share = shareAgreeing(agreement);
      good &&= share >= 0.999;
      const { molecules, refused, differing } = agreement;
      const percent = (100 * share).toFixed(3);
      console.log(
        `${path}: ${molecules} molecules, ${refused.length} refused by RDKit, ${percent} % of the others agree`,
      );
      for (const smiles of differing) console.log(`  differs: ${smiles}`);
    }
  return good;
}

function list(): void {
  const columns = [
    { title: 'set', least: 10 },
    { title: 'what it is', least: 40 },
    { title: 'from', least: 20 },
    { title: 'licence', least: 10 },
  ];
  const rows = sets.map(({ name, summary, origin: { repository, commit, licence } }) => [
    name,
    summary,
    commit === undefined ? repository : `${repository} @ ${commit}`,
    licence,
  ]);
  console.log(`${usage}\n\n${formatTable(columns, rows, process.stdout.columns ?? 160)}`);
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { from: { type: 'string' }, to: { type: 'string', default: here } },
  });
  const from = values.from ?? relative('.', beside);
  const [command, ...names] = positionals;
  if (command === undefined) list();
  else if (command !== 'verify') await prepareAll(positionals, from, values.to);
  else if (!(await verifyAll(names, from))) process.exitCode = 1;
}

main().catch((error: unknown) => {
  const known = error instanceof TrunklineError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  console.error(known ? `data: ${(error as Error).message}` : error);
  process.exitCode = 2;
});
