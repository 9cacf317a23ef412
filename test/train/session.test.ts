import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { fork } from '../../src/model/index.ts';
import type { StepReport } from '../../src/step/report.ts';
import { Graph } from '../../src/train/graph.ts';
import type { Prediction } from '../../src/train/predict.ts';
import { changed, column, compiledPrograms, engine, matrix, twoHeads, worker, x, y } from './two-heads.ts';

trunklineBackend();
const { dense } = layers;

beforeEach(() => {
  tf.setBackend('cpu');
});

const step = async (graph: Graph, labels: Parameters<Graph['step']>[1] = y): Promise<StepReport> => {
  const report = await graph.step(x, labels);
  if ('skipped' in report) throw new Error(`skipped: ${report.skipped}`);
  return report;
};

describe('calls at once', () => {
  for (const config of [worker, { type: 'tfjs-cpu' }] as const)
    it(`each get their own answer: ${config.type}`, async () => {
      const { graph } = twoHeads({ engine: config });
      const samples = [1, 9, 20, 30].map((seed) => matrix(4, 4, seed));
      const apart: unknown[] = [];
      for (const given of samples) apart.push(await graph.predict(given));
      expect(await Promise.all(samples.map((given) => graph.predict(given)))).toEqual(apart);
      const labels = [{ first: y.first }, { second: y.second }];
      const scores: unknown[] = [];
      for (const given of labels) scores.push(await graph.evaluate(x, given));
      expect(await Promise.all(labels.map((given) => graph.evaluate(x, given)))).toEqual(scores);
    });

  it('see whole steps: a state, a change of the model or a close comes after those that were asked for', async () => {
    const { graph } = twoHeads({ engine: worker }, 512);
    const [rows, labels] = [matrix(512, 4), { first: column(512), second: column(512, 5) }];
    await graph.step(rows, labels);
    const whole = async (steps: number): Promise<void> => {
      const { steps: taken, arrays, heads } = await graph.state();
      expect([taken, arrays['clock/hidden']?.[0], heads.first?.clock]).toEqual([steps, steps, steps]);
    };
    let taken = graph.step(rows, labels);
    await whole(2);
    await taken;
    taken = graph.step(rows, labels);
    graph.output('third', fork(graph.input('z', [2]), ['c'])[0].add(dense({ units: 1 })), { loss: 'huber' });
    await whole(3);
    await taken;
    graph.retire('third');
    taken = graph.step(rows, labels);
    await graph.close();
    await taken;
    await whole(4);
    const states: ReturnType<Graph['state']>[] = [];
    await graph.fit(rows, labels, { batchRows: 128, onStep: () => states.push(graph.state()) });
    for (const { steps, arrays, heads } of await Promise.all(states))
      expect([arrays['clock/hidden']?.[0], heads.first?.clock]).toEqual([steps, steps]);
  });
});

describe('a graph that was closed', () => {
  it('goes on from where it was, however often it is closed', async () => {
    const [{ graph: once }, { graph: twice }] = [twoHeads(), twoHeads()];
    for (const graph of [once, twice]) for (let at = 0; at < 3; at++) await step(graph);
    await once.close();
    await twice.close();
    await twice.close();
    const [one, other] = [await once.state(), await twice.state()];
    expect(other.heads).toEqual(one.heads);
    expect([other.steps, changed(one, other)]).toEqual([3, []]);
  });

  it('minimises what it is told to meanwhile', async () => {
    const graph = new Graph();
    const [a, b] = graph.fork(graph.input('x', [4]), 2);
    const only = graph.output('p', a.add(dense({ units: 1 })), { loss: 'huber' });
    graph.output('q', b.add(dense({ units: 1 })), { loss: 'huber' });
    graph.compile({ optimizer: 'sgd', engine });
    onTestFinished(() => graph.close());
    await graph.trainOnBatch(x, { p: column(8), q: column(8) });
    await graph.close();
    graph.minimise(only);
    expect((await step(graph, { p: column(8), q: column(8) })).heads.q?.weight).toBe(0);
  });
});

