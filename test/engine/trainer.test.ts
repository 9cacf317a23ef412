import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { TypedArray } from '../../src/core/dtype.ts';
import type { TrunklineEvent } from '../../src/core/event.ts';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { type EngineConfig, openEngine } from '../../src/engine/index.ts';
import type { Engine, PreparedStep, StepReport, TrainerSpec } from '../../src/engine/trainer.ts';
import type { StepSettings } from '../../src/engine/update.ts';
import { nameVariable } from '../../src/trace/name.ts';
import { expectClose, numbers } from '../trace/oracle.ts';

trunklineBackend();

const engines: readonly [string, EngineConfig][] = [
  ['eager', { type: 'tfjs-cpu' }],
  ['compiled, in this thread', { type: 'onnx-cpu', threads: 1, worker: false }],
  ['compiled, in a worker', { type: 'onnx-cpu', threads: 1 }],
  ['compiled, in a worker with two threads', { type: 'onnx-cpu', threads: 2 }],
  ['compiled, through the official binding', { type: 'onnx-cpu', threads: 1, worker: false, runner: 'binding' }],
];

async function open(config: EngineConfig, events: TrunklineEvent[] = []): Promise<Engine> {
  const engine = await openEngine(config, { events: (event) => events.push(event) });
  onTestFinished(() => engine.close());
  return engine;
}

const at = (inputs: Record<string, tf.Tensor>, name: string): tf.Tensor => inputs[name] as tf.Tensor;

function named(variable: tf.Variable, name: string): tf.Variable {
  nameVariable(variable, name);
  return variable;
}

/** Two heads on a trunk, with a moving mean, and dropout in front: a step with everything an update has to handle. */
function twoHeads(): TrainerSpec & { readonly variables: Readonly<Record<string, tf.Variable>> } {
  const variable = (rows: number, columns: number, seed: number, name: string): tf.Variable =>
    named(tf.variable(tf.tensor(numbers(rows * columns, seed), [rows, columns])), name);
  const variables = {
    trunk: variable(4, 6, 1, 'trunk'),
    a: variable(6, 1, 2, 'a'),
    b: variable(6, 1, 3, 'b'),
    mean: named(tf.variable(tf.zeros([1, 6]), false), 'mean'),
  };
  const drop = sequential({ layers: [layers.dropout({ inputShape: [4], rate: 0.25, name: 'drop' })] });
  return {
    variables,
    step: (inputs) => {
      const hidden = tf.tanh(tf.matMul(drop.apply(at(inputs, 'x'), { training: true }) as tf.Tensor, variables.trunk));
      variables.mean.assign(tf.add(tf.mul(variables.mean, 0.9), tf.mul(tf.mean(hidden, 0, true), 0.1)));
      const a = tf.mean(tf.squaredDifference(tf.matMul(hidden, variables.a), at(inputs, 'y')));
      const b = tf.mul(tf.mean(tf.square(tf.matMul(hidden, variables.b))), at(inputs, 'weight'));
      return { loss: tf.add(a, b), losses: { a, b }, outputs: { hidden } };
    },
    groups: [
      { name: 'trunk', variables: [variables.trunk, variables.mean] },
      { name: 'a', variables: [variables.a] },
      { name: 'b', variables: [variables.b] },
    ],
    optimizer: { type: 'adam', settings: { decay: 0.01 } },
    seed: 11,
  };
}

const specs = { x: { shape: [5, 4] }, y: { shape: [5, 1] }, weight: { shape: [] } };
const everything: StepSettings = { present: [true, true, true], learningRates: [0.01, 0.02, 0.03] };

function run(
  prepared: PreparedStep,
  step: number,
  settings: StepSettings = everything,
  weight = 1,
): Promise<StepReport> {
  const slot = prepared.slots[step % 2] as Record<'x' | 'y' | 'weight', Float32Array>;
  slot.x.set(numbers(20, step + 5));
  slot.y.set(numbers(5, step + 9));
  slot.weight[0] = weight;
  return prepared.run(step % 2, settings);
}

const copy = (state: Readonly<Record<string, TypedArray>>): Record<string, (number | bigint)[]> =>
  Object.fromEntries(Object.entries(state).map(([name, values]) => [name, [...values]]));

beforeEach(() => {
  tf.setBackend('cpu');
  tf.disposeVariables();
});

