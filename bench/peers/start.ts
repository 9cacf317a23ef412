import { quantile } from '../measure/timing.ts';
import { contenders, takesPart } from './contender.ts';
import { openContender } from './process.ts';
import { type Found, labelOf, namedOf, type Settings, withWork } from './steps.ts';
import { type Work, works } from './work.ts';

const rows = 128;

/** From the start of a process to its first step, of the dense work with 128 rows, everybody in turn. */
export async function measureStart(settings: Settings, told: (message: string) => void): Promise<readonly Found[]> {
  const { threads, only, patienceMs } = settings;
  const rounds = Math.min(settings.rounds, 3);
  const dense = works.find(({ id }) => id === 'dense') as Work;
  const starts = contenders
    .filter((contender) => takesPart(contender, 'start', rows))
    .filter((contender) => only.length === 0 || only.some((begin) => labelOf(contender).startsWith(begin)))
    .map((contender) => ({ contender, name: labelOf(contender), times: [] as number[], absent: '' }));
  await withWork(dense, rows, async (folder) => {
    // The first round fills the caches of the disk and of compilers, and does not count.
    for (let round = 0; round <= rounds; round++)
      for (const start of starts.filter(({ absent }) => absent === '')) {
        told(`${start.name}, ${round} of ${rounds}`);
        const process = await openContender(start.contender, folder, threads, patienceMs);
        if ('absent' in process) {
          start.absent = process.absent;
          continue;
        }
        if (round > 0) start.times.push(process.startMs);
        start.name = namedOf(start.contender, process);
        await process.close();
      }
  });
  return starts.map(({ name, times, absent }): Found => {
    if (absent) return { contender: name, absent };
    return { contender: name, wholeMs: [quantile(times, 0.5), quantile(times, 0.1), quantile(times, 0.9)] };
  });
}
