import { contenders, takesPart } from './contender.ts';
import { type ContenderProcess, openContender } from './process.ts';
import { type Found, labelOf, namedOf, type Settings, withWork } from './steps.ts';
import { type Work, works } from './work.ts';

const rows = 16;
const chunk = 1000;
const wanted = 100_000;

interface Soaked {
  readonly steps: number;
  readonly stepMs: number;
  readonly residentBytes: number;
}

/** Memory and time of a step after 1,000 and after 100,000 steps, or as many as the given time is enough for; in turns. */
export async function measureSoak(settings: Settings, told: (message: string) => void): Promise<readonly Found[]> {
  const { threads, only, soakMs, patienceMs } = settings;
  const work = works.find(({ id }) => id === 'soak') as Work;
  return withWork(work, rows, async (folder) => {
    const found: Found[] = [];
    const open: { process: ContenderProcess; name: string; taken: number; ms: number; readings: Soaked[] }[] = [];
    for (const contender of contenders.filter((one) => takesPart(one, work.id, rows))) {
      if (only.length > 0 && !only.some((begin) => labelOf(contender).startsWith(begin))) continue;
      const process = await openContender(contender, folder, threads, patienceMs);
      if ('absent' in process) found.push({ contender: labelOf(contender), absent: process.absent });
      else open.push({ process, name: namedOf(contender, process), taken: 1, ms: 0, readings: [] });
    }
    for (
      let running = open;
      running.length > 0;
      running = running.filter(({ taken, ms }) => taken < wanted && ms < soakMs)
    ) {
      told(running.map(({ name, taken }) => `${name} ${taken}`).join(', '));
      for (const one of running) {
        const count = Math.min(chunk, wanted - one.taken, chunk - (one.taken % chunk));
        const { ms } = await one.process.steps(count);
        one.taken += count;
        one.ms += ms;
        const residentBytes = one.process.residentBytes ?? Number.NaN;
        one.readings.push({ steps: one.taken, stepMs: ms / count, residentBytes });
      }
    }
    for (const { process } of open) await process.close();
    return [
      ...found,
      ...open.map(
        ({ name, readings }): Found => ({ contender: name, soaked: [readings[0], readings.at(-1)] as Soaked[] }),
      ),
    ];
  });
}
