import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { TypedArray } from '../../src/core/dtype.ts';
import { type Branch, type CompileOptions, Fork, fork, Graph, merge, mergeLosses } from '../../src/index.ts';

// The proposals of 2015 for models of several outputs (Keras issues #224, #3206, #989, #3893), as a user of the package
// writes them here.

const { dense, conv2d, flatten, maxPooling2d, reLU, repeatVector, lstm, dropout } = layers;

beforeEach(() => {
  tf.setBackend('cpu');
});

const inThisThread: CompileOptions = {
  optimizer: { type: 'adam', learningRate: 0.01 },
  engine: { type: 'onnx-cpu', threads: 1, worker: false },
};

function compiled(graph: Graph, options: Partial<CompileOptions> = {}): Graph {
  onTestFinished(() => graph.close());
  return graph.compile({ ...inThisThread, ...options });
}

const wave = (at: number, seed: number): number => Math.sin(at * 12.9898 + seed);
const matrix = (rows: number, columns: number, seed = 1): number[][] =>
  Array.from({ length: rows }, (_, row) => Array.from({ length: columns }, (_, at) => wave(row * columns + at, seed)));
const oneHot = (rows: number, classes: number): number[][] =>
  Array.from({ length: rows }, (_, row) => Array.from({ length: classes }, (_, at) => Number(at === row % classes)));
const column = (rows: number, seed = 3): number[] => matrix(rows, 1, seed).map(([value]) => value as number);

/** Copies of what the branches of these names are made of. */
async function parameters(graph: Graph, ...branches: string[]): Promise<Record<string, number[]>> {
  const { arrays } = await graph.state();
  const named = graph.describe().groups.filter(({ branch }) => branches.includes(branch));
  return Object.fromEntries(
    named
      .flatMap((group) => group.parameters)
      .map(({ name }) => [name, [...(arrays[`parameter/${name}`] as Float32Array)]]),
  );
}

const twoHeads = (graph: Graph, left: Branch, right: Branch): Graph => {
  graph.output('left', left, { loss: 'meanSquaredError' });
  graph.output('right', right, { loss: 'binaryCrossentropy' });
  return graph;
};