describe.each(engines)('a trainer, %s', (_, config) => {
  it('reports losses and outputs, and moves parameters, slots, clocks and moving statistics', async () => {
    const engine = await open(config);
    const spec = twoHeads();
    const trainer = await engine.train(spec);
    const prepared = await trainer.prepare(specs);
    const report = await run(prepared, 0);
    expect(report.loss).toBeCloseTo((report.losses.a as number) + (report.losses.b as number), 6);
    expect(report.outputs.hidden).toHaveLength(30);
    expect(report.nonFinite).toEqual([]);
    expect(report.gradientNorms.every((norm) => norm > 0)).toBe(true);
    await run(prepared, 1);
    const state = trainer.state();
    expect(Object.keys(state).sort()).toEqual([
      'clock/a',
      'clock/b',
      'clock/trunk',
      'parameter/a',
      'parameter/b',
      'parameter/mean',
      'parameter/trunk',
      ...['firstMoment', 'secondMoment'].flatMap((slot) => ['a', 'b', 'trunk'].map((name) => `slot/${slot}/${name}`)),
    ]);
    expect(state['clock/trunk']?.[0]).toBe(2);
    expect(state['parameter/mean']?.some((value) => value !== 0)).toBe(true);
    trainer.pull();
    expect(spec.variables.trunk?.dataSync()).toEqual(state['parameter/trunk']);
    expect(trainer.steps).toBe(2);
  });

  it('leaves everything of an absent group as it was, bit for bit', async () => {
    const engine = await open(config);
    const trainer = await engine.train(twoHeads());
    const prepared = await trainer.prepare(specs);
    await run(prepared, 0);
    const before = copy(trainer.state());
    for (let step = 1; step < 6; step++) await run(prepared, step, { ...everything, present: [true, true, false] });
    const after = copy(trainer.state());
    for (const [name, values] of Object.entries(after))
      if (/(^clock|^parameter|^slot\/\w+)\/b$/.test(name)) expect(values, name).toEqual(before[name]);
      else expect(values, name).not.toEqual(before[name]);
  });

  it('moves nothing when a loss is not finite, and says which', async () => {
    const engine = await open(config);
    const trainer = await engine.train(twoHeads());
    const prepared = await trainer.prepare(specs);
    await run(prepared, 0);
    const before = copy(trainer.state());
    const report = await run(prepared, 1, everything, Number.POSITIVE_INFINITY);
    expect(report.nonFinite).toContain('loss/b');
    expect(report.nonFinite).toContain('gradient/b');
    expect(report.nonFinite).not.toContain('loss/a');
    expect(copy(trainer.state())).toEqual(before);
    expect((await run(prepared, 2)).nonFinite).toEqual([]);
  });

  it('clips by value, by norm and over all groups', async () => {
    const clips = [{}, { value: 0.01 }, { norm: 0.05 }, { globalNorm: 0.05 }];
    const moved: number[] = [];
    for (const clip of clips) {
      tf.disposeVariables();
      const engine = await open(config);
      const spec = twoHeads();
      const start = spec.variables.trunk?.dataSync().slice() as Float32Array;
      const trainer = await engine.train({ ...spec, optimizer: { type: 'sgd' } });
      await run(await trainer.prepare(specs), 0, { present: [true, true, true], learningRates: [1, 1, 1], clip });
      const now = trainer.state()['parameter/trunk'] as Float32Array;
      moved.push(Math.hypot(...now.map((value, index) => value - (start[index] as number))));
    }
    const [free, byValue, byNorm, byAll] = moved as [number, number, number, number];
    expect(byValue).toBeLessThanOrEqual(0.01 * Math.sqrt(24) + 1e-6);
    expect(byNorm).toBeCloseTo(0.05, 5);
    expect(byAll).toBeLessThan(0.05);
    expect(free).toBeGreaterThan(byNorm);
  });

  it('computes functions of what it trains, and moves nothing by that', async () => {
    const engine = await open(config);
    const spec = twoHeads();
    const trainer = await engine.train(spec);
    const prepared = await trainer.prepare(specs);
    await run(prepared, 0);
    const scores = await trainer.infer(
      ({ x }) => ({ outputs: { scores: tf.matMul(x as tf.Tensor, spec.variables.trunk as tf.Variable) } }),
      { x: { shape: [1, 4] } },
    );
    const before = copy(trainer.state());
    (scores.inputs.x as Float32Array).set([1, 0, 0, 0]);
    const { scores: found } = await scores.run();
    expectClose(
      [...(found as Float32Array)],
      [...(trainer.state()['parameter/trunk'] as Float32Array).slice(0, 6)],
      'scores',
    );
    expect(copy(trainer.state())).toEqual(before);
  });

  it('continues from a restored state as if it had never stopped, bit for bit', async () => {
    const engine = await open(config);
    const [first, second] = [await engine.train(twoHeads()), await engine.train(twoHeads())];
    const prepared = await first.prepare(specs);
    for (let step = 0; step < 3; step++) await run(prepared, step);
    const saved = Object.fromEntries(Object.entries(first.state()).map(([name, values]) => [name, values.slice()]));
    for (let step = 3; step < 6; step++) await run(prepared, step);
    second.restore(saved as Record<string, TypedArray>);
    expect(second.state()['slot/firstMoment/a']).toEqual(saved['slot/firstMoment/a']);
    second.steps = 3;
    const continued = await second.prepare(specs);
    for (let step = 3; step < 6; step++) await run(continued, step);
    expect(copy(second.state())).toEqual(copy(first.state()));
    expect(() => second.restore({ 'parameter/a': new Float32Array(2) })).toThrow(
      "state 'parameter/a': expected 6 values; found 2",
    );
  });

  it('gives its first stage’s outputs to whoever decides on the inputs of the second', async () => {
    const engine = await open(config);
    const weights = tf.variable(tf.tensor([1, 2, 3], [3, 1]), true, 'weights');
    const trainer = await engine.train({
      step: ({ x, factor }) => {
        const loss = tf.sum(tf.matMul(x as tf.Tensor, weights));
        return { loss: tf.mul(loss, factor as tf.Tensor), outputs: { loss } };
      },
      groups: [{ name: 'all', variables: [weights] }],
      optimizer: { type: 'sgd' },
    });
    const prepared = await trainer.prepare({ x: { shape: [1, 3] }, factor: { shape: [], stage: 1 } });
    prepared.slots[0]?.x?.set([1, 1, 1] as never);
    const report = await prepared.run(0, { present: [true], learningRates: [1] }, ({ loss }) => {
      (prepared.slots[0]?.factor as Float32Array)[0] = 1 / (loss?.[0] as number);
    });
    expect(report.loss).toBeCloseTo(1, 6);
    expectClose(
      [...(trainer.state()['parameter/weights'] as Float32Array)],
      [1 - 1 / 6, 2 - 1 / 6, 3 - 1 / 6],
      'weights',
    );
  });

  it('keeps a bounded number of programs', async () => {
    const events: TrunklineEvent[] = [];
    const engine = await open(config.type === 'onnx-cpu' ? { ...config, programs: 2 } : config, events);
    const trainer = await engine.train(twoHeads());
    for (const rows of [5, 6, 7, 8, 5]) {
      const prepared = await trainer.prepare({
        x: { shape: [rows, 4] },
        y: { shape: [rows, 1] },
        weight: { shape: [] },
      });
      await prepared.run(0, everything);
    }
    const { programs, sessions } = await engine.status();
    if (config.type === 'onnx-cpu') {
      expect([programs, sessions]).toEqual([2, 2]);
      expect(events.filter(({ type }) => type === 'programCompiled')).toHaveLength(5);
      expect(events.filter(({ type }) => type === 'programEvicted')).toHaveLength(3);
    } else expect(programs).toBe(0);
    expect(trainer.state()['clock/trunk']?.[0]).toBe(5);
    await trainer.close();
    expect((await engine.status()).values).toBe(0);
  });
});

