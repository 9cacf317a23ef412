import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setting, table, writeSection } from '../../bench/measure/results.ts';
import { formatBytes } from '../../src/core/format.ts';
import { type Hour, SimulatedDay } from './day.ts';

// A day of a pipeline in a few minutes: `npm run simulate -- --hours 24`.

/** How much resident memory and the heap may be above what they were when things had warmed up. */
const allowedGrowth = { resident: 0.1, heap: 0.05 };

const { values } = parseArgs({
  options: { hours: { type: 'string', default: '24' }, seed: { type: 'string', default: '1' } },
});
const hours = Number(values.hours);
const folder = mkdtempSync(join(tmpdir(), 'trunkline-simulate-'));
console.log(`simulate: ${hours} hours, --seed ${values.seed}`);
const titles = ['hour', 'steps', 'heads', 'resident', 'heap'];
const rowOf = ({ hour, step, heads, resident, heap }: Hour): readonly string[] => [
  String(hour + 1),
  String(step),
  heads.join(' '),
  formatBytes(resident),
  formatBytes(heap),
];
const liveIn = ({ inventory }: Hour): string =>
  Object.entries(inventory)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
const startMs = performance.now();
const day = await new SimulatedDay({
  folder,
  hours,
  seed: Number(values.seed),
  onHour: (hour) => console.log(`simulate: ${[...rowOf(hour), liveIn(hour)].join('  ')}`),
}).run();
const { samples, labels, trained, expired, late } = day.counts;
const faults = [...day.faults, ...growth(day.hours)];
const body = [
  `${hours} hours in ${((performance.now() - startMs) / 1000).toFixed(0)} s, a reload in each; ${samples} samples, ${labels} labels: ${trained} trained, ${late} late, ${expired} without a sample in time;`,
  `${memory(day.hours)}.`,
  `At the end there were ${liveIn(day.hours.at(-1) as Hour)}${faults.length === 0 ? ', as at the end of the second hour' : ''}.`,
  `${setting()}.`,
  '',
  table(titles, day.hours.map(rowOf)),
].join('\n');
console.log(body);
if (hours >= 24 && faults.length === 0) writeSection('A simulated day', body);
for (const fault of faults.slice(0, 20)) console.log(`simulate: ${fault}`);
console.log(
  `simulate: ${faults.length === 0 ? 'everything adds up, and nothing piles up' : `${faults.length} faults`}`,
);
if (faults.length > 0) console.log(`simulate: kept ${folder}`);
else rmSync(folder, { recursive: true });
process.exit(faults.length === 0 ? 0 : 1);

/** How much memory of the last hour is above that of the hour when a quarter of the day had gone. */
function growthOf(all: readonly Hour[], what: 'resident' | 'heap'): number {
  const [before, after] = [all[Math.ceil(all.length / 4)], all.at(-1)] as [Hour, Hour];
  return after[what] / before[what] - 1;
}

function memory(all: readonly Hour[]): string {
  const grown = (what: 'resident' | 'heap'): string => `${(100 * growthOf(all, what)).toFixed(1)} %`;
  const from = `since hour ${Math.ceil(all.length / 4) + 1}`;
  return `${from} resident memory grew by ${grown('resident')} and the heap by ${grown('heap')}`;
}

/** What is wrong with memory. */
function growth(all: readonly Hour[]): readonly string[] {
  return (['resident', 'heap'] as const).flatMap((what) => {
    const [grown, allowed] = [growthOf(all, what), allowedGrowth[what]];
    return grown > allowed
      ? [`${what} memory grew by ${(100 * grown).toFixed(1)} %: expected at most ${100 * allowed} %`]
      : [];
  });
}