describe('three ways to fork a model', () => {
  const asFunction = (): Graph => {
    const graph = new Graph();
    const [left, right] = fork(graph.input('x', [4]).add(dense({ units: 8, activation: 'relu' })), 2) as [
      Branch,
      Branch,
    ];
    return twoHeads(graph, left.add(dense({ units: 3 })), right.add(dense({ units: 1 })));
  };
  const asLayer = (): Graph => {
    const graph = new Graph();
    const trunk = sequential({
      layers: [layers.inputLayer({ inputShape: [4], name: 'x' }), dense({ units: 8, activation: 'relu' })],
    });
    const left = sequential({ layers: [new Fork(trunk), dense({ units: 3 })] });
    const right = sequential({ layers: [new Fork(trunk), dense({ units: 1 })] });
    graph.output('left', left, { loss: 'meanSquaredError' });
    graph.output('right', right, { loss: 'binaryCrossentropy' });
    return graph;
  };
  const asModel = (): Graph => {
    const graph = new Graph();
    const model = graph.fork(graph.input('x', [4]).add(dense({ units: 8, activation: 'relu' })), 2);
    model.add(dense({ units: 3 }), { branch: 0 }).add(dense({ units: 1 }), { branch: 1 });
    return twoHeads(graph, model[0], model[1]);
  };

  it('gives the same graph, and the same numbers', async () => {
    expect(asFunction().text()).toBe(
      [
        'x: input float32 [4]',
        'x/dense = Dense(x) units=8 activation="relu"',
        'x.0/dense = Dense(x/dense) units=3',
        'x.1/dense = Dense(x/dense) units=1',
        'left: output [3] = x.0/dense loss={"type":"meanSquaredError"} denominator=present',
        'right: output [1] = x.1/dense loss={"type":"binaryCrossentropy","positiveWeight":1,"labelSmoothing":0} denominator=present',
      ].join('\n'),
    );
    expect(asLayer().text()).toBe(asFunction().text());
    expect(asModel().text()).toBe(asFunction().text());
    const losses = [];
    for (const make of [asFunction, asLayer, asModel])
      losses.push(await compiled(make()).trainOnBatch(matrix(5, 4), { left: matrix(5, 3), right: [1, 0, null, 1, 0] }));
    expect(losses[1]).toEqual(losses[0]);
    expect(losses[2]).toEqual(losses[0]);
  });

  it('freezes what was forked, and says which fork uses it', () => {
    const graph = new Graph();
    const trunk = graph.input('x', [4]).add(dense({ units: 8 }));
    graph.fork(trunk, ['mean', 'spread']);
    expect(() => trunk.add(dense({ units: 2 }))).toThrow(
      "branch 'x': expected a branch that still grows; found one that fork 'mean' uses\n" +
        '  hint: add before, or to a branch of a fork: fork(branch, 2)',
    );
    const model = sequential({ layers: [layers.inputLayer({ inputShape: [4], name: 'x' }), dense({ units: 2 })] });
    new Fork(model);
    expect(() => model.add(dense({ units: 2 }))).toThrow("branch 'x': expected a branch that still grows");
  });

  it('grows branches one after another, which Fork(model) begins', async () => {
    const graph = new Graph();
    const trunk = graph.input('x', [4]).add(dense({ units: 8, activation: 'tanh' }));
    const left = new Fork(trunk).add(dense({ units: 4 }), reLU()).add(dense({ units: 3 }));
    twoHeads(graph, left, new Fork(trunk).add(dense({ units: 1 })));
    expect(graph.text()).toContain('x.0/dense_2 = Dense(x.0/reLU) units=3');
    expect(await compiled(graph).trainOnBatch(matrix(2, 4), [null, [1, 0]])).toEqual({ right: expect.any(Number) });
  });

  it('continues from where a Fork has grown to, which is frozen with it', () => {
    const grown = (use: (graph: Graph, left: Fork, right: Fork) => void): Graph => {
      const graph = new Graph();
      const trunk = graph.input('x', [4]).add(dense({ units: 8, activation: 'relu' }));
      const [left, right] = [new Fork(trunk), new Fork(trunk)];
      left.add(dense({ units: 3 }));
      right.add(dense({ units: 1 }));
      use(graph, left, right);
      return graph;
    };
    const outputs = grown((graph, left, right) => {
      graph.output('left', left, { loss: 'meanSquaredError' });
      graph.output('right', right, { loss: 'binaryCrossentropy' });
      expect(() => left.add(dense({ units: 2 }))).toThrow("found one that output 'left' uses");
    });
    expect(outputs.text()).toBe(asFunction().text());
    const joined = grown((graph, left, right) => {
      graph.output('y', graph.merge([left, right], 'concat'));
      expect(() => right.add(dense({ units: 2 }))).toThrow("found one that merge 'x.0+x.1' uses");
    });
    expect(joined.text()).toContain('x.0+x.1/concatenate = Concatenate(x.0/dense, x.1/dense)');
    const forked = grown((graph, left) => graph.output('y', new Fork(left).add(dense({ units: 1 }))));
    expect(forked.text()).toContain('x.0.0/dense = Dense(x.0/dense)');
  });

  it('refuses a model that begins with a Fork to which layers were added: it would leave them out', () => {
    const trunk = new Graph().input('x', [4]).add(dense({ units: 8 }));
    const [fork, other] = [new Fork(trunk), new Fork(trunk)];
    const inner = sequential({ layers: [fork, dense({ units: 3 })], name: 'inner' });
    const model = sequential({ layers: [inner, dense({ units: 2 })], name: 'outer' });
    fork.add(dense({ units: 5 }));
    for (const [name, begun] of Object.entries({ inner, outer: model }))
      expect(() => new Graph().output('y', begun)).toThrow(
        `model '${name}': expected a Fork as it was made, to begin with; found one that was added to\n` +
          '  hint: add the layers to the model, or go on from the Fork itself: fork.add(layer)',
      );
    new Graph().output('z', sequential({ layers: [other, dense({ units: 3 })], name: 'right' }));
    expect(() => other.add(dense({ units: 2 }))).toThrow("found one that output 'z' uses");
  });

  it('freezes a model that a branch has as a layer, and those in it', () => {
    const inner = sequential({ layers: [dense({ units: 4, inputShape: [4] })], name: 'inner' });
    const model = sequential({ layers: [inner, dense({ units: 4 })], name: 'encoder' });
    new Graph().input('x', [4]).add(model);
    expect(() => model.add(dense({ units: 2 }))).toThrow(
      "model 'encoder': expected a model that still grows; found one that branch 'x' uses\n" +
        '  hint: add to it before, or to the branch',
    );
    expect(() => inner.add(dense({ units: 2 }))).toThrow("model 'inner': expected a model that still grows");
    const part = sequential({ layers: [dense({ units: 4, inputShape: [4] })], name: 'part' });
    new Fork(sequential({ layers: [part] }), { name: 'left' });
    expect(() => part.add(dense({ units: 2 }))).toThrow("found one that fork 'left' uses");
  });

  it('refuses a branch that does not exist', () => {
    const model = new Graph().fork(new Graph().input('x', [4]), 2);
    expect(() => model.add(dense({ units: 3 }), { branch: 2 })).toThrow(
      'branch: expected a whole number below 2; found 2',
    );
    expect(() => fork(new Graph().input('x', [4]), 0)).toThrow(
      "fork of branch 'x': expected one branch or more: a whole number, or names; found 0",
    );
    expect(() => new Graph().fork(new Graph().input('x', [4]), undefined as never)).toThrow(
      "fork of branch 'x': expected one branch or more: a whole number, or names; found nothing",
    );
    expect(() => (model.add as (layer: unknown) => unknown)(dense({ units: 3 }))).toThrow(
      'branch: expected a whole number below 2; found nothing',
    );
    expect(() => new Graph().merge(model[0] as never, 'sum')).toThrow('merge, sum: expected a list of branches; found');
  });
});

