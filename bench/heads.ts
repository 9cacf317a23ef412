import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { openEngine } from '../src/engine/index.ts';
import { denseTrunk, fractions, partialBatch, runnerOf } from './contender/partial.ts';
import { setting, table, writeSection } from './measure/results.ts';
import { ahead, type Contender, interleave } from './measure/timing.ts';

// What partial labels cost: twelve heads with half of the labels missing, with all of them, and one plain output of
// twelve numbers without any masking, taking turns: `npm run bench -- heads [threads]`.

const threads = Number(process.argv[2] ?? 2);
const heads = 12;
const rounds = 15;
const engine = await openEngine({ type: 'onnx-cpu', threads });

/** The whole product: a model with twelve heads, of whose labels this share is known. */
async function partial(name: string, rows: number, known: number): Promise<Contender> {
  const [runner, batch] = [await runnerOf(engine, heads), partialBatch(rows, heads, known)];
  return ahead(name, () => runner.take(batch));
}

/** One output of twelve numbers, all labelled, in a step that knows nothing of presence. */
async function plain(name: string, rows: number): Promise<Contender> {
  const model = sequential({
    layers: [layers.inputLayer({ inputShape: [1024] }), ...denseTrunk(), layers.dense({ units: heads })],
  });
  const trainer = await engine.train({
    step: ({ x, y }) => {
      const logits = model.apply(x as tf.Tensor, { training: true }) as tf.Tensor;
      const positive = tf.mul(y as tf.Tensor, tf.softplus(tf.neg(logits)));
      const negative = tf.mul(tf.sub(1, y as tf.Tensor), tf.softplus(logits));
      return { loss: tf.sum(tf.mean(tf.add(positive, negative), 0)) };
    },
    groups: [{ name: 'all', variables: model.weights.map((weight) => weight.read() as tf.Variable) }],
    optimizer: { type: 'adam' },
  });
  const prepared = await trainer.prepare({ x: { shape: [rows, 1024] }, y: { shape: [rows, heads] } });
  const [x, y] = [fractions(rows * 1024, 1), fractions(rows * heads, 2).map(Math.round)];
  let slot = 0;
  return ahead(name, () => {
    slot = 1 - slot;
    const given = prepared.slots[slot] as Record<'x' | 'y', Float32Array>;
    given.x.set(x);
    given.y.set(y);
    return prepared.run(slot, { present: [true], learningRates: [1e-3] });
  });
}

const names = ['twelve heads, half of the labels', 'twelve heads, all labels', 'one plain output, no masking'] as const;
const lines: string[][] = names.map((name) => [name]);
const ratios: string[] = [];
for (const rows of [128, 1024]) {
  const contenders = [
    await partial(names[0], rows, 0.5),
    await partial(names[1], rows, 1),
    await plain(names[2], rows),
  ];
  const timings = await interleave(contenders, rounds, Math.max(4, Math.round(2000 / rows)));
  timings.forEach(({ median, fast }, at) => {
    lines[at]?.push(`${median.toPrecision(3)} (${fast.toPrecision(3)})`);
  });
  const [half, all, one] = timings.map(({ median }) => median) as [number, number, number];
  ratios.push(`- ${rows} rows: half / all = ${(half / all).toFixed(2)}, half / plain = ${(half / one).toFixed(2)}`);
}
const body = [
  `Milliseconds a step of the dense model (1024-512-256-12) with Adam: median (tenth percentile) of ${rounds} turns, ${threads} threads.`,
  `${setting()}.`,
  '',
  table(['', '128 rows', '1024 rows'], lines),
  '',
  ...ratios,
].join('\n');
console.log(body);
writeSection(`Partial labels, ${threads} thread${threads === 1 ? '' : 's'}`, body);
await engine.close();
process.exit(0);
