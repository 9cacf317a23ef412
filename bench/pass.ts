import '@tensorflow/tfjs-backend-cpu';
import { trunklineBackend } from '../src/engine/backend.ts';
import { simplifications, simplify } from '../src/ir/pass/simplify.ts';
import { formatGraph } from '../src/ir/text.ts';
import { record } from '../src/trace/record.ts';
import {
  convolutionWork,
  denseWork,
  inceptionWork,
  normalizedWork,
  recurrentWork,
  sequenceWork,
  type Work,
  windowWork,
} from './contender/models.ts';
import { rewrittenGradients } from './contender/program.ts';
import { setting, table, writeSection } from './measure/results.ts';
import { interleave } from './measure/timing.ts';

// What each rewriting of `ir/pass` is worth beside ONNX Runtime's own optimiser: `npm run bench -- pass`.
// Programs without one rule, and without any, take turns with the program that has all.

const rounds = 24;
const stepsPerTurn = 3;
const rules = Object.entries(simplifications);

/** How much longer a step takes without a rule, by rule: of median and of tenth percentile. */
async function worthOf(work: Work, rows: number): Promise<ReadonlyMap<string, string>> {
  const recorded = record(trunklineBackend(), work.step, work.specs(rows));
  const textWith = (chosen: typeof rules): string =>
    formatGraph(
      simplify(
        recorded.outputs,
        chosen.map(([, rule]) => rule),
      ),
    );
  const whole = textWith(rules);
  const variants: [string, typeof rules][] = [
    ['all', rules],
    ['none', []],
    ...rules.map(([name]): [string, typeof rules] => [name, rules.filter(([other]) => other !== name)]),
  ];
  const changing = variants.filter(([name, chosen]) => name === 'all' || textWith(chosen) !== whole);
  const contenders = changing.map(([name, chosen]) =>
    rewrittenGradients(
      name,
      recorded,
      chosen.map(([, rule]) => rule),
    ),
  );
  const timings = await interleave(contenders, rounds, stepsPerTurn);
  for (const contender of contenders) await contender.close();
  const [all] = timings;
  if (!all) throw new Error('the program with every rule is always measured');
  return new Map(
    timings.map(({ name, median, fast }) => [
      name,
      name === 'all'
        ? `${median.toPrecision(3)} ms`
        : `${(median / all.median).toFixed(2)} (${(fast / all.fast).toFixed(2)})`,
    ]),
  );
}

const measured: [Work, number][] = [
  [denseWork(), 128],
  [convolutionWork(), 64],
  [normalizedWork(), 64],
  [inceptionWork(), 32],
  [sequenceWork(), 64],
  [windowWork(), 64],
  [recurrentWork(), 64],
];
const columns = new Map<string, ReadonlyMap<string, string>>();
for (const [work, rows] of measured) columns.set(`${work.name}, ${rows} rows`, await worthOf(work, rows));
const header = ['', ...columns.keys()];
const line = (label: string, name: string): string[] => [
  label,
  ...[...columns.values()].map((worth) => worth.get(name) ?? '–'),
];
const body = [
  'Loss and gradients on one thread, ONNX Runtime optimising all it can. First line: milliseconds with every rewriting.',
  `Others: how many times as long without it, by median (and tenth percentile) of ${rounds} turns of ${stepsPerTurn}; – where it`,
  `changes nothing. ${setting()}.`,
  '',
  table(header, [
    line('every rewriting', 'all'),
    line('without any', 'none'),
    ...rules.map(([name]) => line(`without ${name}`, name)),
  ]),
].join('\n');
console.log(body);
writeSection('Rewritings', body);
process.exit(0);