describe('graphs', () => {
  it('joins text and image, with an auxiliary head that counts 0.3 and only while training', async () => {
    const graph = new Graph();
    const text = graph.input('text', [30]);
    const image = graph.input('image', [8, 8, 3]);
    const [main, aux] = graph.fork(
      image.add(conv2d({ filters: 4, kernelSize: 3 }), reLU(), maxPooling2d({}), flatten()),
      2,
    );
    graph.output('auxiliary', aux.add(dense({ units: 10 })), {
      loss: 'categoricalCrossentropy',
      weight: 0.3,
      trainingOnly: true,
    });
    graph.output('final', graph.merge([text, main], 'concat').add(dense({ units: 10 })), {
      loss: 'categoricalCrossentropy',
    });
    compiled(graph);
    const x = { text: matrix(12, 30), image: tf.tensor(matrix(12, 192), [12, 8, 8, 3]) };
    const y = oneHot(12, 10);
    const before = await parameters(graph, 'image.1');
    await graph.fit(x, { final: y }, { epochs: 2, batchRows: 5 });
    expect(await parameters(graph, 'image.1')).toEqual(before);
    const report = await graph.step(x, { auxiliary: y, final: y });
    expect(report).toMatchObject({ heads: { auxiliary: { weight: 0.3, labels: 12 }, final: { weight: 1 } } });
    expect(await parameters(graph, 'image.1')).not.toEqual(before);
    expect(await graph.predict(x)).toMatchObject({ final: { shape: [12, 10] } });
  });

  it('merges two forks of one trunk twice: the diamond that broke Theano’s Merge', async () => {
    const graph = new Graph();
    const [a, b] = graph.fork(graph.input('x', [4]).add(dense({ units: 6, activation: 'tanh' })), ['a', 'b']) as [
      Branch,
      Branch,
    ];
    a.add(dense({ units: 5, activation: 'tanh' }));
    b.add(dense({ units: 5, activation: 'tanh' }));
    graph.output('sum', graph.merge([a, b], 'sum', { name: 'added' }).add(dense({ units: 1 })), {
      loss: 'meanSquaredError',
    });
    graph.output('product', graph.merge([a, b], 'multiply', { name: 'multiplied' }).add(dense({ units: 1 })), {
      loss: 'meanSquaredError',
    });
    graph.output('cosine', graph.merge([a, b], 'cosine'), { loss: 'meanSquaredError' });
    compiled(graph);
    const y = matrix(16, 4).map((row) => 0.3 * (row[0] as number) - 0.2 * (row[1] as number));
    const history = await graph.fit(matrix(16, 4), [y, y, null], { epochs: 100, batchRows: 16 });
    expect(history.at(-1)?.heads.sum?.loss).toBeLessThan(0.3 * (history[0]?.heads.sum?.loss as number));
    expect(history.at(-1)?.heads.cosine).toBeUndefined();
    const predicted = (await graph.predict(matrix(3, 4))) as Record<string, { values: TypedArray }>;
    expect(Object.keys(predicted)).toEqual(['sum', 'product', 'cosine']);
    for (const value of predicted.cosine?.values ?? []) expect(Math.abs(Number(value))).toBeLessThanOrEqual(1.00001);
  });

  it('names both branches that don’t fit', () => {
    const graph = new Graph();
    const [a, b] = [graph.input('a', [3]), graph.input('b', [2, 3])];
    expect(() => merge([a, b], 'sum')).toThrow(
      "merge, sum: expected branches of the same shape; found 'a' [batch, 3] and 'b' [batch, 2, 3]",
    );
    expect(() => merge([a, graph.input('c', [4])], 'dot')).toThrow(
      "merge, dot: expected branches of vectors of the same length; found 'a' [batch, 3] and 'c' [batch, 4]",
    );
    expect(() => merge([a, b], 'cancat' as never)).toThrow(
      /merge mode: expected one of 'concat'.*hint: did you mean 'concat'/s,
    );
    expect(() => merge([a], 'concat')).toThrow("merge 'a', concat: expected two branches or more; found 1");
  });

  it('shares layers among branches: siamese twins', async () => {
    const graph = new Graph();
    const encoder = dense({ units: 4, activation: 'tanh', name: 'encoder' });
    const [a, b] = [graph.input('a', [5]).add(encoder), graph.input('b', [5]).add(encoder)];
    graph.output('alike', graph.merge([a, b], 'cosine'), { loss: 'meanSquaredError' });
    compiled(graph);
    expect(graph.describe().groups.map(({ parameters: own }) => own.map(({ name }) => name))).toEqual([
      ['encoder/kernel', 'encoder/bias'],
    ]);
    const x = { a: matrix(4, 5), b: matrix(4, 5) };
    expect(((await graph.predict(x)) as { values: Float32Array }).values[0]).toBeCloseTo(1, 5);
    expect(await graph.trainOnBatch(x, [1, 1, null, 0])).toBeGreaterThan(0);
  });

  it('repeats a vector for a recurrent branch, and takes a model as a layer', async () => {
    const graph = new Graph();
    const inner = sequential({
      layers: [dense({ inputShape: [4], units: 6, activation: 'tanh' }), dense({ units: 3 })],
    });
    const [steps, direct] = graph.fork(graph.input('x', [4]).add(inner), 2);
    graph.output('sequence', steps.add(repeatVector({ n: 3 }), lstm({ units: 2 })), { loss: 'meanSquaredError' });
    graph.output('direct', direct, { loss: 'meanSquaredError' });
    compiled(graph);
    expect(graph.describe().groups[0]?.parameters.map(({ name }) => name)).toEqual([
      'x/sequential/dense/kernel',
      'x/sequential/dense/bias',
      'x/sequential/dense_2/kernel',
      'x/sequential/dense_2/bias',
    ]);
    const losses = await graph.trainOnBatch(matrix(3, 4), { sequence: matrix(3, 2), direct: null });
    expect(losses).toEqual({ sequence: expect.any(Number) });
  });
});

