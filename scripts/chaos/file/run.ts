import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Line, RunningDaemon } from '../daemon.ts';
import { Damage } from '../damage.ts';
import { disturb } from '../disturb.ts';
import { drawOf } from '../draw.ts';
import { Heard } from '../heard.ts';
import { writePipeline, writeRecords } from './pipeline.ts';
import { faultsOf } from './verify.ts';

/** Epochs for so many kills: there must be something left to train on after the last one. */
const epochsFor = (kills: number): number => 5 + 2 * kills;

/**
 * A daemon trains on a file, and is killed. Its newest checkpoint is spoilt, the last lines of its files are cut off, the
 * folder of checkpoints can't be written, the file goes away and comes back, and the time of day jumps. What it leaves is
 * compared with what an undisturbed one leaves.
 */
export async function fileRun(folder: string, kills: number, seed: number): Promise<readonly string[]> {
  const epochs = epochsFor(kills);
  const records = writeRecords(folder);
  await undisturbed(writePipeline(folder, 'undisturbed', epochs));
  const directory = join(folder, 'killed');
  const heard = new Heard();
  const damage = new Damage(directory, drawOf(seed, 2));
  const faults: string[] = [];
  let balances = 0;
  const disturbed = await disturb(writePipeline(folder, 'killed', epochs), {
    kills,
    draw: drawOf(seed, 1),
    onLine(line) {
      heard.hear(line);
      if (line.type !== 'epochEnded') return;
      balances++;
      faults.push(...imbalance(line));
    },
    between() {
      damage.checkpoint();
      damage.tails(['journal.ndjson', 'dead-letters.ndjson', 'metrics.ndjson'], []);
    },
    async afterwards() {
      await withoutFolder(join(directory, 'checkpoints'), () => heard.next(({ type }) => type === 'checkpointFailed'));
      await withoutFile(records, () => heard.next(({ state }) => state === 'waiting'));
    },
  });
  const { truncated, flipped, torn } = damage.counts;
  console.log(
    `chaos: file: ${kills} kills, ${balances} balances checked; checkpoints: ${truncated} cut off, ${flipped} with a wrong bit; ${torn} files with half a line; a folder that can't be written, a file that was away`,
  );
  return [...disturbed, ...faults, ...faultsOf(directory, join(folder, 'undisturbed'), epochs)];
}

async function undisturbed(pipeline: string): Promise<void> {
  const daemon = new RunningDaemon([pipeline], () => {});
  const code = await daemon.ended();
  if (code !== 0) throw new Error(`the undisturbed run ended with code ${code}: ${daemon.errors}`);
}

/** Received = trained + pending + dropped of every kind, whenever the daemon says so. */
function imbalance(line: Line): readonly string[] {
  const { received, pending, ...outcomes } = line.counts as Record<string, number>;
  const sum = Object.values(outcomes).reduce((total, count) => total + count, pending ?? 0);
  return sum === received ? [] : [`received ${received}, but pending and outcomes are ${sum}`];
}

/** A file stands in the place of a folder meanwhile: also who may do anything can't write there. */
async function withoutFolder(path: string, meanwhile: () => Promise<unknown>): Promise<void> {
  await withoutFile(path, async () => {
    writeFileSync(path, '');
    await meanwhile();
    rmSync(path);
  });
}

/** Something is away meanwhile. */
async function withoutFile(path: string, meanwhile: () => Promise<unknown>): Promise<void> {
  const away = `${path}.away`;
  const isThere = existsSync(path);
  if (isThere) renameSync(path, away);
  await meanwhile();
  if (isThere) renameSync(away, path);
}