describe('restoring', () => {
  it('forgets what the state does not name', async () => {
    const { graph } = twoHeads();
    const start = await graph.state();
    for (let at = 0; at < 3; at++) await step(graph);
    const trained = await graph.state();
    await graph.restore(start);
    expect(await graph.state()).toEqual(start);
    for (let at = 0; at < 3; at++) await step(graph);
    expect(await graph.state()).toEqual(trained);
  });

  it('is refused where a parameter is missing, or has another size: nothing changes', async () => {
    const { graph } = twoHeads();
    await step(graph);
    const before = await graph.state();
    const arrays = { ...before.arrays, 'parameter/hidden/bias': new Float32Array(7) };
    Reflect.deleteProperty(arrays, 'parameter/a/dense/bias');
    await expect(graph.restore({ ...before, steps: 7, arrays })).rejects.toThrow(
      "state, parameter 'hidden/bias': expected 6 values; found 7\nstate, parameter 'a/dense/bias': expected 1 values; found none",
    );
    expect(await graph.state()).toEqual(before);
  });

  it('in part leaves the rest', async () => {
    const [{ graph }, { graph: other }] = [twoHeads(), twoHeads()];
    await step(graph);
    await step(other);
    const before = await graph.state();
    await graph.adopt({ arrays: { 'parameter/hidden/bias': new Float32Array(6).fill(2) } });
    const after = await graph.state();
    expect(changed(before, after)).toEqual(['parameter/hidden/bias']);
    expect({ ...after, arrays: {} }).toEqual({ ...before, arrays: {} });
  });

  it('reaches outputs that are not trained, also when they were predicted', async () => {
    const graph = new Graph();
    const [a, b] = fork(graph.input('x', [4]), ['a', 'b']);
    graph.output('first', a.add(dense({ units: 1 })), { loss: 'huber' });
    graph.output('free', b.add(dense({ units: 1, useBias: false, name: 'free' })));
    graph.compile({ optimizer: 'sgd', engine });
    onTestFinished(() => graph.close());
    await graph.predict([[1, 0, 0, 0]]);
    const state = await graph.state();
    await graph.restore({
      ...state,
      arrays: { ...state.arrays, 'parameter/free/kernel': Float32Array.of(5, 5, 5, 5) },
    });
    const { free } = await graph.predict([[1, 0, 0, 0]]);
    expect([...(free as Prediction).values]).toEqual([5]);
  });
});

describe('a head in the place of another of the same name', () => {
  for (const units of [1, 2])
    it(`has nothing of it, with ${units} units`, async () => {
      const { graph } = twoHeads();
      for (let at = 0; at < 4; at++) await step(graph);
      (await graph.head('first')).weight = 0.5;
      const before = await graph.state();
      graph.retire('first');
      const fresh = dense({ units, name: 'a/dense' });
      graph.output('first', graph.input('z', [2]).add(fresh), { loss: 'meanSquaredError' });
      const after = await graph.state();
      expect(after.heads).toEqual({ second: before.heads.second });
      expect(after.settings.first).toEqual({ weight: 1, learningRate: 1, frozen: false });
      expect(Object.keys(after.arrays).filter((name) => /a\/dense/.test(name))).toEqual([
        'parameter/a/dense/kernel',
        'parameter/a/dense/bias',
      ]);
      expect(after.arrays['parameter/a/dense/bias']).toEqual(new Float32Array(units));
      expect(after.arrays['clock/hidden']?.[0]).toBe(4);
    });

  it('does not answer to the settings of the one before', async () => {
    const { graph } = twoHeads();
    const held = await graph.head('first');
    graph.retire('first');
    expect(() => {
      held.weight = 2;
    }).toThrow('head "first": expected a head of the model; found one that was retired');
  });
});

describe('what is refused while fit is running changes nothing', () => {
  it('as models, plans and files', async () => {
    const { graph, options } = twoHeads({ optimizer: { type: 'sgd', learningRate: 0.1 } });
    const text = graph.text();
    const changes: (() => unknown)[] = [
      () => graph.retire('first'),
      () => graph.output('third', graph.input('z', [2]).add(dense({ units: 1 })), { loss: 'huber' }),
      () => graph.compile({ ...options, optimizer: { type: 'sgd', learningRate: 7 } }),
    ];
    let refused = 0;
    await graph.fit(x, y, {
      onEpoch: () => {
        for (const change of changes) {
          expect(change).toThrow('graph: expected nothing of it until fit has ended; found a change of the model');
          refused++;
        }
      },
    });
    expect([refused, graph.text()]).toEqual([3, text]);
    expect((await step(graph)).learningRates).toEqual({ x: 0.1, a: 0.1, b: 0.1 });
    const fit = graph.fit(x, y);
    await expect(graph.load('nowhere')).rejects.toThrow('found load');
    await fit;
  });
});

describe('settings that are changed while training', () => {
  it('hold from the next step on: branches frozen after an epoch', async () => {
    const { graph } = twoHeads();
    await graph.fit(x, y, { epochs: 3, onEpoch: ({ epoch }) => void (epoch === 1 && graph.freeze('x')) });
    const { arrays } = await graph.state();
    expect([arrays['clock/hidden']?.[0], arrays['clock/a/dense']?.[0]]).toEqual([1, 3]);
  });

  it('are those of the model after a change, for whoever held them', async () => {
    const { graph } = twoHeads();
    const held = await graph.head('second');
    graph.retire('first');
    await graph.trainOnBatch(x, y.second);
    held.weight = 0;
    expect((await step(graph, y.second)).heads.second?.weight).toBe(0);
  });
});