describe.each(engines.slice(0, 3))('a trainer refuses, %s', (_, config) => {
  it('settings that do not fit', async () => {
    const trainer = await (await open(config)).train(twoHeads());
    const prepared = await trainer.prepare(specs);
    await expect(prepared.run(2, { present: [true], learningRates: [0.1, Number.NaN, -1] })).rejects.toThrow(
      [
        'present: expected one for each of 3 groups (trunk, a, b); found 1',
        'learningRates[1]: expected a finite number, 0 or more; found NaN',
        'learningRates[2]: expected a finite number, 0 or more; found -1',
        'slot: expected a whole number below 2; found 2',
      ].join('\n'),
    );
    expect((await run(prepared, 0)).nonFinite).toEqual([]);
  });

  it('limits, settings and shapes that cannot be', async () => {
    const spec = twoHeads();
    const engine = await open(config);
    const trainer = await engine.train(spec);
    const prepared = await trainer.prepare(specs);
    await expect(run(prepared, 0, { ...everything, clip: { norm: -1, globalNrom: 3 } as never })).rejects.toThrow(
      "clip.norm: expected a number above 0; found -1\nclip.globalNrom: expected one of 'value', 'norm', 'globalNorm'; found 'globalNrom'\n  hint: did you mean 'globalNorm'?",
    );
    await expect(engine.train({ ...spec, optimizer: { type: 'adm' as never } })).rejects.toThrow(
      "found 'adm'\n  hint: did you mean 'adam'?",
    );
    await expect(
      engine.train({ ...spec, optimizer: { type: 'adam', settings: { beta_1: 0.5, beta2: 2, epsilon: 0 } } }),
    ).rejects.toThrow(
      /^optimizer\.settings\.beta_1: expected one of 'beta1', .*\n.*'beta1'\?\noptimizer\.settings\.beta2: expected a number from 0 to below 1; found 2\noptimizer\.settings\.epsilon: expected a number above 0; found 0$/,
    );
    await expect(
      trainer.prepare({ x: { shape: [-1, 4] }, y: { shape: 4 as never, dtype: 'flota32' as never } }),
    ).rejects.toThrow(
      "inputs.x.shape: expected a list of whole numbers, 0 or more; found [-1, 4]\ninputs.y.shape: expected a list of whole numbers, 0 or more; found 4\ninputs.y.dtype: expected one of 'float32', 'int32', 'bool'; found 'flota32'",
    );
  });

  it('a slot that is still being computed', async () => {
    const prepared = await (await (await open(config)).train(twoHeads())).prepare(specs);
    const first = run(prepared, 0);
    await expect(run(prepared, 2)).rejects.toThrow(
      'slot 0: expected a slot whose last step has settled; found one that is being computed\n  hint: await that step, or alternate the slots',
    );
    await first;
    expect((await run(prepared, 2)).nonFinite).toEqual([]);
  });

  it.each([
    [
      async () => ({}),
      'the step: expected an object with loss, losses, activations, outputs made of tensors; found a promise',
    ],
    [
      () => tf.scalar(1),
      'the step: expected an object with loss, losses, activations, outputs made of tensors; found a tensor []',
    ],
    [() => undefined, 'made of tensors; found nothing'],
    [() => ({ loss: 3 }), 'loss: expected an object with loss'],
    [() => ({ los: tf.scalar(1) }), "found 'los'\n  hint: did you mean 'loss'?"],
  ])('a step that returns something else: %#', async (step, message) => {
    const trainer = await (await open(config)).train({ ...twoHeads(), step: step as never });
    await expect(trainer.prepare(specs).then((prepared) => run(prepared, 0))).rejects.toThrow(message);
  });

  it('groups that overlap', async () => {
    const { groups, ...spec } = twoHeads();
    const [trunk, a] = groups as [(typeof groups)[number], (typeof groups)[number]];
    const engine = await open(config);
    await expect(
      engine.train({ ...spec, groups: [trunk, { ...a, variables: trunk.variables.slice(0, 1) }, a, a] }),
    ).rejects.toThrow(
      "groups: variable 'trunk': expected it in one group; found it in 'trunk' and 'a'\ngroups: expected names that differ; found two named 'a'",
    );
  });

  it('to go on after it was closed', async () => {
    const trainer = await (await open(config)).train(twoHeads());
    const prepared = await trainer.prepare(specs);
    await trainer.close();
    await trainer.close();
    await expect(run(prepared, 0)).rejects.toThrow('trainer: expected an open trainer; found a closed one');
  });

  it('to open anything on a closed engine', async () => {
    const engine = await open(config);
    await engine.close();
    await engine.close();
    await expect(engine.train(twoHeads())).rejects.toThrow(/^engine .*: expected an open engine; found a closed one$/);
    await expect(engine.status()).rejects.toThrow('expected an open engine');
  });
});

