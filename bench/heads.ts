import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { openEngine } from '../src/engine/index.ts';
import { merges } from '../src/merge/index.ts';
import { fork, GraphModel } from '../src/model/index.ts';
import { optimizers } from '../src/optimizer/index.ts';
import type { Batch } from '../src/step/batch.ts';
import { StepRunner } from '../src/step/runner.ts';
import { setting, table, writeSection } from './measure/results.ts';
import { type Contender, interleave } from './measure/timing.ts';

// What partial labels cost: twelve heads with half of the labels missing, with all of them, and one plain output of
// twelve numbers without any masking, taking turns: `npm run bench -- heads [threads]`.

const threads = Number(process.argv[2] ?? 2);
const heads = 12;
const rounds = 15;
const engine = await openEngine({ type: 'onnx-cpu', threads });

const fractions = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, at) => {
    const value = Math.sin(at * 12.9898 + seed) * 43758.5453;
    return value - Math.floor(value);
  });
const trunk = () => [
  layers.dense({ units: 512, activation: 'relu' }),
  layers.dense({ units: 256, activation: 'relu' }),
];

/** The whole product: a model with twelve heads, of whose labels this share is known. */
async function partial(name: string, rows: number, known: number): Promise<Contender> {
  const graph = new GraphModel();
  const branches = fork(graph.input('x', [1024]).add(...trunk()), heads);
  branches.forEach((branch, at) => {
    graph.output(`head${at}`, branch.add(layers.dense({ units: 1 })), { loss: 'binaryCrossentropy' });
  });
  const runner = await StepRunner.open(graph.describe(), engine, {
    optimizer: optimizers.build({ type: 'adam' }, undefined, 'optimizer'),
    merge: merges.build({ type: 'sum' }, undefined, 'merge'),
    seed: 1,
  });
  const batch: Batch = {
    rows,
    inputs: { x: fractions(rows * 1024, 1) },
    labels: Object.fromEntries(
      Array.from({ length: heads }, (_, at) => [
        `head${at}`,
        {
          values: fractions(rows, at).map(Math.round),
          present: Uint8Array.from(fractions(rows, 20 + at), (value) => Number(value < known)),
        },
      ]),
    ),
  };
  return steps(name, () => runner.take(batch));
}

/** One output of twelve numbers, all labelled, in a step that knows nothing of presence. */
async function plain(name: string, rows: number): Promise<Contender> {
  const model = sequential({
    layers: [layers.inputLayer({ inputShape: [1024] }), ...trunk(), layers.dense({ units: heads })],
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
  return steps(name, () => {
    slot = 1 - slot;
    const given = prepared.slots[slot] as Record<'x' | 'y', Float32Array>;
    given.x.set(x);
    given.y.set(y);
    return prepared.run(slot, { present: [true], learningRates: [1e-3] });
  });
}

/** The next step is asked for while one is computed. */
function steps(name: string, take: () => Promise<unknown>): Contender {
  return {
    name,
    steps: async (count) => {
      const started = performance.now();
      let last: Promise<unknown> = Promise.resolve();
      for (let step = 0; step < count; step++) {
        const next = take();
        await last;
        last = next;
      }
      await last;
      return new Array<number>(count).fill((performance.now() - started) / count);
    },
    close: () => {},
  };
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