describe('labels by position and by name', () => {
  const model = (): Graph => {
    const graph = new Graph();
    const [a, b] = graph.fork(graph.input('x', [4]).add(dense({ units: 6 })), 2);
    graph.output('first', a.add(dense({ units: 2 })));
    graph.output('second', b.add(dense({ units: 2 })));
    return graph;
  };

  it('takes losses as a list, and labels as [y1, null]', async () => {
    const graph = compiled(model(), { loss: ['meanSquaredError', 'meanAbsoluteError'] });
    const before = await parameters(graph, 'x.1');
    const listed = await graph.trainOnBatch(matrix(3, 4), [matrix(3, 2), null]);
    expect(listed).toEqual({ first: expect.any(Number) });
    expect(await parameters(graph, 'x.1')).toEqual(before);
  });

  it('gives the same by name', async () => {
    const [listed, named] = [
      compiled(model(), { loss: ['meanSquaredError', null] }),
      compiled(model(), { loss: { first: 'meanSquaredError' } }),
    ];
    const y = matrix(3, 2);
    expect(await named.trainOnBatch({ x: matrix(3, 4) }, { first: y })).toEqual(
      await listed.trainOnBatch(matrix(3, 4), y),
    );
  });

  it('never sends a label to the wrong head', async () => {
    const graph = compiled(model(), { loss: ['meanSquaredError', 'meanSquaredError'] });
    const x = matrix(3, 4);
    await expect(graph.trainOnBatch(x, [matrix(3, 2)])).rejects.toThrow(
      'labels: expected a list of 2: first, second; found a list of 1\n' +
        '  hint: give null for what is not known, or an object by name',
    );
    // Types of TypeScript refuse it too.
    for (const [given, found] of [
      [tf.ones([3, 2]), 'a tensor [3, 2]'],
      [new Float32Array(6), 'an array of 6 numbers'],
    ])
      await expect(graph.trainOnBatch(x, given as never)).rejects.toThrow(
        `labels: expected an object with first, second; found ${found}`,
      );
    await expect(graph.trainOnBatch(x, { frist: matrix(3, 2) })).rejects.toThrow(
      "label 'frist': expected one of 'first', 'second'; found 'frist'\n  hint: did you mean 'first'?",
    );
    await expect(graph.trainOnBatch(x, { first: matrix(3, 4) })).rejects.toThrow(
      'head "first": expected labels [rows, 2]',
    );
    await expect(graph.trainOnBatch(x, { first: matrix(2, 2) })).rejects.toThrow(
      'head "first": expected a label or null for each of 3 rows; found 2',
    );
    expect(() => graph.compile({ ...inThisThread, loss: 'meanSquaredError' })).toThrow('loss: expected one for each');
  });

  it('knows null, a validity mask, and NaN when asked to', async () => {
    const losses = [];
    for (const [labels, options] of [
      [{ first: [[1, 2], null, [3, 4]] }, {}],
      [
        {
          first: {
            values: [
              [1, 2],
              [9, 9],
              [3, 4],
            ],
            valid: [1, 0, 1],
          },
        },
        {},
      ],
      [
        {
          first: [
            [1, 2],
            [Number.NaN, Number.NaN],
            [3, 4],
          ],
        },
        { missing: 'nan' },
      ],
    ] as const)
      losses.push(
        await compiled(model(), { loss: ['meanSquaredError', null] }).trainOnBatch(
          matrix(3, 4),
          labels as never,
          options,
        ),
      );
    expect(losses[1]).toEqual(losses[0]);
    expect(losses[2]).toEqual(losses[0]);
    const graph = compiled(model(), { loss: ['meanSquaredError', null] });
    await expect(graph.trainOnBatch(matrix(1, 4), { first: [[Number.NaN, Number.NaN]] })).rejects.toThrow(
      'head "first", row 0: expected a finite number that float32 can hold; found NaN\n' +
        "  hint: say missing: 'nan' when NaN means that there is no label, or give null",
    );
    expect(await graph.trainOnBatch(matrix(1, 4), { first: [null] })).toBeUndefined();
  });

  it('weighs rows, and rows by head', async () => {
    const loss = async (sampleWeight: never): Promise<number> => {
      const losses = await compiled(model(), { loss: ['meanSquaredError', null] }).trainOnBatch(
        matrix(2, 4),
        [matrix(2, 2, 7), null].slice(0, 1)[0] as never,
        {
          sampleWeight,
        },
      );
      return losses?.first as number;
    };
    const [both, first, second] = [
      await loss([1, 1] as never),
      await loss([1, 0] as never),
      await loss({ first: [0, 1] } as never),
    ];
    expect(first + second).toBeCloseTo(both, 5);
  });
});

