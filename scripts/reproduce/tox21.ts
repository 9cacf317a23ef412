import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { formatTable } from '../../src/core/text-table.ts';
import { type MoleculeTable, readMoleculeTable } from './molecules.ts';
import { type Scores, trainPublished } from './network.ts';
import { type Mode, PublishedTox21, type Split, type TableRow } from './published.ts';
import { formatSpread, meanOf, type Spread, spreadOf } from './score.ts';

export interface Tox21Options {
  /** With `assay_train.parquet` and so on, and `published/`. */
  readonly data: string;
  readonly splits: readonly Split[];
  readonly modes: readonly Mode[];
  readonly seeds: number;
  /** Whether each yes counts as often as the published `class_weight` says. */
  readonly classWeight: boolean;
  /** Where finished networks are noted, so that an interrupted run goes on. */
  readonly log: string;
  readonly say: (line: string) => void;
}

/** A network that was trained: which, and what it scored. */
interface Finished extends Scores {
  readonly split: Split;
  readonly mode: Mode;
  /** `all`, or the assay of a single-task network. */
  readonly assay: string;
  readonly seed: number;
  readonly classWeight: boolean;
}

const sameNetwork = (a: Omit<Finished, keyof Scores>, b: Omit<Finished, keyof Scores>): boolean =>
  (['split', 'mode', 'assay', 'seed', 'classWeight'] as const).every((key) => a[key] === b[key]);

/** Trains the published networks on the published splits, and prints our scores beside the published ones. */
export async function reproduceTox21(options: Tox21Options): Promise<void> {
  const { data, splits, modes, log, say } = options;
  const published = new PublishedTox21(join(data, 'published'));
  mkdirSync(dirname(log), { recursive: true });
  const finished: Finished[] = existsSync(log)
    ? readFileSync(log, 'utf8')
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];
  const rows: string[][] = [];
  for (const split of splits) {
    const [train, test] = await Promise.all(
      ['train', 'test'].map((part) => readMoleculeTable(join(data, `${split}_${part}.parquet`))),
    );
    for (const mode of modes) {
      const networks = await published.networks(split, mode);
      const ours: Scores[] = [];
      for (let seed = 0; seed < options.seeds; seed++) {
        const scores: Scores[] = [];
        for (const [assay, network] of networks) {
          const key = { split, mode, assay, seed, classWeight: options.classWeight };
          let done = finished.find((other) => sameNetwork(other, key));
          if (!done) {
            const heads = mode === 'multi' ? Object.keys((train as MoleculeTable).labels) : [assay];
            const weight = options.classWeight ? network.classWeight : 1;
            const own = await trainPublished(network, train as never, test as never, heads, seed, weight);
            done = { ...key, ...own };
            appendFileSync(log, `${JSON.stringify(done)}\n`);
          }
          say(`${split} ${mode} ${assay} seed ${seed}: AUC ${done.rocAuc.toFixed(3)} MCC ${done.mcc.toFixed(3)}`);
          scores.push(done);
        }
        ours.push({ rocAuc: meanOf(scores.map((s) => s.rocAuc)), mcc: meanOf(scores.map((s) => s.mcc)) });
      }
      const row = { rocAuc: spreadOf(ours.map((s) => s.rocAuc)), mcc: spreadOf(ours.map((s) => s.mcc)) };
      rows.push(rowOf(split, mode, row, await published.scores(split, mode)));
    }
  }
  say(formatTable(columns, rows, 160));
}

const columns = ['split', 'networks', 'AUC', 'published', '', 'MCC', 'published', ''].map((title) => ({
  title,
  least: 6,
}));

function rowOf(split: Split, mode: Mode, ours: TableRow, published: TableRow): string[] {
  const beside = (score: 'rocAuc' | 'mcc'): string[] => [
    formatSpread(ours[score]),
    formatSpread(published[score]),
    verdict(ours[score], published[score]),
  ];
  return [split, `${mode}-task`, ...beside('rocAuc'), ...beside('mcc')];
}

/** Whether our mean is within one published standard deviation of the published mean. */
export function verdict(ours: Spread, published: Spread): string {
  const distance = ours.mean - published.mean;
  if (Math.abs(distance) <= published.deviation) return 'same';
  return distance > 0 ? 'better' : 'worse';
}
