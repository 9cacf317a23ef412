import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { input, layers, model, regularizers, type SymbolicTensor, sequential } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { TrunklineEvent } from '../../src/core/event.ts';
import { trunklineBackend } from '../../src/engine/backend.ts';
import type { MergeStrategy } from '../../src/merge/index.ts';
import { mergeLosses } from '../../src/model/index.ts';
import type { PrequentialScores } from '../../src/step/scored-window.ts';
import type { StepState } from '../../src/step/state.ts';
import type { FitOptions } from '../../src/train/fit.ts';
import { Graph } from '../../src/train/graph.ts';
import type { HeadScores } from '../../src/train/scores.ts';

trunklineBackend();

const { dense, batchNormalization } = layers;

beforeEach(() => {
  tf.setBackend('cpu');
});

const matrix = (rows: number, columns: number, seed = 1): number[][] =>
  Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, at) => Math.sin((row * columns + at) * 12.9898 + seed)),
  );
const column = (rows: number, seed = 3): number[] => matrix(rows, 1, seed).map(([value]) => value as number);

interface Made {
  readonly graph: Graph;
  readonly events: TrunklineEvent[];
}

/** Two heads on a normalised trunk. */
function twoHeads(optimizer: 'adam' | 'sgd' = 'adam'): Made {
  const events: TrunklineEvent[] = [];
  const graph = new Graph();
  const trunk = graph
    .input('x', [4])
    .add(dense({ units: 6, activation: 'tanh', name: 'hidden' }), batchNormalization({ name: 'norm' }));
  const [a, b] = graph.fork(trunk, ['a', 'b']);
  graph.output('first', a.add(dense({ units: 1 })), {
    loss: 'meanSquaredError',
    metrics: ['meanAbsoluteError', 'pearson'],
  });
  graph.output('second', b.add(dense({ units: 1 })), { loss: 'binaryCrossentropy', metrics: ['rocAuc'] });
  graph.compile({
    optimizer: { type: optimizer, learningRate: 0.05 },
    engine: { type: 'onnx-cpu', threads: 1, worker: false },
    events: (event) => events.push(event),
  });
  onTestFinished(() => graph.close());
  return { graph, events };
}

const x = matrix(8, 4);
const y = { first: column(8), second: column(8).map((value) => Number(value > 0)) };

/** The names of what differs between two states. */
function changed(before: StepState, after: StepState): readonly string[] {
  return Object.keys(before.arrays).filter((name) => `${before.arrays[name]}` !== `${after.arrays[name]}`);
}

const compiledPrograms = (events: readonly TrunklineEvent[]): number =>
  events.filter(({ type }) => type === 'programCompiled').length;

describe('freezing', () => {
  it('keeps a trunk’s parameters, state and moving statistics, and compiles nothing', async () => {
    const { graph, events } = twoHeads();
    await graph.trainOnBatch(x, y);
    const before = await graph.state();
    const programs = compiledPrograms(events);
    graph.freeze('x');
    await graph.trainOnBatch(x, y);
    const frozen = await graph.state();
    expect(changed(before, frozen).filter((name) => /hidden|norm/.test(name))).toEqual([]);
    expect(changed(before, frozen)).toContain('parameter/a/dense/kernel');
    graph.unfreeze('x');
    await graph.trainOnBatch(x, y);
    const moved = changed(frozen, await graph.state());
    for (const name of [
      'parameter/hidden/kernel',
      'parameter/norm/moving_mean',
      'slot/firstMoment/hidden/kernel',
      'clock/hidden',
      'clock/norm',
    ])
      expect(moved).toContain(name);
    expect(compiledPrograms(events)).toBe(programs);
  });

  it('keeps a frozen head, which goes on to train the trunk', async () => {
    const { graph } = twoHeads('sgd');
    (await graph.head('first')).frozen = true;
    const before = await graph.state();
    await graph.trainOnBatch(x, { first: y.first });
    const after = changed(before, await graph.state());
    expect(after).toContain('parameter/hidden/kernel');
    expect(after).not.toContain('parameter/a/dense/kernel');
  });

  it('names branches that are not there', () => {
    expect(() => twoHeads().graph.freeze('y')).toThrow(/expected one of 'x', 'a', 'b'; found 'y'/);
  });
});

