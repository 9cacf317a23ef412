import type * as tf from '@tensorflow/tfjs-core';
import { allocateArray, type TypedArray } from '../../src/core/dtype.ts';
import { sizeOf } from '../../src/core/shape.ts';
import { compile } from '../../src/engine/compile.ts';
import { type EngineConfig, openEngine } from '../../src/engine/index.ts';
import { encodeGraph } from '../../src/engine/onnx/encode.ts';
import { openRunner } from '../../src/engine/runner/index.ts';
import type { Port } from '../../src/engine/runner/runner.ts';
import type { Rule } from '../../src/ir/build.ts';
import { simplify } from '../../src/ir/pass/simplify.ts';
import type { Recorded } from '../../src/trace/record.ts';
import type { Contender } from '../measure/timing.ts';
import { handWrittenGradients } from './hand.ts';
import type { Work } from './models.ts';

/** Inputs like the real ones: numbers around 0, half of the labels known. */
function fill(name: string, values: TypedArray): void {
  const base = name.replace(/^input\//, '');
  const binary = base === 'y' || base === 'm';
  for (let at = 0; at < values.length; at++) {
    const number = Math.sin(at * 12.9898 + values.length) * 43758.5453;
    const fraction = number - Math.floor(number);
    const scale = base === 'x' ? 2 : 0.1;
    values[at] = values instanceof Int32Array ? at % 1000 : binary ? Number(fraction < 0.5) : (fraction - 0.5) * scale;
  }
}

/** The whole product: inputs in the arena, a worker, Adam; the next step is asked for while one is computed. */
export async function trainerContender(
  name: string,
  config: EngineConfig,
  work: Work,
  rows: number,
): Promise<Contender> {
  const engine = await openEngine(config);
  const variables = work.model.weights.map((weight) => weight.read() as tf.Variable);
  const trainer = await engine.train({
    step: work.step,
    groups: [{ name: 'all', variables }],
    optimizer: { type: 'adam' },
  });
  const prepared = await trainer.prepare(work.specs(rows));
  for (const slot of prepared.slots) for (const [input, values] of Object.entries(slot)) fill(input, values);
  const settings = { present: [true], learningRates: [1e-3] };
  return {
    name,
    steps: async (count) => {
      const started = performance.now();
      let last: Promise<unknown> = Promise.resolve();
      for (let step = 0; step < count; step++) {
        const next = prepared.run(step % 2, settings);
        await last;
        last = next;
      }
      await last;
      return new Array(count).fill((performance.now() - started) / count);
    },
    close: async () => {
      await trainer.close();
      await engine.close();
    },
  };
}

function modelContender(
  name: string,
  threads: number,
  model: Uint8Array,
  inputs: readonly Port[],
  outputs: readonly Port[],
): Contender {
  const { runner } = openRunner({ threads });
  const session = runner.load(model, inputs, outputs, { provider: 'cpu', optimization: 'all' });
  const arrayOf = ({ dtype, shape }: Port): TypedArray => allocateArray(dtype, sizeOf(shape));
  const given = inputs.map((port) => {
    const values = arrayOf(port);
    fill(port.name, values);
    return values;
  });
  const binding = session.bind(given, outputs.map(arrayOf));
  return {
    name,
    steps: async (count) =>
      Array.from({ length: count }, () => {
        const started = performance.now();
        binding.run();
        return performance.now() - started;
      }),
    close: () => session.release(),
  };
}

/** Loss and gradients alone, as recorded, without optimizer or worker. */
export function recordedGradients(work: Work, rows: number, threads: number): Contender {
  const { program } = compile(work.step, work.specs(rows));
  const [stage] = program.stages;
  if (!stage) throw new Error('a program has at least one stage');
  return modelContender('gradients, recorded', threads, stage.model, stage.inputs, stage.outputs);
}

/** Loss and gradients alone, rewritten by the given rules only. */
export function rewrittenGradients(name: string, recorded: Recorded, rules: readonly Rule[]): Contender {
  const { model, inputs, outputs } = encodeGraph(simplify(recorded.outputs, rules), { named: true });
  return modelContender(name, 1, model, inputs, outputs);
}

/** Loss and gradients alone, as written by hand in ONNX. */
export function writtenGradients(rows: number, threads: number): Contender {
  const { model, inputs, outputs } = encodeGraph(handWrittenGradients(rows));
  return modelContender('gradients, hand-written', threads, model, inputs, outputs);
}
