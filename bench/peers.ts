import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { build } from './peers/build.ts';
import { measurePipeline } from './peers/pipeline.ts';
import { differing, keepResults, machine, readResults, writeReport } from './peers/report.ts';
import { measureSoak } from './peers/soak.ts';
import { measureStart } from './peers/start.ts';
import { type Found, measureSteps, type Settings } from './peers/steps.ts';
import { type Work, works } from './peers/work.ts';

// Side by side with what a user would pick instead: `npm run bench [-- peers [work …]]`, with the work's rows as in
// `dense-128` if only those are wanted; `--only trunkline,jax` is for trying. bench/peers/setup installs the peers.

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '9' },
    only: { type: 'string', default: '' },
    soak: { type: 'string', default: '15' },
    patience: { type: 'string', default: '60' },
  },
});
const settings: Settings = {
  threads: Number(values.threads),
  rounds: Number(values.rounds),
  only: values.only.split(',').filter(Boolean),
  patienceMs: Number(values.patience) * 1000,
  soakMs: Number(values.soak) * 1000,
};

/** Something that is measured: what it is called, alone and with others, and how. */
interface Measured {
  readonly key: string;
  readonly id: string;
  readonly measure: (told: (message: string) => void) => Promise<readonly Found[]>;
}

const steps = (works as readonly Work[])
  .filter(({ id }) => id !== 'soak')
  .flatMap((work) =>
    Object.keys(work.batches).map(
      (rows): Measured => ({
        key: `${work.id}-${rows}`,
        id: work.id.replace(/\d+$/, ''),
        measure: (told) => measureSteps(work, Number(rows), settings, told),
      }),
    ),
  );
const all: readonly Measured[] = [
  ...steps,
  { key: 'start', id: 'start', measure: (told) => measureStart(settings, told) },
  { key: 'pipeline', id: 'pipeline', measure: (told) => measurePipeline(settings, told) },
  { key: 'soak', id: 'soak', measure: (told) => measureSoak(settings, told) },
];
const known = [...new Set(all.flatMap(({ key, id }) => [id, key]))];
const wrong = positionals.filter((name) => !known.includes(name));
if (wrong.length > 0) {
  console.error(`peers: expected some of ${known.join(', ')}; found ${wrong.join(', ')}`);
  process.exit(2);
}

await build();
const results = readResults();
const faults: string[] = [];
for (const { key, id, measure } of all) {
  if (positionals.length > 0 && !positionals.includes(id) && !positionals.includes(key)) continue;
  const [load = 0] = loadavg();
  const found = await measure((message) => console.error(`${key}: ${message}`));
  results[key] = { setting: machine(settings.threads, settings.rounds), load, found };
  faults.push(...differing(key, results[key]));
  keepResults(results);
}
console.log(writeReport(results));
if (faults.length > 0) {
  console.error(`peers: expected losses that differ by rounding only; found\n  ${faults.join('\n  ')}`);
  process.exit(1);
}