describe('answers', () => {
  it.each([1, 2])('are plain for one output and by name for several, trained or not: %i', async (count) => {
    const graph = new Graph();
    const [a, b] = graph.fork(graph.input('x', [4]), 2);
    graph.output('first', a.add(dense({ units: 1 })), { loss: 'meanSquaredError' });
    if (count === 2) graph.output('only predicted', b.add(dense({ units: 1 })));
    graph.compile({ optimizer: 'sgd', engine: { type: 'onnx-cpu', threads: 1, worker: false } });
    onTestFinished(() => graph.close());
    const answers = [await graph.trainOnBatch(x, y.first), await graph.evaluate(x, y.first), await graph.predict(x)];
    expect(answers.map((answer) => typeof answer === 'object' && 'first' in answer)).toEqual(
      new Array(3).fill(count === 2),
    );
  });
});

describe('merging', () => {
  it('takes a strategy of your own, and says what is missing in one', async () => {
    const { graph } = twoHeads('sgd');
    const merge: MergeStrategy = {
      type: 'first only',
      remembers: false,
      needsGradients: false,
      weigh: (heads) => heads.map(({ name }) => Number(name === 'first')),
      observe: (_heads, _losses, state) => state,
    };
    graph.compile({ optimizer: 'sgd', merge, engine: { type: 'onnx-cpu', threads: 1, worker: false } });
    expect(await graph.step(x, y)).toMatchObject({ heads: { first: { weight: 1 }, second: { weight: 0 } } });
    const { observe: _, ...half } = merge;
    expect(() => graph.compile({ optimizer: 'sgd', merge: half as never })).toThrow(
      'merge.observe: expected a function; found nothing',
    );
  });

  it('refuses fixed weights of heads that are not there', () => {
    const { graph } = twoHeads();
    expect(() =>
      graph.compile({ optimizer: 'sgd', merge: { type: 'static', weights: { frist: 1, second: 2, third: 0 } } }),
    ).toThrow(
      "merge.weights.frist: expected a head of the model, one of 'first', 'second'; found 'frist'\n" +
        "  hint: did you mean 'first'?\n" +
        "merge.weights.third: expected a head of the model, one of 'first', 'second'; found 'third'",
    );
  });
});

describe('runtime settings', () => {
  it('weigh heads and scale their rates without compiling', async () => {
    const { graph, events } = twoHeads('sgd');
    await graph.trainOnBatch(x, y);
    const programs = compiledPrograms(events);
    const head = await graph.head('first');
    head.weight = 0.25;
    head.learningRate = 0.1;
    const report = await graph.step(x, y);
    expect(report).toMatchObject({
      heads: { first: { weight: 0.25 }, second: { weight: 1 } },
      learningRates: { x: 0.05, b: 0.05 },
    });
    expect('learningRates' in report && report.learningRates.a).toBeCloseTo(0.005, 12);
    expect(compiledPrograms(events)).toBe(programs);
  });

  it('names a head that is not there', async () => {
    await expect(twoHeads().graph.head('frist')).rejects.toThrow(
      "head: expected one of 'first', 'second'; found 'frist'\n  hint: did you mean 'first'?",
    );
  });
});

describe('heads of a built model', () => {
  it('are added while the others go on from where they are', async () => {
    const [{ graph }, { graph: alone }] = [twoHeads(), twoHeads()];
    for (const one of [graph, alone]) for (let step = 0; step < 3; step++) await one.trainOnBatch(x, y);
    const before = await graph.state();
    graph.output('third', graph.fork(graph.input('z', [2]).add(dense({ units: 3 })), 1)[0].add(dense({ units: 1 })), {
      loss: 'huber',
    });
    const z = matrix(8, 2);
    const after = await graph.state();
    for (const [name, values] of Object.entries(before.arrays)) expect(after.arrays[name], name).toEqual(values);
    await graph.trainOnBatch({ x, z }, y);
    await alone.trainOnBatch(x, y);
    const [grown, plain] = [await graph.state(), await alone.state()];
    for (const [name, values] of Object.entries(plain.arrays)) expect(grown.arrays[name], name).toEqual(values);
    expect(grown.heads).toEqual(plain.heads);
    expect(await graph.trainOnBatch({ x, z }, { third: y.first })).toEqual({ third: expect.any(Number) });
  });

  it('are retired, with all that only they used', async () => {
    const { graph } = twoHeads();
    await graph.trainOnBatch(x, y);
    const before = await graph.state();
    graph.retire('second');
    const after = await graph.state();
    expect(
      Object.keys(before.arrays)
        .filter((name) => !(name in after.arrays))
        .sort(),
    ).toEqual([
      'clock/b/dense',
      'parameter/b/dense/bias',
      'parameter/b/dense/kernel',
      'slot/firstMoment/b/dense/bias',
      'slot/firstMoment/b/dense/kernel',
      'slot/secondMoment/b/dense/bias',
      'slot/secondMoment/b/dense/kernel',
    ]);
    for (const name of Object.keys(after.arrays)) expect(after.arrays[name], name).toEqual(before.arrays[name]);
    expect(await graph.trainOnBatch(x, y.first)).toBeGreaterThan(0);
    expect(() => graph.retire('second')).toThrow("output: expected 'first'; found 'second'");
  });

  it('keep settings that were changed while running', async () => {
    const { graph } = twoHeads('sgd');
    (await graph.head('second')).weight = 0.125;
    graph.retire('first');
    expect((await graph.head('second')).weight).toBe(0.125);
  });
});

