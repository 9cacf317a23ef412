import '@tensorflow/tfjs-backend-cpu';
import { convolutionWork, denseWork, type Work } from './contender/models.ts';
import { recordedGradients, trainerContender, writtenGradients } from './contender/program.ts';
import { setting, table, writeSection } from './measure/results.ts';
import { type Contender, interleave, type Timing } from './measure/timing.ts';

// One training step, and what it is made of, taking turns: `npm run bench -- step [threads]`. Others: bench/peers.ts.

const threads = Number(process.argv[2] ?? 2);
const rounds = 9;

/** Steps of one turn: few where they are slow. */
const stepsPerTurn = (rows: number): number => Math.max(4, Math.round(2000 / rows));

async function contendersFor(work: Work, rows: number): Promise<readonly Contender[]> {
  return [
    await trainerContender('trunkline (koffi)', { type: 'onnx-cpu', threads }, work, rows),
    await trainerContender(
      'trunkline (official binding)',
      { type: 'onnx-cpu', threads, runner: 'binding' },
      work,
      rows,
    ),
    recordedGradients(work, rows, threads),
    ...(work.name === 'dense' ? [writtenGradients(rows, threads)] : []),
  ];
}

async function measure(work: Work, rows: number): Promise<readonly Timing[]> {
  const contenders = await contendersFor(work, rows);
  const timings = await interleave(contenders, rounds, stepsPerTurn(rows));
  for (const contender of contenders) await contender.close();
  const eager = await trainerContender('tfjs cpu, eager', { type: 'tfjs-cpu' }, work, rows);
  const slow = await interleave([eager], 1, 1);
  await eager.close();
  return [...timings, ...slow];
}

const shown = ({ median, fast }: Timing): string => `${median.toPrecision(3)} (${fast.toPrecision(3)})`;

const columns = new Map<string, readonly Timing[]>();
for (const rows of [32, 128, 1024]) columns.set(`dense, ${rows} rows`, await measure(denseWork(), rows));
columns.set('cnn, 64 rows', await measure(convolutionWork(), 64));

const names = [...new Set([...columns.values()].flatMap((timings) => timings.map(({ name }) => name)))];
const rowsOfTable = names.map((name) => [
  name,
  ...[...columns.values()].map((timings) => {
    const timing = timings.find((candidate) => candidate.name === name);
    return timing ? shown(timing) : '–';
  }),
]);
const ratios = [...columns].flatMap(([column, timings]) => {
  const median = (name: string): number | undefined => timings.find((timing) => timing.name.startsWith(name))?.median;
  const ratio = (a: string, b: string): string[] => {
    const [above, below] = [median(a), median(b)];
    return above && below ? [`- ${column}: ${a} / ${b} = ${(above / below).toFixed(2)}`] : [];
  };
  return ratio('gradients, recorded', 'gradients, hand-written');
});
const body = [
  `Milliseconds a step: median (tenth percentile) of ${rounds} turns, ${threads} threads, Adam but for the rows that say gradients.`,
  `${setting()}.`,
  '',
  table(['', ...columns.keys()], rowsOfTable),
  '',
  ...ratios,
].join('\n');
console.log(body);
writeSection(`One step, ${threads} threads`, body);
process.exit(0);
