import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import type { TrunklineEvent } from './core/event.ts';
import { trunklineBackend } from './engine/backend.ts';
import { openEngine } from './engine/index.ts';
import type { Engine, GroupSpec, TrainerSpec } from './engine/trainer.ts';
import { withRandom } from './trace/random.ts';
import type { Step } from './trace/record.ts';

const features = 64;
const rows = 256;
const steps = 600;
const seed = 7;

/** Six heads on one trunk, and the share of samples whose truth is known for each. */
const heads = [
  { name: 'toxic', labelled: 0.9 },
  { name: 'soluble', labelled: 0.5 },
  { name: 'stable', labelled: 0.3 },
  { name: 'mutagenic', labelled: 0.1 },
  { name: 'rare', labelled: 0.01 },
  { name: 'silent', labelled: 0 },
] as const;

/** A small generator of numbers in [0, 1), the same in every run (mulberry32). */
function generator(state: number): () => number {
  let current = state;
  return () => {
    current = (current + 0x6d2b79f5) | 0;
    const mixed = Math.imul(current ^ (current >>> 15), 1 | current);
    const more = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((more ^ (more >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Samples whose labels depend on the features, most of them unknown: absent labels are NaN, and never looked at. */
function samples(): {
  fill: (x: Float32Array, labels: readonly Float32Array[], known: readonly Float32Array[]) => void;
} {
  const random = generator(seed);
  const truth = heads.map(() => Float32Array.from({ length: features }, () => random() - 0.5));
  return {
    fill: (x, labels, known) => {
      x.forEach((_, at) => {
        x[at] = random() * 2 - 1;
      });
      heads.forEach(({ labelled }, head) => {
        for (let row = 0; row < rows; row++) {
          const present = random() < labelled;
          const direction = truth[head] as Float32Array;
          const score = direction.reduce((sum, weight, at) => sum + weight * (x[row * features + at] as number), 0);
          (labels[head] as Float32Array)[row] = present ? Number(score > 0) : Number.NaN;
          (known[head] as Float32Array)[row] = Number(present);
        }
      });
    },
  };
}

/** Mean cross-entropy over the rows whose label is known. Unknown rows are selected away before anything is computed. */
function presentLoss(logits: tf.Tensor, label: tf.Tensor, known: tf.Tensor): tf.Tensor {
  const present = tf.greater(known, 0);
  const z = tf.where(present, logits, tf.zerosLike(logits));
  const y = tf.where(present, label, tf.zerosLike(label));
  const losses = tf.add(tf.sub(tf.relu(z), tf.mul(z, y)), tf.log1p(tf.exp(tf.neg(tf.abs(z)))));
  const sum = tf.sum(tf.where(present, losses, tf.zerosLike(losses)));
  return tf.div(sum, tf.maximum(tf.sum(known), 1));
}

/**
 * Trains six heads on one trunk from generated, partially labelled samples with the compiled engine, and prints each
 * head's loss.
 */
export async function demonstrate(print: (line: string) => void): Promise<void> {
  trunklineBackend();
  const { trunk, branches } = withRandom({ seed, step: 0 }, () => ({
    trunk: sequential({
      name: 'trunk',
      layers: [
        layers.dense({ name: 'hidden1', inputShape: [features], units: 128, activation: 'relu' }),
        layers.dense({ name: 'hidden2', units: 64, activation: 'relu' }),
      ],
    }),
    branches: heads.map(({ name }) =>
      sequential({ name, layers: [layers.dense({ name: `${name}_out`, inputShape: [64], units: 1 })] }),
    ),
  }));
  const at = (inputs: Record<string, tf.Tensor>, name: string): tf.Tensor => inputs[name] as tf.Tensor;
  const step: Step = (inputs) => {
    const hidden = trunk.apply(at(inputs, 'x'), { training: true }) as tf.Tensor;
    const losses = heads.map(({ name }, head) => {
      const logits = tf.reshape((branches[head] as typeof trunk).apply(hidden) as tf.Tensor, [rows]);
      return [name, presentLoss(logits, at(inputs, `label.${name}`), at(inputs, `known.${name}`))] as const;
    });
    return { loss: tf.addN(losses.map(([, loss]) => loss)), losses: Object.fromEntries(losses) };
  };
  const variablesOf = (model: typeof trunk): tf.Variable[] =>
    model.weights.map((weight) => weight.read() as tf.Variable);
  const groups: GroupSpec[] = [
    { name: 'trunk', variables: variablesOf(trunk) },
    ...branches.map((branch) => ({ name: branch.name, variables: variablesOf(branch) })),
  ];

  const events = (event: TrunklineEvent): void => {
    if (event.type === 'engineChosen')
      print(`engine ${event.engine} through ${event.runner}, ${event.threads} threads`);
    if (event.type === 'programCompiled')
      print(
        `recorded and compiled ${event.nodes} operations in ${(event.recordMs + event.encodeMs + event.sessionMs).toFixed(0)} ms`,
      );
  };
  const engine = await openEngine({ type: 'onnx-cpu' }, { events });
  try {
    await train(engine, { step, groups, optimizer: { type: 'adam' }, seed }, print);
  } finally {
    await engine.close();
  }
}

/** Takes the steps, and prints what became of each head. */
async function train(engine: Engine, spec: TrainerSpec, print: (line: string) => void): Promise<void> {
  const trainer = await engine.train(spec);
  const vector = { shape: [rows] };
  const prepared = await trainer.prepare({
    x: { shape: [rows, features] },
    ...Object.fromEntries(
      heads.flatMap(({ name }) => [
        [`label.${name}`, vector],
        [`known.${name}`, vector],
      ]),
    ),
  });
  const source = samples();
  const seen = heads.map(() => 0);
  const first = new Map<string, number>();
  const last = new Map<string, number>();
  const started = performance.now();
  for (let number = 0; number < steps; number++) {
    const inputs = prepared.slots[number % 2] as Record<string, Float32Array>;
    const known = heads.map(({ name }) => inputs[`known.${name}`] as Float32Array);
    source.fill(
      inputs.x as Float32Array,
      heads.map(({ name }) => inputs[`label.${name}`] as Float32Array),
      known,
    );
    const counts = known.map((flags) => flags.reduce((sum, flag) => sum + flag, 0));
    const present = [true, ...counts.map((count) => count > 0)];
    const { losses } = await prepared.run(number % 2, { present, learningRates: present.map(() => 3e-3) });
    heads.forEach(({ name }, head) => {
      seen[head] = (seen[head] as number) + (counts[head] as number);
      const loss = losses[name];
      if (!counts[head] || loss === undefined) return;
      if (!first.has(name)) first.set(name, loss);
      last.set(name, (last.get(name) ?? loss) * 0.95 + loss * 0.05);
    });
  }
  const seconds = (performance.now() - started) / 1000;
  print(
    `${steps} steps of ${rows} samples in ${seconds.toFixed(1)} s (${Math.round((steps * rows) / seconds)} samples/s)\n`,
  );
  print('head        labels   first loss   loss now');
  heads.forEach(({ name }, head) => {
    const show = (loss: number | undefined): string => (loss === undefined ? 'no label' : loss.toFixed(4)).padStart(11);
    print(`${name.padEnd(10)} ${String(seen[head]).padStart(7)}  ${show(first.get(name))} ${show(last.get(name))}`);
  });
}