describe('training', () => {
  it('trains some heads, or one head a batch', async () => {
    const { graph } = twoHeads();
    const some = await graph.fit(x, y, { heads: ['second'], batchRows: 4 });
    expect(some).toMatchObject([{ steps: 2, heads: { second: { labels: 8 } } }]);
    expect(some[0]?.heads.first).toBeUndefined();
    const trained: string[] = [];
    await graph.fit(x, y, {
      alternate: true,
      batchRows: 2,
      onStep: (report) => 'heads' in report && trained.push(...Object.keys(report.heads)),
    });
    expect(trained).toEqual(['first', 'second', 'first', 'second']);
  });

  it('lets heads take turns over epochs and calls, however few batches an epoch has', async () => {
    const { graph } = twoHeads();
    const trained: string[] = [];
    const onStep: FitOptions['onStep'] = (report) => 'heads' in report && trained.push(...Object.keys(report.heads));
    await graph.fit(x, y, { heads: ['first'], onStep });
    await graph.fit(x, y, { alternate: true, epochs: 3, onStep });
    await graph.fit(x, y, { alternate: true, onStep });
    expect(trained).toEqual(['first', 'second', 'first', 'second', 'first']);
  });

  it('gives a turn to the next head when one has no finite loss', async () => {
    const { graph } = twoHeads();
    const trained: unknown[] = [];
    const bad = y.first.map(() => 1e30);
    await graph.fit(
      x,
      { ...y, first: bad },
      {
        alternate: true,
        epochs: 3,
        onStep: (report) =>
          trained.push('heads' in report ? [Object.keys(report.heads), Object.keys(report.rejected)] : report),
      },
    );
    expect(trained).toEqual([
      [['second'], ['first']],
      [['second'], ['first']],
      [['second'], ['first']],
    ]);
  });

  it('gives losses that come with compile all that was said of their outputs, and the options of the losses', () => {
    const graph = new Graph();
    const [a, b] = graph.fork(graph.input('x', [4]), ['a', 'b']);
    const own = { weight: 0.25, denominator: 'batch', learningRate: 0.5, frozen: true, metrics: ['r2'] } as const;
    graph.output('first', a.add(dense({ units: 1 })), own);
    graph.output('second', b.add(dense({ units: 1 })), { denominator: 'ema' });
    graph.compile({
      optimizer: 'sgd',
      loss: { first: { type: 'huber', delta: 3 }, second: { type: 'binaryCrossentropy', positiveWeight: 7 } },
    });
    const [first, second] = graph.describe().heads.map(({ objective }) => objective);
    expect(first).toMatchObject({ ...own, metrics: [{ type: 'r2' }], config: { type: 'huber', delta: 3 } });
    expect(second).toMatchObject({
      weight: 1,
      denominator: 'ema',
      config: { type: 'binaryCrossentropy', positiveWeight: 7 },
    });
  });

  it('regularises layers of models inside models as any others', async () => {
    const losses: unknown[] = [];
    for (const nesting of ['none', 'sequential', 'functional'] as const) {
      const regularised = dense({
        units: 2,
        kernelInitializer: 'ones',
        kernelRegularizer: regularizers.l2({ l2: 0.5 }),
      });
      const given = input({ shape: [4] });
      const nested = {
        none: regularised,
        sequential: sequential({ layers: [layers.inputLayer({ inputShape: [4] }), regularised] }),
        functional: model({ inputs: given, outputs: regularised.apply(given) as SymbolicTensor }),
      };
      const graph = new Graph();
      graph.output('y', graph.input('x', [4]).add(nested[nesting]), { loss: 'meanSquaredError', weight: 0 });
      graph.compile({ optimizer: 'sgd', engine: { type: 'onnx-cpu', threads: 1, worker: false } });
      onTestFinished(() => graph.close());
      const report = await graph.step(
        x,
        x.map(() => [0, 0]),
      );
      losses.push('loss' in report && report.loss);
    }
    expect(losses).toEqual([4, 4, 4]);
  });

  it('drops rows without any label, and counts them', async () => {
    const { graph } = twoHeads();
    const [epoch] = await graph.fit(
      x,
      { first: y.first.map((value, row) => (row < 3 ? null : value)) },
      { batchRows: 3 },
    );
    expect(epoch).toMatchObject({ dropped: 3, steps: 2, skipped: 0, heads: { first: { labels: 5 } } });
  });

  it('learns, and says how well over labelled rows', async () => {
    const { graph } = twoHeads();
    const rows = matrix(64, 4);
    const first = rows.map((row) => (row[0] as number) - (row[1] as number));
    const known = {
      first: first.map((value, row) => (row % 3 ? value : null)),
      second: first.map((value) => Number(value > 0)),
    };
    const before = (await graph.evaluate(rows, known)) as Record<string, HeadScores>;
    await graph.fit(rows, known, { epochs: 60, batchRows: 16 });
    const scores = (await graph.evaluate(rows, known)) as Record<string, HeadScores>;
    expect(scores.first?.labels).toBe(42);
    expect(scores.first?.loss).toBeLessThan(0.1 * (before.first?.loss as number));
    expect(scores.first?.metrics.pearson).toBeGreaterThan(0.95);
    expect(scores.second?.metrics.rocAuc).toBeGreaterThan(0.95);
    const one = (await graph.evaluate(rows, { second: new Array(64).fill(1) })) as Record<string, HeadScores>;
    expect(one).toMatchObject({
      first: { loss: null, labels: 0, metrics: { pearson: null } },
      second: { metrics: { rocAuc: null } },
    });
  });

  it.each(['present', 'batch', 'ema'] as const)(
    'says the same loss of the same rows as evaluate does, with the denominator %s',
    async (denominator) => {
      const graph = new Graph();
      const [a, b] = graph.fork(graph.input('x', [4]).add(dense({ units: 3, activation: 'tanh' })), 2);
      graph.output('first', a.add(dense({ units: 1 })), { loss: 'meanSquaredError', denominator });
      graph.output('second', b.add(dense({ units: 1 })), { loss: 'binaryCrossentropy', denominator });
      graph.compile({ optimizer: 'sgd', engine: { type: 'onnx-cpu', threads: 1, worker: false } });
      onTestFinished(() => graph.close());
      const known = {
        first: y.first.map((value, row) => (row % 3 ? value : null)),
        second: y.second.map((value, row) => (row > 4 ? value : null)),
      };
      const sampleWeight = { first: [1, 2, 0.5, 0, 3, 1, 1, 0.25] };
      graph.learningRate = 0;
      const [epoch] = await graph.fit(x, known, { batchRows: 3, sampleWeight });
      const scores = (await graph.evaluate(x, known, { sampleWeight })) as Record<string, HeadScores>;
      for (const head of ['first', 'second']) {
        expect(epoch?.heads[head]?.labels).toBe(scores[head]?.labels);
        expect(epoch?.heads[head]?.loss).toBeCloseTo(scores[head]?.loss as number, 6);
      }
    },
  );

  it('scores other samples after every epoch, as evaluate does, and trains the same', async () => {
    const validation = { x: matrix(5, 4, 9), y: { first: [1, null, 0.5, null, 2] } };
    const { graph } = twoHeads();
    const evaluated: unknown[] = [];
    const seen: unknown[] = [];
    const epochs = await graph.fit(x, y, {
      epochs: 2,
      validation,
      onEpoch: (epoch) => seen.push(epoch.validation),
    });
    evaluated.push(await graph.evaluate(validation.x, validation.y));
    expect(epochs.map((epoch) => epoch.validation)).toEqual(seen);
    expect(seen.slice(-1)).toEqual(evaluated);
    expect(seen).toMatchObject([
      { first: { labels: 3 }, second: { labels: 0, loss: null, metrics: { rocAuc: null } } },
      { first: { labels: 3 } },
    ]);
    const { graph: other } = twoHeads();
    expect((await other.fit(x, y, { epochs: 2 })).map(({ heads }) => heads)).toEqual(epochs.map(({ heads }) => heads));
  });

  it('refuses validation samples that do not fit, before training', async () => {
    const { graph } = twoHeads();
    const before = await graph.state();
    await expect(graph.fit(x, y, { validation: { x: matrix(2, 3), y: {} } })).rejects.toThrow(
      "validation, input 'x': expected samples [rows, 4]; found [2, 3]",
    );
    await expect(graph.fit(x, y, { validation: { x, y: {}, batchRows: 2 } as never })).rejects.toThrow(
      "fit.validation.batchRows: expected an option out of 'x', 'y', 'missing', 'sampleWeight', 'heads'; found 'batchRows'",
    );
    expect(changed(before, await graph.state())).toEqual([]);
  });

  it('refuses to fit what nothing can be learned from', async () => {
    const { graph } = twoHeads();
    for (const [given, labels, options, found] of [
      [tf.zeros([0, 4]), {}, {}, 'no rows'],
      [x, {}, {}, 'none in 8 rows'],
      [x, { first: new Array(8).fill(null) }, {}, 'none in 8 rows'],
      [x, { first: y.first }, { heads: ['second'] }, 'none in 8 rows'],
    ] as const)
      await expect(graph.fit(given as never, labels, options)).rejects.toThrow(
        `fit: expected at least one row with a label of a head that is trained; found ${found}`,
      );
    expect(await graph.trainOnBatch(x, {})).toBeUndefined();
  });

  it('repeats itself, and takes another way with another seed', async () => {
    const run = async (seed: number): Promise<unknown> => {
      const { graph } = twoHeads();
      return (await graph.fit(x, y, { batchRows: 3, epochs: 2, seed })).map(({ heads }) => heads);
    };
    const first = await run(1);
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
  });

  it('leaves out a head whose loss is not finite, and takes the step without it', async () => {
    const { graph } = twoHeads('sgd');
    await graph.trainOnBatch(x, y);
    const before = await graph.state();
    const arrays = { 'parameter/a/dense/bias': Float32Array.of(Number.POSITIVE_INFINITY) };
    await graph.adopt({ arrays });
    const report = await graph.step(x, y);
    expect(report).toMatchObject({ rejected: { first: 'loss Infinity' }, heads: { second: { labels: 8 } } });
    const after = await graph.state();
    expect(after.heads.first).toEqual(before.heads.first);
    expect(after.heads.second?.clock).toBe(2);
    expect(after.steps).toBe(2);
    expect(await graph.step(x, { first: y.first })).toMatchObject({
      skipped: 'notFinite',
      rejected: { first: 'loss Infinity' },
    });
  });

  it('asks to be compiled first', async () => {
    const graph = new Graph();
    graph.output('a', graph.input('x', [2]).add(dense({ units: 1 })), { loss: 'huber' });
    await expect(graph.trainOnBatch([[1, 2]], [1])).rejects.toThrow(
      "graph: expected compile before training or predicting; found a graph that was not compiled\n  hint: graph.compile({ optimizer: 'adam' })",
    );
    await expect(new Graph().compile({ optimizer: 'adam' }).fit([[1]], [1])).rejects.toThrow(
      'model: expected one output or more; found none',
    );
  });

  it('says everything that does not fit at once', async () => {
    const { graph } = twoHeads();
    await expect(graph.fit(matrix(3, 5), { first: [1, 2], third: [1] })).rejects.toThrow(
      "input 'x': expected samples [rows, 4]; found [3, 5]",
    );
    await expect(graph.fit(x, { first: [1, 2], third: [1] })).rejects.toThrow(
      "label 'third': expected one of 'first', 'second'; found 'third'\n" +
        'head "first": expected a label or null for each of 8 rows; found 2',
    );
    await expect(graph.fit(x, y, { batchRows: 0 })).rejects.toThrow(
      'fit.batchRows: expected a number, more than 0; found 0',
    );
  });
});

