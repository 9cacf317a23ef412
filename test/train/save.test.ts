import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { TypedArray } from '../../src/core/dtype.ts';
import type { EngineConfig } from '../../src/engine/index.ts';
import type { StepState } from '../../src/step/state.ts';
import { Graph } from '../../src/train/graph.ts';
import { decodeSafetensors } from '../../src/train/safetensors.ts';
import { loadState, saveState } from '../../src/train/save.ts';
import { compiled, eager } from '../engine/opened.ts';

beforeEach(() => {
  tf.setBackend('cpu');
});

const { batchNormalization, dense, dropout } = layers;

/** Two heads, moving statistics, random masks, and an output that is not trained. */
function build(engine: EngineConfig, { units = 5, momentum = 0.99, weight = 1 } = {}): Graph {
  const graph = new Graph({ seed: 3 });
  onTestFinished(() => graph.close());
  const trunk = graph.input('x', [4]).add(dense({ units, activation: 'tanh' }), batchNormalization({ momentum }));
  const [left, right, aside] = graph.fork(trunk, ['left', 'right', 'aside']);
  graph.output('size', left?.add(dropout({ rate: 0.3 }), dense({ units: 1 })) as never, {
    loss: 'meanSquaredError',
    denominator: 'ema',
    weight,
  });
  graph.output('kind', right?.add(dense({ units: 3 })) as never, { loss: 'categoricalCrossentropy' });
  graph.output('seen', aside?.add(dense({ units: 2 })) as never);
  return graph.compile({ optimizer: { type: 'adam', learningRate: 0.01 }, merge: 'uncertainty', engine, seed: 11 });
}

const wave = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, at) => Math.sin(at * 12.9898 + seed));

const rows = 24;
const x = { values: wave(rows * 4, 1), shape: [rows, 4] };
const y = {
  size: Array.from({ length: rows }, (_, row) => (row % 3 === 0 ? null : row / rows)),
  kind: Array.from({ length: rows }, (_, row) =>
    row % 2 === 0 ? null : [0, 1, 2].map((at) => Number(at === row % 3)),
  ),
};
const train = (graph: Graph, seed: number) => graph.fit(x, y, { epochs: 2, batchRows: 8, seed });
/** 9 steps in which heads take turns: whose turn is next has to be remembered. */
const takeTurns = (graph: Graph, seed: number) => graph.fit(x, y, { epochs: 3, batchRows: 8, seed, alternate: true });

async function temporary(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'trunkline-'));
  onTestFinished(() => rm(made, { recursive: true }));
  return join(made, 'state');
}

const bits = (values: TypedArray): string => Buffer.from(values.slice().buffer).toString('hex');

/** All that a run continues from, bit by bit, and what it predicts. */
async function everything(graph: Graph): Promise<unknown> {
  const predicted = Object.entries(await graph.predict(x)).map(([name, { values }]) => [name, bits(values)]);
  const { arrays, ...memory } = await graph.state();
  const named = Object.entries(arrays).map(([name, values]) => [name, bits(values)] as const);
  return { predicted, memory, arrays: named.sort(([a], [b]) => (a < b ? -1 : 1)) };
}