describe('trainers on different engines', () => {
  it('agree step by step, dropout and absent heads included', async () => {
    const histories: number[][] = [];
    for (const [, config] of engines) {
      tf.disposeVariables();
      const trainer = await (await open(config)).train(twoHeads());
      const prepared = await trainer.prepare(specs);
      const history: number[] = [];
      for (let step = 0; step < 8; step++) {
        const report = await run(prepared, step, { ...everything, present: [true, step % 2 === 0, step % 3 !== 0] });
        history.push(report.loss as number, ...report.gradientNorms);
      }
      histories.push([...history, ...(trainer.state()['parameter/trunk'] as Float32Array)]);
    }
    const [eager, ...others] = histories as [number[], ...number[][]];
    for (const history of others) expectClose(history, eager, 'history', { relative: 1e-4, absolute: 1e-6 });
  });
});

describe('an engine refuses', () => {
  it('parameters that are not finite', async () => {
    const spec = twoHeads();
    spec.variables.a?.assign(tf.tensor([1, Number.NaN, 3, 4, 5, 6], [6, 1]));
    const trainer = await (await open({ type: 'onnx-cpu', worker: false, threads: 1 })).train(spec);
    await expect(trainer.prepare(specs)).rejects.toThrow(
      "variable 'a'[1]: expected finite values to start from; found NaN\n  hint: check its initialiser, or the file it was restored from",
    );
  });

  it('a variable that nothing would move', async () => {
    const { groups, ...spec } = twoHeads();
    const trainer = await (await open({ type: 'onnx-cpu', worker: false, threads: 1 })).train({
      ...spec,
      groups: groups.slice(0, 2),
    });
    await expect(trainer.prepare(specs)).rejects.toThrow(
      "variable 'b': expected every trainable variable the step uses in one of the groups; found it in none of 'trunk', 'a'\n  hint: add it to a group, or make it untrainable if it is meant to stay as it is",
    );
  });

  it('a model that does not fit', async () => {
    const trainer = await (await open({ type: 'onnx-cpu', worker: false, threads: 1, memoryBytes: 1 << 20 })).train({
      ...twoHeads(),
      step: ({ x }) => ({
        loss: tf.sum(tf.matMul(x as tf.Tensor2D, tf.variable(tf.zeros([4, 100_000]), false, 'wide'))),
      }),
    });
    await expect(trainer.prepare(specs)).rejects.toThrow(
      /^arena region 'trainer\d+\/parameter\/wide' float32 \[4, 100000\]: expected 1\.5 MiB of free memory in one piece; found \d+\.\d KiB free of 1\.0 MiB\n {2}hint: an arena holds/,
    );
  });

  it('a GPU that is not there', async (context) => {
    const opened = await openEngine({ type: 'onnx-webgpu', worker: false, threads: 1 }).catch(
      (reason: unknown) => reason,
    );
    context.skip(!(opened instanceof Error), 'this machine has a WebGPU adapter');
    expect((opened as Error).message).toMatch(/^provider webgpu: expected a GPU adapter; found /);
  });

  it('CUDA libraries that are not there, which auto reports', async (context) => {
    const events: TrunklineEvent[] = [];
    const cuda = await openEngine({ type: 'onnx-cuda', worker: false, threads: 1 }).catch((reason: unknown) => reason);
    context.skip(!(cuda instanceof Error), 'this machine has CUDA');
    expect((cuda as Error).message).toMatch(/^provider cuda: expected ONNX Runtime's CUDA libraries in .*; found no /);
    await open({ type: 'auto' }, events);
    expect(events.find(({ type }) => type === 'engineChosen')).toMatchObject({
      engine: 'onnx-cpu',
      reason: expect.stringMatching(/; no CUDA: provider cuda: expected /),
    });
  });

  it('packages and devices that are not there', async () => {
    await expect(openEngine({ type: 'tfjs-node' })).rejects.toThrow(
      /^engine tfjs-node: expected the package @tensorflow\/tfjs-node; found .*'?@tensorflow\/tfjs-node.*\n {2}hint: npm install @tensorflow\/tfjs-node, or use the engine onnx-cpu/,
    );
    await expect(openEngine({ type: 'onnx-gpu' } as never)).rejects.toThrow("expected one of 'onnx-cpu'");
  });
});