it.each<[string, unknown, string]>([
  ['a list', [[1, 2]], 'labels: expected none, as no output has a loss; found a list of 1'],
  ['by name', { a: [1, 2] }, "label 'a': expected none, as no output has a loss; found 'a'"],
])('labels where no output has a loss, as %s, are refused', async (_, y, message) => {
  const graph = new Graph();
  onTestFinished(() => graph.close());
  graph.output('a', graph.input('x', [2]).add(dense({ units: 1 })));
  graph.compile({ optimizer: 'sgd', engine: { type: 'tfjs-cpu' } });
  await expect(graph.trainOnBatch([[1, 2]], y as never)).rejects.toThrow(expect.objectContaining({ message }));
});

describe('what can’t be meant is refused', () => {
  const input = () => new Graph().input('x', [2]);
  const cases: readonly [string, () => unknown, string | RegExp][] = [
    [
      'options of an output',
      () => new Graph().output('a', input().add(dense({ units: 1 })), { loss: 'huber', wieght: 2 } as never),
      /output 'a'\.wieght: .*\n {2}hint: did you mean 'weight'\?/,
    ],
    [
      'an output that every object has',
      () => new Graph().output('constructor', input(), { loss: 'huber' }),
      "output 'constructor': expected a name that not every object has; found 'constructor'",
    ],
    [
      'a fork that every object has',
      () => new Graph().fork(input(), ['left', '__proto__']),
      "branch '__proto__': expected a name that not every object has; found '__proto__'",
    ],
    [
      'a merge that every object has',
      () => new Graph().merge([input(), new Graph().input('z', [2])], 'concat', { name: 'constructor' }),
      "branch 'constructor': expected a name that not every object has; found 'constructor'",
    ],
    [
      'a mode of merging that every object has',
      () => new Graph().merge([input(), new Graph().input('z', [2])], 'constructor' as never),
      "merge mode: expected one of 'concat', 'sum', 'average', 'max', 'multiply', 'dot', 'cosine'; found 'constructor'",
    ],
    [
      'a loss for an output that is not there',
      () => {
        const graph = new Graph();
        graph.output('a', graph.input('x', [2]));
        graph.compile({ optimizer: 'sgd', loss: { c: 'huber' } });
      },
      "loss: expected 'a'; found 'c'",
    ],
    [
      'losses where every output has one',
      () => {
        const graph = new Graph();
        graph.output('a', graph.input('x', [2]), { loss: 'huber' });
        graph.compile({ optimizer: 'sgd', loss: ['huber'] });
      },
      'loss: expected none, as no output is without one; found 1\n  hint: give losses by name to replace those there are',
    ],
    [
      'frozen branches where there is nothing to freeze',
      () => {
        const graph = new Graph();
        graph.output('a', graph.input('x', [2]));
        graph.freeze('x');
      },
      "freeze: expected a branch with parameters, which the model does not have; found 'x'",
    ],
    [
      'an input that every object has',
      () => new Graph().input('toString', [2]),
      "input 'toString': expected a name that not every object has; found 'toString'",
    ],
    [
      'factors that are infinite as float32',
      () => new Graph().output('a', input(), { loss: 'huber', weight: 1e300, learningRate: 1e39 }),
      "output 'a'.weight: expected a finite number that float32 can hold; found 1e+300\n" +
        "output 'a'.learningRate: expected a finite number that float32 can hold; found 1e+39",
    ],
    [
      'an infinite factor of a loss',
      () => mergeLosses([new Graph().output('a', input(), { loss: 'huber' })], [Number.POSITIVE_INFINITY]),
      'merge of losses: expected 1 finite factors, each 0 or more; found [Infinity]',
    ],
    ['options of a graph', () => new Graph({ sead: 1 } as never), /graph\.sead: .*did you mean 'seed'/s],
    [
      'probabilities for a loss from logits',
      () =>
        new Graph().output('a', input().add(dense({ units: 1, activation: 'sigmoid' })), {
          loss: 'binaryCrossentropy',
        }),
      "output 'a': expected logits, which binaryCrossentropy turns into probabilities itself; found a layer with the activation sigmoid\n  hint: leave the activation out: predict gives probabilities",
    ],
    [
      'a metric that does not go with the head',
      () => new Graph().output('a', input().add(dense({ units: 1 })), { loss: 'huber', metrics: ['accuracy'] }),
      'head "a"',
    ],
    [
      'a shape that is none',
      () => new Graph().input('x', 4 as never),
      "input 'x': expected the shape of one sample: a list of whole numbers, 1 or more, or −1 first for sequences of any length; found 4",
    ],
    [
      'a layer that is none',
      () => input().add('dense' as never),
      "branch 'x': expected a layer of TensorFlow.js, or a model; found 'dense'",
    ],
    [
      'a layer nothing was given to',
      () => new Graph().output('a', dense({ units: 1, name: 'alone' })),
      "layer 'alone': expected a branch, or a layer that was applied to one",
    ],
    [
      'a compilation without optimizer',
      () => new Graph().compile(undefined as never),
      'compile: expected an object; found nothing',
    ],
  ];
  it.each(cases)('%s', (_, call, message) => {
    expect(call).toThrow(message);
  });

  it('constraints, which updates would not keep', () => {
    const graph = new Graph();
    graph.output('a', graph.input('x', [2]).add(dense({ units: 1, kernelConstraint: 'nonNeg', name: 'bounded' })), {
      loss: 'huber',
    });
    expect(() => graph.describe()).toThrow("layer 'bounded': expected weights without constraints");
  });

  it('features, weights and settings that are no numbers', async () => {
    const { graph } = twoHeads();
    const none = { values: new Float32Array(0), shape: [0, 4] };
    await expect(graph.predict(none)).rejects.toThrow('predict: expected one sample or more; found no rows');
    const bad = x.map((row, at) => (at === 5 ? [1, Number.NaN, 0, 0] : row));
    await expect(graph.fit(bad, y)).rejects.toThrow("input 'x', row 5: expected finite numbers; found NaN");
    await expect(graph.fit(x, y, { sampleWeight: [1, 1, -1, 1, 1, 1, 1, 1] })).rejects.toThrow(
      "weights of 'first', row 2: expected a number, 0 or more; found -1",
    );
    await expect(graph.fit(x, y, { missing: 'NaN' } as never)).rejects.toThrow(
      /fit\.missing: expected one of 'null', 'nan'; found 'NaN'/,
    );
    const head = await graph.head('first');
    expect(() => {
      head.weight = -1;
    }).toThrow('head "first", weight: expected a finite number, 0 or more; found -1');
  });

  it('features, labels and weights that are infinite as float32', async () => {
    const { graph } = twoHeads();
    const [, ...rest] = y.first;
    await expect(graph.step(x, { first: [1e300, ...rest] })).rejects.toThrow(
      'head "first", row 0: expected a finite number that float32 can hold; found 1e+300',
    );
    await expect(graph.step([[1e300, 0, 0, 0], ...x.slice(1)], y)).rejects.toThrow(
      "input 'x', row 0: expected finite numbers; found 1e+300",
    );
    await expect(graph.step(x, y, { sampleWeight: [1e300, 1, 1, 1, 1, 1, 1, 1] })).rejects.toThrow(
      "weights of 'first', row 0: expected a number, 0 or more; found 1e+300",
    );
    await expect(graph.head('first').then((head) => Object.assign(head, { weight: 1e300 }))).rejects.toThrow(
      'head "first", weight: expected a finite number, 0 or more; found 1e+300',
    );
  });

  it('changes while fit is running', async () => {
    const { graph } = twoHeads();
    const fit = graph.fit(x, y, { onEpoch: () => graph.retire('first') });
    await expect(fit).rejects.toThrow('graph: expected nothing of it until fit has ended; found a change of the model');
  });

  it('takes typed arrays for labels and samples', async () => {
    const { graph } = twoHeads();
    const samples = { values: Float32Array.from(x.flat()), shape: [8, 4] };
    const typed = { first: Float32Array.from(y.first), second: Uint8Array.from(y.second) };
    expect(await graph.trainOnBatch(samples, typed)).toEqual(
      await twoHeads().graph.trainOnBatch(x, { first: [...typed.first], second: y.second }),
    );
  });
});