describe.each([compiled, eager])('save and load, on $type', (engine) => {
  test('a run that was interrupted goes on as one that was not, bit for bit', async () => {
    const directory = await temporary();
    const uninterrupted = build(engine);
    await train(uninterrupted, 1);
    await uninterrupted.save(directory);
    await train(uninterrupted, 2);

    const continued = build(engine);
    await continued.load(directory);
    await train(continued, 2);
    expect(await everything(continued)).toEqual(await everything(uninterrupted));
  });

  test('heads that take turns go on with whose turn it is', async () => {
    const directory = await temporary();
    const uninterrupted = build(engine);
    await takeTurns(uninterrupted, 1);
    await uninterrupted.save(directory);
    await takeTurns(uninterrupted, 2);

    const continued = build(engine);
    await continued.load(directory);
    await takeTurns(continued, 2);
    expect(await everything(continued)).toEqual(await everything(uninterrupted));
    const { heads } = await continued.state();
    expect([heads.size?.clock, heads.kind?.clock]).toEqual([9, 9]);
  });

  test('what a graph has learned meanwhile is gone once it loads', async () => {
    const directory = await temporary();
    const graph = build(engine);
    const before = await everything(graph);
    await graph.save(directory);
    await train(graph, 1);
    await graph.load(directory);
    expect(await everything(graph)).toEqual(before);

    await train(graph, 2);
    const fresh = build(engine);
    await train(fresh, 2);
    expect(await everything(graph)).toEqual(await everything(fresh));
  });

  test('a state goes on under the optimizer that it is of, and no other: slots and clocks would be another’s', async () => {
    const directory = await temporary();
    const saved = build(engine);
    await train(saved, 1);
    await saved.save(directory);

    const other = build(engine).compile({ optimizer: 'momentum', merge: 'uncertainty', engine, seed: 11 });
    const before = await everything(other);
    const message =
      "state: expected that of a graph with the optimizer 'momentum', as this one is compiled; found one of 'adam'\n" +
      "  hint: compile with 'adam', load, and compile with 'momentum', which then begins anew";
    await expect(other.load(directory)).rejects.toThrow(message);
    await expect(other.restore(await saved.state())).rejects.toThrow(message);
    expect(await everything(other)).toEqual(before);

    other.compile({ optimizer: { type: 'adam', learningRate: 0.1 }, merge: 'uncertainty', engine, seed: 11 });
    await other.load(directory);
    other.compile({ optimizer: 'momentum', merge: 'uncertainty', engine, seed: 11 });
    const { arrays } = await other.state();
    const learned = (await saved.state()).arrays;
    const parameters = Object.keys(learned).filter((name) => name.startsWith('parameter/'));
    expect(Object.keys(arrays).sort()).toEqual(parameters.sort());
    for (const name of parameters) expect(bits(arrays[name] as TypedArray)).toBe(bits(learned[name] as TypedArray));
  });

  test('outputs that are not trained are saved with the others', async () => {
    const directory = await temporary();
    const graph = build(engine);
    const kernel = graph
      .describe()
      .groups.flatMap(({ parameters }) => parameters)
      .find(({ name }) => name === 'aside/dense/kernel');
    kernel?.variable.assign(tf.fill([5, 2], 0.25));
    await train(graph, 1);
    await graph.save(directory);
    const { tensors } = decodeSafetensors(await readFile(join(directory, 'parameters.safetensors')), 'file');
    expect([...tensors.keys()].sort()).toMatchInlineSnapshot(`
      [
        "aside/dense/bias",
        "aside/dense/kernel",
        "left/dense/bias",
        "left/dense/kernel",
        "right/dense/bias",
        "right/dense/kernel",
        "x/batchNormalization/beta",
        "x/batchNormalization/gamma",
        "x/batchNormalization/moving_mean",
        "x/batchNormalization/moving_variance",
        "x/dense/bias",
        "x/dense/kernel",
      ]
    `);
    expect([...(tensors.get('aside/dense/kernel')?.values ?? [])]).toEqual(new Array(10).fill(0.25));

    const other = build(engine);
    await other.predict(x);
    await other.load(directory);
    expect(await everything(other)).toEqual(await everything(graph));
  });
});

test('what was chosen while training is saved: weights of heads, rates, and what is frozen', async () => {
  const directory = await temporary();
  const graph = build(compiled);
  (await graph.head('size')).weight = 0.25;
  (await graph.head('size')).frozen = true;
  const branch = graph.describe().groups[0]?.branch as string;
  graph.freeze(branch);
  await graph.save(directory);
  const other = build(compiled);
  await other.load(directory);
  expect((await other.head('size')).choice()).toEqual({ weight: 0.25, learningRate: 1, frozen: true });
  expect((await other.state()).frozen).toEqual([branch]);
});

test('what may change while training does not keep a model from being loaded: what was saved holds', async () => {
  const directory = await temporary();
  const saved = build(compiled, { weight: 0.25 });
  await train(saved, 1);
  await saved.save(directory);
  const other = build(compiled, { weight: 2 });
  await other.load(directory);
  expect((await other.head('size')).weight).toBe(0.25);
  expect(await everything(other)).toEqual(await everything(saved));
});

test('a graph that was closed goes on from where it was, bit for bit', async () => {
  const [graph, whole] = [build(compiled), build(compiled)];
  await train(whole, 1);
  await train(whole, 2);
  await train(graph, 1);
  await graph.close();
  await train(graph, 2);
  expect((await graph.state()).steps).toBe((await whole.state()).steps);
  const [found, expected] = [await graph.state(), await whole.state()];
  for (const [name, values] of Object.entries(expected.arrays))
    expect(bits(found.arrays[name] as TypedArray), name).toBe(bits(values));
});