describe('another plan', () => {
  it('compiles nothing where only rates, limits, or factors of heads are others', async () => {
    const { graph, events, options } = twoHeads({ merge: { type: 'static', weights: { first: 1 } } });
    await step(graph);
    const programs = compiledPrograms(events);
    graph.compile({ ...options, merge: { type: 'static', weights: { first: 3 } } });
    expect((await step(graph)).heads.first?.weight).toBe(3);
    graph.compile({ ...options, optimizer: { type: 'adam', learningRate: 0.25, clip: { globalNorm: 1e-3 } } });
    expect((await step(graph)).learningRates).toEqual({ x: 0.25, a: 0.25, b: 0.25 });
    graph.learningRate = 0.5;
    expect((await step(graph)).learningRates).toEqual({ x: 0.125, a: 0.125, b: 0.125 });
    expect(compiledPrograms(events)).toBe(programs);
    expect((await graph.state()).arrays['clock/hidden']?.[0]).toBe(4);
  });

  it('does not inherit the falls of the schedule before, nor the slots of another optimizer', async () => {
    const learningRate = { type: 'plateau', base: 0.1, window: 1, patience: 0, threshold: 0.9 } as const;
    const { graph, options } = twoHeads({ optimizer: { type: 'adam', learningRate } });
    for (let at = 0; at < 5; at++) await step(graph);
    graph.compile({ ...options, optimizer: { type: 'adam', learningRate: { type: 'plateau', base: 0.5 } } });
    expect((await step(graph)).learningRates).toEqual({ x: 0.5, a: 0.5, b: 0.5 });
    graph.compile({ ...options, optimizer: 'sgd' });
    await step(graph);
    expect(Object.keys((await graph.state()).arrays).filter((name) => name.startsWith('slot'))).toEqual([]);
  });
});

describe('heads that come and go leave clocks, schedules and limits as they are', () => {
  it('in the middle of a trunk, bit for bit', async () => {
    const made = () => {
      const [d1, d2] = ['d1', 'd2'].map((name) => dense({ units: 5, activation: 'tanh', name }));
      const graph = new Graph();
      const [a] = graph.fork(graph.input('x', [4]).add(d1 as never, d2 as never), ['a']);
      graph.output('first', a.add(dense({ units: 1 })), { loss: 'meanSquaredError' });
      const learningRate = { type: 'cosine', base: 0.05, steps: 100, warmupSteps: 10 } as const;
      graph.compile({ optimizer: { type: 'adam', learningRate, clip: { norm: 0.1, globalNorm: 0.15 } }, engine });
      onTestFinished(() => graph.close());
      return { graph, d1: d1 as ReturnType<typeof dense> };
    };
    const [{ graph: grown, d1 }, { graph: plain }] = [made(), made()];
    for (const graph of [grown, plain]) for (let at = 0; at < 12; at++) await step(graph, { first: y.first });
    grown.output('aux', fork(d1, ['aux'])[0].add(dense({ units: 1 })), { loss: 'meanSquaredError' });
    for (let at = 0; at < 3; at++) {
      const [one, other] = [await step(grown, { first: y.first }), await step(plain, { first: y.first })];
      expect(one.learningRates).toEqual(other.learningRates);
      expect(one.gradientNorms).toEqual(other.gradientNorms);
    }
    const [more, fewer] = [await grown.state(), await plain.state()];
    for (const [name, values] of Object.entries(fewer.arrays)) expect(more.arrays[name], name).toEqual(values);
    await step(grown, { aux: y.second });
    grown.retire('aux');
    const { arrays } = await grown.state();
    expect([arrays['clock/d1']?.[0], arrays['clock/d2']?.[0]]).toEqual([16, 15]);
  });

  it('as one of two that share an encoder', async () => {
    const encoder = dense({ units: 5, activation: 'tanh', name: 'enc' });
    const graph = new Graph();
    for (const side of ['p', 'q'])
      graph.output(`h${side}`, graph.input(side, [4]).add(encoder, dense({ units: 1 })), { loss: 'meanSquaredError' });
    graph.compile({ optimizer: 'adam', engine });
    onTestFinished(() => graph.close());
    for (let at = 0; at < 5; at++) await graph.trainOnBatch({ p: x, q: x }, { hp: y.first });
    await graph.trainOnBatch({ p: x, q: x }, { hq: y.first });
    graph.retire('hp');
    expect((await graph.state()).arrays['clock/enc']?.[0]).toBe(6);
  });
});