describe('objectives', () => {
  it('trains a classifier and a box regressor on one trunk, the box only where something is in the foreground', async () => {
    const graph = new Graph();
    const trunk = graph
      .input('image', [8, 8, 1])
      .add(conv2d({ filters: 4, kernelSize: 3, activation: 'relu' }), flatten());
    const [classes, boxes] = graph.fork(trunk, ['class', 'box']);
    graph.output('class', classes.add(dense({ units: 3 })), {
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy'],
    });
    graph.output('box', boxes.add(dense({ units: 4 })), { loss: { type: 'huber' } });
    compiled(graph);
    const images = { values: Float32Array.from(matrix(9, 64).flat()), shape: [9, 8, 8, 1] };
    const labels = Array.from({ length: 9 }, (_, row) => row % 3);
    const box = labels.map((label) => (label === 0 ? null : [0.1, 0.2, 0.3, label / 3]));
    const history = await graph.fit(images, { class: labels, box }, { epochs: 40, batchRows: 3, shuffle: false });
    expect(history[0]?.heads).toMatchObject({ class: { labels: 9 }, box: { labels: 6 } });
    expect(history.at(-1)?.heads.box?.loss).toBeLessThan(0.2 * (history[0]?.heads.box?.loss as number));
    const scores = await graph.evaluate(images, { class: labels, box });
    expect(scores).toMatchObject({ class: { labels: 9, metrics: { accuracy: 1 } }, box: { labels: 6 } });
  });

  it('minimises a weighted merge of losses', async () => {
    const graph = new Graph();
    const [a, b, c] = graph.fork(graph.input('x', [4]).add(dropout({ rate: 0.1 })), 3);
    const first = graph.output('first', a.add(dense({ units: 1 })), { loss: 'meanSquaredError' });
    const second = graph.output('second', b.add(dense({ units: 1 })), { loss: 'meanSquaredError' });
    graph.output('third', c.add(dense({ units: 1 })), { loss: 'meanSquaredError' });
    graph.minimise(mergeLosses([first, mergeLosses([first, second], [1, 0.5])], [1, 0.5]));
    compiled(graph);
    const y = column(3);
    const report = await graph.step(matrix(3, 4), [y, y, y]);
    expect(report).toMatchObject({ heads: { first: { weight: 1.5 }, second: { weight: 0.25 }, third: { weight: 0 } } });
  });
});
