import '@tensorflow/tfjs-backend-cpu';
import { openEngine } from '../src/engine/index.ts';
import { partialBatch, runnerOf } from './contender/partial.ts';
import { setting, table, writeSection } from './measure/results.ts';
import { ahead, interleave, processorMs, quantile } from './measure/timing.ts';

// What it costs to score heads on each batch before they are trained on it: the same step without and with, taking
// turns, and the scores themselves, which are taken once in a while: `npm run bench -- prequential [threads]`.

const threads = Number(process.argv[2] ?? 2);
const [rows, rounds, stepsPerScore] = [128, 12, 100];
const scored = { metrics: ['rocAuc', 'mcc'] as const, prequential: true };

/** A line of the table, and what it comes to. */
async function compared(heads: number, known: number): Promise<readonly [line: readonly string[], ratios: string]> {
  const engine = await openEngine({ type: 'onnx-cpu', threads });
  const [plain, scoring] = [await runnerOf(engine, heads), await runnerOf(engine, heads, scored)];
  const batch = partialBatch(rows, heads, known);
  const contenders = [
    ahead('without', () => plain.take(batch), processorMs),
    ahead('scored', () => scoring.take(batch), processorMs),
  ];
  const [without, kept] = await interleave(contenders, rounds, heads > 100 ? 4 : 16);
  const took = Array.from({ length: 3 }, () => {
    const started = processorMs();
    scoring.prequential();
    return processorMs() - started;
  });
  await engine.close();
  if (!without || !kept) throw new Error('both took steps');
  const shown = ({ median, fast }: typeof without): string => `${median.toPrecision(3)} (${fast.toPrecision(3)})`;
  const scores = quantile(took, 0.5);
  const name = `${heads} heads, ${100 * known} % of the labels`;
  const withScores = kept.median + scores / stepsPerScore;
  return [
    [name, shown(without), shown(kept), scores.toPrecision(3)],
    `- ${name}: scored / not scored = ${(kept.median / without.median).toFixed(2)} (${(kept.fast / without.fast).toFixed(2)}), scores included ${(withScores / without.median).toFixed(2)}`,
  ];
}

const compare = [await compared(12, 0.5), await compared(1000, 0.05)];
const body = [
  `Milliseconds of the processor, all threads together, that a step of the dense model (1024-512-256) takes with Adam and`,
  `${rows} rows, without and with a window of 1,000 labels for each head: median (tenth percentile) of ${rounds} turns with`,
  `${threads} threads, on a shared 2-core machine. Scores: rocAuc and mcc of all windows, once; a stream takes them with every`,
  `${stepsPerScore}th step.`,
  `${setting()}.`,
  '',
  table(
    ['', 'not scored', 'scored', 'scores'],
    compare.map(([line]) => line),
  ),
  '',
  ...compare.map(([, ratios]) => ratios),
].join('\n');
console.log(body);
writeSection('Heads that are scored while they train', body);
process.exit(0);