describe('layers', () => {
  it('may be given other weights at any time, and have the trained ones after fit', async () => {
    const graph = new Graph();
    const layer = dense({ units: 1, useBias: false });
    graph.output('sum', graph.input('x', [2]).add(layer), { loss: 'meanSquaredError' });
    graph.compile({
      optimizer: { type: 'sgd', learningRate: 0.5 },
      engine: { type: 'onnx-cpu', threads: 1, worker: false },
    });
    onTestFinished(() => graph.close());
    await graph.fit([[1, 0]], [3], { epochs: 20 });
    const [fitted] = layer.getWeights() as [tf.Tensor];
    expect(fitted.dataSync()[0]).toBeCloseTo(3, 5);

    layer.setWeights([tf.tensor2d([[1], [2]])]);
    const { values } = (await graph.predict([[1, 1]])) as unknown as { values: Float32Array };
    expect([...values]).toEqual([3]);
    expect((await graph.state()).arrays['parameter/x/dense/kernel']).toEqual(Float32Array.of(1, 2));

    layer.setWeights([tf.tensor2d([[5], [7]])]);
    // The error is 4 and the gradient 2 · 4 in the first weight: 5 − 0.5 · 8.
    await graph.trainOnBatch([[1, 0]], [1]);
    expect((await graph.state()).arrays['parameter/x/dense/kernel']).toEqual(Float32Array.of(1, 7));
  });

  it('that are not trainable stay, from the start', async () => {
    const graph = new Graph();
    graph.output(
      'a',
      graph.input('x', [4]).add(dense({ units: 3, trainable: false, name: 'fixed' }), dense({ units: 1 })),
      { loss: 'huber' },
    );
    graph.compile({ optimizer: 'sgd', engine: { type: 'onnx-cpu', threads: 1, worker: false } });
    onTestFinished(() => graph.close());
    const before = await graph.state();
    await graph.trainOnBatch(x, column(8));
    const after = changed(before, await graph.state());
    expect(after).toContain('parameter/x/dense/kernel');
    expect(after.filter((name) => /fixed/.test(name))).toEqual([]);
  });

  it('that are not trainable stay in a model that a layer is around', async () => {
    const graph = new Graph();
    const both = sequential({
      layers: [dense({ units: 3, trainable: false, inputShape: [2] }), dense({ units: 2 })],
    });
    const steps = layers.timeDistributed({ layer: both, name: 'steps' });
    graph.output('a', graph.input('x', [2, 2]).add(steps, layers.flatten(), dense({ units: 1 })), { loss: 'huber' });
    graph.compile({ optimizer: 'sgd', engine: { type: 'onnx-cpu', threads: 1, worker: false } });
    onTestFinished(() => graph.close());
    const before = await graph.state();
    await graph.trainOnBatch(
      [
        [
          [1, 2],
          [3, 4],
        ],
      ],
      [[9]],
    );
    const moved = changed(before, await graph.state()).filter((name) => name.startsWith('parameter/steps/'));
    expect(moved).toEqual(['parameter/steps/kernel', 'parameter/steps/bias']);
  });

  it('have their say in regularisation, while a head of theirs is present', async () => {
    const graph = new Graph();
    const regularized = (name: string) => dense({ units: 1, useBias: false, name, kernelRegularizer: 'l1l2' });
    const [a, b] = graph.fork(graph.input('x', [2]), 2);
    graph.output('a', a.add(regularized('wa')), { loss: 'meanSquaredError', weight: 0 });
    graph.output('b', b.add(regularized('wb')), { loss: 'meanSquaredError', weight: 0 });
    graph.compile({
      optimizer: { type: 'sgd', learningRate: 1 },
      engine: { type: 'onnx-cpu', threads: 1, worker: false },
    });
    onTestFinished(() => graph.close());
    const before = await graph.state();
    await graph.trainOnBatch([[1, 1]], [[1], null]);
    const after = await graph.state();
    expect(after.arrays['parameter/wb/kernel']).toEqual(before.arrays['parameter/wb/kernel']);
    before.arrays['parameter/wa/kernel']?.forEach((value, at) => {
      const w = Number(value);
      expect(after.arrays['parameter/wa/kernel']?.[at]).toBeCloseTo(w - 0.01 * Math.sign(w) - 0.02 * w, 5);
    });
  });
});

