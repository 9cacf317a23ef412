import { layers } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { fork, GraphModel } from '../../src/model/index.ts';
import type { Batch } from '../../src/step/batch.ts';
import { labelledRows } from '../../src/step/labelled-rows.ts';
import type { StepRunner } from '../../src/step/runner.ts';
import { eager, inWorker, onEngines } from '../engine/opened.ts';
import { openRunner } from './open-runner.ts';

const x = Float32Array.from({ length: 12 }, (_, at) => Math.sin(at * 12.9898));
/** Row 1 has no label. */
const whole: Batch = {
  rows: 4,
  inputs: { x },
  labels: {
    a: { values: Float32Array.of(1, Number.NaN, 3, 4), present: Uint8Array.of(1, 0, 0, 1) },
    b: {
      values: Float32Array.of(5, 6, 7, 8),
      present: Uint8Array.of(0, 0, 1, 1),
      weight: Float32Array.of(1, 2, 3, 4),
    },
  },
};
/** The same without that row. */
const short: Batch = {
  rows: 3,
  inputs: { x: Float32Array.of(...x.slice(0, 3), ...x.slice(6)) },
  labels: {
    a: { values: Float32Array.of(1, 3, 4), present: Uint8Array.of(1, 0, 1) },
    b: { values: Float32Array.of(5, 7, 8), present: Uint8Array.of(0, 1, 1), weight: Float32Array.of(1, 3, 4) },
  },
  keys: Int32Array.of(0, 2, 3),
};

describe('labelledRows', () => {
  it('leaves out rows without any label; those that stay keep their keys', () => {
    expect(labelledRows(whole)).toEqual({ batch: short, took: Int32Array.of(0, 2, 3) });
    const keys = Int32Array.of(10, 11, 12, 13);
    expect(labelledRows({ ...whole, keys }).batch.keys).toEqual(Int32Array.of(10, 12, 13));
  });

  it('is the batch itself where every row has a label', () => {
    expect(labelledRows(short)).toEqual({ batch: short });
    expect(labelledRows(short).batch).toBe(short);
  });

  it('takes columns of bits and sequences, and bounds', () => {
    const bits = {
      kind: 'multiHot',
      starts: Int32Array.of(0, 1, 3, 4, 4),
      places: Int32Array.of(2, 0, 1, 3),
      size: 4,
    } as const;
    const labels = {
      values: Float32Array.of(1, 2, 3, 4),
      present: Uint8Array.of(0, 1, 0, 1),
      bound: Float32Array.of(0, 1, 0, -1),
    };
    const { batch } = labelledRows({ rows: 4, inputs: { bits }, labels: { a: labels } });
    expect(batch.inputs.bits).toEqual({ ...bits, starts: Int32Array.of(0, 2, 2), places: Int32Array.of(0, 1) });
    expect(batch.labels.a?.bound).toEqual(Float32Array.of(1, -1));
  });
});

onEngines('rows without any label', [inWorker, eager], (on) => {
  function open(): Promise<StepRunner> {
    const graph = new GraphModel(1);
    const normalised = [layers.dense({ units: 4 }), layers.batchNormalization({}), layers.dropout({ rate: 0.3 })];
    const [a, b] = fork(graph.input('x', [3]).add(...normalised), ['a', 'b']);
    graph.output('a', a.add(layers.dense({ units: 1 })), { loss: 'meanSquaredError', denominator: 'batch' });
    graph.output('b', b.add(layers.dense({ units: 1 })), { loss: 'meanSquaredError' });
    return openRunner(graph.describe(), on.engine, { seed: 4 });
  }

  it('take no part in a step: batch statistics, denominators and masks are as without them, bit for bit', async () => {
    const [one, other] = [await open(), await open()];
    const report = await one.take(whole);
    expect(report).toMatchObject({ rows: 3, dropped: 1, took: Int32Array.of(0, 2, 3) });
    expect(report).toMatchObject({ heads: { a: { denominator: 3 }, b: { denominator: 2 } } });
    const plain = await other.take(short);
    expect(plain).toMatchObject({ rows: 3, dropped: 0 });
    expect(plain).not.toHaveProperty('took');
    expect(one.state()).toEqual(other.state());
    await Promise.all([one.close(), other.close()]);
  });

  it('take part when they are to be kept', async () => {
    const [one, other] = [await open(), await open()];
    const report = await one.take(whole, { keepUnlabelled: true });
    expect(report).toMatchObject({ rows: 4, dropped: 0, heads: { a: { denominator: 4 } } });
    await other.take(whole);
    const means = (runner: StepRunner) =>
      Object.entries(runner.state().arrays).filter(([name]) => name.includes('moving_mean'));
    expect(means(one).length).toBe(1);
    expect(means(one)).not.toEqual(means(other));
    await Promise.all([one.close(), other.close()]);
  });

  it('are no step when there are no others, kept or not', async () => {
    const runner = await open();
    const before = runner.state();
    const none = { ...whole, labels: { a: { values: new Float32Array(4), present: new Uint8Array(4) } } };
    for (const keepUnlabelled of [false, true])
      expect(await runner.take(none, { keepUnlabelled })).toEqual({ skipped: 'unlabelled', rows: 4, rejected: {} });
    expect(runner.state()).toEqual(before);
    await runner.close();
  });
});
