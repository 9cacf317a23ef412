import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quantile } from '../measure/timing.ts';
import { type Contender, contenders, takesPart } from './contender.ts';
import { writeWork } from './data.ts';
import { type ContenderProcess, openContender } from './process.ts';
import { type Layer, type Work, withoutDropout } from './work.ts';

/** What was found of one contender on one work with a number of rows. */
export interface Found {
  readonly contender: string;
  /** Why nothing else is known of it. */
  readonly absent?: string;
  /** Milliseconds a step: the median of the turns, and the tenth and ninetieth of a hundred. */
  readonly stepMs?: readonly [median: number, low: number, high: number];
  /** Loss of the fiftieth step, without dropout. */
  readonly loss?: number;
  /** Why that is another one than ours, where it is and that is no fault. */
  readonly differs?: string;
  /** Milliseconds to build, compile and take the first step. */
  readonly firstMs?: number;
  /** Milliseconds from the start of the process to the first step, or to its end, as those of a step. */
  readonly wholeMs?: readonly [median: number, low: number, high: number];
  /** Milliseconds of the processor, all threads together. */
  readonly cpuMs?: number;
  readonly peakBytes?: number;
  /** After the first thousand steps, and after the last. */
  readonly soaked?: readonly { readonly steps: number; readonly stepMs: number; readonly residentBytes: number }[];
}

export interface Settings {
  readonly threads: number;
  readonly rounds: number;
  /** Contenders by how their labels begin; all, when nobody is named. */
  readonly only: readonly string[];
  /** After which a contender is given up that has not taken its first step. */
  readonly patienceMs: number;
  /** Time for the steps of each contender of the soak. */
  readonly soakMs: number;
}

const comparedStep = 50;
/** No turn takes longer, whatever a contender's steps take. */
const turnMs = 500;

/** What a contender is called before it has said so itself. */
export const labelOf = ({ file, form, env }: Contender): string =>
  [file.replace(/\..*/, ''), form, env?.KERAS_BACKEND].filter(Boolean).join(' ');

/** What it is called then. */
export const namedOf = ({ title }: Contender, { ready }: ContenderProcess): string =>
  [ready.name, title].filter(Boolean).join(', ');

/** Runs with a folder that holds the work, which is gone afterwards. */
export async function withWork<Result>(
  work: Work,
  rows: number,
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), `trunkline-${work.id}-`));
  try {
    writeWork(folder, work, rows);
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The fiftieth loss: what shows that nobody computes less. */
async function lossOf(process: ContenderProcess): Promise<number> {
  await process.steps(comparedStep - 2);
  return (await process.steps(1)).loss;
}

/**
 * Lets every contender take steps on one work, in turns.
 * @param told of what is under way
 */
export async function measureSteps(
  work: Work,
  rows: number,
  { threads, rounds, only, patienceMs }: Settings,
  told: (message: string) => void,
): Promise<readonly Found[]> {
  const found = contenders
    .filter((contender) => takesPart(contender, work.id, rows))
    .filter((contender) => only.length === 0 || only.some((begin) => labelOf(contender).startsWith(begin)))
    .map((contender) => ({ contender, times: [] as number[], loss: Number.NaN, absent: '' }));
  const draws = [work.trunk, ...work.heads.map(({ layers }) => layers)]
    .flat()
    .some(({ type }: Layer) => type === 'dropout');
  // With dropout each draws numbers of its own: then losses are compared in processes of their own.
  if (draws)
    await withWork(withoutDropout(work), rows, async (folder) => {
      for (const one of found) {
        told(`${labelOf(one.contender)}: losses`);
        const process = await openContender(one.contender, folder, threads, patienceMs);
        if ('absent' in process) continue;
        one.loss = await lossOf(process);
        await process.close();
      }
    });
  return withWork(work, rows, async (folder) => {
    const open: { one: (typeof found)[number]; process: ContenderProcess; count: number }[] = [];
    for (const one of found) {
      told(`${labelOf(one.contender)}: first steps`);
      const process = await openContender(one.contender, folder, threads, patienceMs);
      if ('absent' in process) {
        one.absent = process.absent;
        continue;
      }
      const loss = await lossOf(process);
      if (!draws) one.loss = loss;
      const trial = await process.steps(2);
      const count = Math.max(1, Math.min(work.batches[rows] as number, Math.round((turnMs / trial.ms) * 2)));
      open.push({ one, process, count });
    }
    for (let round = 0; round < rounds; round++) {
      told(`round ${round + 1} of ${rounds}`);
      for (let turn = 0; turn < open.length; turn++) {
        // Each round begins with another, so that whatever else the machine does meets all of them.
        const { one, process, count } = open[(round + turn) % open.length] as (typeof open)[number];
        one.times.push((await process.steps(count)).ms / count);
      }
    }
    for (const { process } of open) await process.close();
    return found.map(({ contender, times, loss, absent }): Found => {
      const process = open.find(({ one }) => one.contender === contender)?.process;
      if (!process) return { contender: labelOf(contender), absent };
      return {
        contender: namedOf(contender, process),
        stepMs: [quantile(times, 0.5), quantile(times, 0.1), quantile(times, 0.9)],
        firstMs: process.ready.ms,
        ...(Number.isFinite(loss) ? { loss } : {}),
        ...(contender.differs?.[work.id] ? { differs: contender.differs[work.id] } : {}),
      };
    });
  });
}