describe('scores while training', () => {
  it('are in reports, in epochs and in between, and go on from what was saved', async () => {
    const graph = new Graph();
    graph.output('only', graph.input('x', [4]).add(dense({ units: 1 })), {
      loss: 'meanSquaredError',
      metrics: ['meanAbsoluteError'],
      prequential: 10,
    });
    graph.compile({ optimizer: 'sgd', engine: { type: 'onnx-cpu', threads: 1, worker: false } });
    onTestFinished(() => graph.close());
    const labels = y.first.map((label, row) => (row < 2 ? null : label));
    const report = await graph.step(x, labels);
    expect(report).toMatchObject({ rows: 6, dropped: 2, prequential: { only: { labels: 6 } } });
    const state = await graph.state();
    const scores = await graph.prequential<PrequentialScores>();
    expect(scores).toEqual('prequential' in report ? report.prequential?.only : undefined);
    const [epoch] = await graph.fit(x, y.first);
    expect(epoch?.prequential?.only).toEqual(await graph.prequential<PrequentialScores>());
    expect(epoch?.prequential?.only?.labels).toBe(10);
    await graph.restore(state);
    expect(await graph.prequential<PrequentialScores>()).toEqual(scores);
    expect(await graph.step(x, labels, { keepUnlabelled: true })).toMatchObject({ rows: 8, dropped: 0 });
  });
});