test('any state is read as it was written, bit for bit', async () => {
  const graph = build(compiled);
  await train(graph, 1);
  const [state, spec, directory] = [await graph.state(), graph.describe(), await temporary()];
  const real = fc.oneof(
    fc.double(),
    fc.constantFrom(-0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  );
  const states = fc
    .record({
      settings: fc.constant({ size: { weight: -0, learningRate: 1, frozen: true } }),
      frozen: fc.subarray(['x', 'NaN', '-0']),
      learningRates: fc.dictionary(fc.constantFrom('x', 'NaN'), fc.constantFrom(0, -0, 0.5, 3e38)),
      steps: fc.nat(),
      merge: fc.dictionary(fc.constantFrom('size', 'kind'), fc.record({ logVariance: real })),
      schedules: fc.dictionary(fc.constantFrom('left', 'right'), fc.record({ best: real, waited: fc.nat() })),
      head: fc.record({
        clock: fc.nat(),
        labels: fc.nat(),
        lastStep: fc.nat(),
        denominator: fc.record({ rate: real, weight: real }),
      }),
      pattern: fc.array(fc.nat(2 ** 32 - 1), { minLength: 1, maxLength: 9 }),
    })
    .map(({ settings, frozen, learningRates, steps, merge, schedules, head, pattern }): StepState => {
      const arrays = Object.entries(state.arrays).map(([name, values]) => {
        const filled = values.slice() as Float32Array;
        new Uint32Array(filled.buffer).set(Array.from(filled, (_, at) => pattern[at % pattern.length] as number));
        return [name, filled] as const;
      });
      return {
        settings,
        frozen,
        learningRates,
        steps,
        merge,
        schedules,
        heads: { size: head },
        arrays: Object.fromEntries(arrays),
      };
    });
  await fc.assert(
    fc.asyncProperty(states, async (written) => {
      await saveState(directory, written, spec);
      const read = await loadState(directory, spec);
      const { arrays, ...memory } = written;
      expect({ ...read, arrays: undefined }).toEqual({ ...memory, arrays: undefined });
      for (const [name, values] of Object.entries(arrays))
        expect(bits(read.arrays[name] as TypedArray)).toBe(bits(values));
    }),
    { numRuns: 30 },
  );
});

describe('what is not the saved state of this model is refused', () => {
  async function saved(): Promise<string> {
    const directory = await temporary();
    await build(compiled).save(directory);
    return directory;
  }

  async function refusal(directory: string, graph = build(compiled)): Promise<string> {
    return graph.load(directory).then(
      () => 'none',
      (error) => `${error}`.replaceAll(directory, 'state'),
    );
  }

  test('another model: the first line that differs', async () => {
    expect(await refusal(await saved(), build(compiled, { units: 6 }))).toMatchInlineSnapshot(`
      "ConfigError: state/state.json, line 2 of the model: expected 'x/dense = Dense(x) units=6 activation="tanh"'; found 'x/dense = Dense(x) units=5 activation="tanh"'
        hint: build the graph as the program did that saved it"
    `);
  });

  test('a layer with another option', async () => {
    expect(await refusal(await saved(), build(compiled, { momentum: 0.9 }))).toMatchInlineSnapshot(`
      "ConfigError: state/state.json, line 3 of the model: expected 'x/batchNormalization = BatchNormalization(x/dense) axis=-1 momentum=0.9 epsilon=0.001'; found 'x/batchNormalization = BatchNormalization(x/dense) axis=-1 momentum=0.99 epsilon=0.001'
        hint: build the graph as the program did that saved it"
    `);
  });

  test('a model with another output', async () => {
    const graph = build(compiled);
    graph.output('more', graph.input('z', [2]));
    expect(await refusal(await saved(), graph)).toMatchInlineSnapshot(`
      "ConfigError: state/state.json, line 2 of the model: expected 'z: input float32 [2]'; found 'x/dense = Dense(x) units=5 activation="tanh"'
        hint: build the graph as the program did that saved it"
    `);
  });

  test('a file cut short', async () => {
    const directory = await saved();
    await truncate(join(directory, 'parameters.safetensors'), 1000);
    expect(await refusal(directory)).toMatchInlineSnapshot(`
      "ConfigError: state/parameters.safetensors: expected 324 bytes after the header; found 80
        hint: the file was cut short: write it or copy it again"
    `);
  });

  test('tensors of another model', async () => {
    const directory = await saved();
    const file = join(directory, 'parameters.safetensors');
    const text = await readFile(file, 'latin1');
    await writeFile(file, text.replace('aside/dense/bias', 'aside/dense/size').replace('[4,5]', '[5,4]'), 'latin1');
    expect(await refusal(directory)).toMatchInlineSnapshot(`
      "ConfigError: state/parameters.safetensors, tensor 'x/dense/kernel': expected float32 [4, 5]; found float32 [5, 4]
      state/parameters.safetensors, tensor 'aside/dense/bias': expected float32 [2]; found none
      state/parameters.safetensors, tensor 'aside/dense/size': expected none; found float32 [2]"
    `);
  });

  /** What loading says when something in state.json is another. */
  async function refusalOf(change: (state: Record<string, unknown>) => unknown): Promise<string> {
    const directory = await saved();
    const file = join(directory, 'state.json');
    const state = JSON.parse(await readFile(file, 'utf8'));
    change(state);
    await writeFile(file, JSON.stringify(state));
    return refusal(directory);
  }

  test('a file of an earlier or a later version', async () => {
    expect(await refusalOf((state) => Object.assign(state, { format: 1, heads: { size: {} } }))).toMatchInlineSnapshot(`
      "ConfigError: state/state.json, format: expected 2; found 1, which an earlier version wrote
        hint: its clocks mean something else: train anew, or go on with the version that wrote it"
    `);
    expect(await refusalOf((state) => Object.assign(state, { format: 3 }))).toMatchInlineSnapshot(`
      "ConfigError: state/state.json, format: expected 2; found 3, which a later version wrote
        hint: go on with the version that wrote it"
    `);
  });

  test('values that mean nothing: all of them', async () => {
    expect(
      await refusalOf((state) =>
        Object.assign(state, {
          steps: -1,
          heads: { size: { clock: 1.5, labels: 'many', denominator: { rate: null } } },
          settings: { size: { weight: -2, learningRate: 'NaN', frozen: 0, wieght: 1 } },
          frozen: [3],
          learningRates: {},
          merge: { size: 7 },
          schedules: { 'left/dense': { best: 'low' } },
          mode: [],
        }),
      ),
    ).toMatchInlineSnapshot(`
      "ConfigError: state/state.json.steps: expected a number, at least 0; found -1
      state/state.json.heads.size.clock: expected a whole number; found 1.5
      state/state.json.heads.size.labels: expected a whole number; found 'many'
      state/state.json.heads.size.lastStep: expected a whole number; found nothing
      state/state.json.heads.size.denominator.rate: expected a number, or one of 'NaN', 'Infinity', '-Infinity', '-0'; found null
      state/state.json.heads.size.denominator.weight: expected a number, or one of 'NaN', 'Infinity', '-Infinity', '-0'; found nothing
      state/state.json.settings.size.weight: expected a finite number, 0 or more; found -2
      state/state.json.settings.size.learningRate: expected a finite number, 0 or more; found 'NaN'
      state/state.json.settings.size.frozen: expected true or false; found 0
      state/state.json.settings.size.wieght: expected an option out of 'weight', 'learningRate', 'frozen'; found 'wieght'
        hint: did you mean 'weight'?
      state/state.json.frozen[0]: expected text; found 3
      state/state.json.merge.size: expected an object; found 7
      state/state.json.schedules['left/dense'].best: expected a number, or one of 'NaN', 'Infinity', '-Infinity', '-0'; found 'low'
      state/state.json.mode: expected an option out of 'format', 'steps', 'optimizer', 'heads', 'settings', 'frozen', 'learningRates', 'merge', 'schedules', 'model'; found 'mode'
        hint: did you mean 'model'?"
    `);
    expect(await refusalOf((state) => Reflect.deleteProperty(state, 'settings'))).toMatchInlineSnapshot(
      `"ConfigError: state/state.json.settings: expected an object; found nothing"`,
    );
  });

  test('a file that is something else', async () => {
    const directory = await saved();
    for (const text of ['null', '3', '[]']) {
      await writeFile(join(directory, 'state.json'), text);
      expect(await refusal(directory)).toMatch(/^ConfigError: state\/state\.json: expected an object; found/);
    }
  });

  test('a file that is not JSON', async () => {
    const directory = await saved();
    await truncate(join(directory, 'state.json'), 20);
    expect(await refusal(directory)).toMatch(/^ConfigError: state\/state\.json: expected JSON; found .*JSON/);
  });

  test('no directory', async () => {
    expect(await refusal(await temporary())).toMatchInlineSnapshot(
      `"ConfigError: state: expected a directory with parameters.safetensors, optimizer.safetensors, state.json; found nothing of that name"`,
    );
  });
});
