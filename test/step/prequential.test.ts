import { layers } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { fork, GraphModel, type OutputOptions } from '../../src/model/index.ts';
import type { Batch } from '../../src/step/batch.ts';
import type { StepReport } from '../../src/step/report.ts';
import type { StepRunner } from '../../src/step/runner.ts';
import { eager, inWorker, onEngines } from '../engine/opened.ts';
import { openRunner } from './open-runner.ts';

const rows = 4;
const labelled = [1, 0, 1, 1];

/** Values from −1 to 1 that follow from a number. */
const value = (at: number): number => Math.sin(at * 12.9898);

function batchOf(step: number): Batch {
  const values = (first: number): Float32Array => Float32Array.from({ length: rows }, (_, row) => value(first + row));
  const present = Uint8Array.from(labelled, (mark, row) => Number(mark === 1 && (step + row) % 3 > 0));
  return {
    rows,
    inputs: { x: Float32Array.from({ length: 3 * rows }, (_, at) => value(step * 31 + at)) },
    labels: {
      a: { values: values(step * 7), present, weight: Float32Array.of(1, 1, 0.5, 2) },
      b: { values: values(step * 11 + 3), present: Uint8Array.of(0, 1, 1, 1) },
      c: { values: values(step * 13 + 5).map((number) => Number(number > 0)), present: Uint8Array.of(1, 0, 0, 1) },
    },
  };
}

onEngines('prequential scores', [inWorker, eager], (on) => {
  /** Two heads that are alike, and one that says yes or no; dropout before all. */
  function open(own: Partial<OutputOptions> = {}): Promise<StepRunner> {
    const graph = new GraphModel(1);
    const trunk = graph
      .input('x', [3])
      .add(layers.dense({ units: 4, activation: 'tanh' }), layers.dropout({ rate: 0.2 }));
    const [a, b, c] = fork(trunk, ['a', 'b', 'c']);
    const square: OutputOptions = { loss: 'meanSquaredError', metrics: ['meanAbsoluteError', 'pearson'] };
    graph.output('a', a.add(layers.dense({ units: 1 })), { ...square, prequential: 5, ...own });
    graph.output('b', b.add(layers.dense({ units: 1 })), square);
    graph.output('c', c.add(layers.dense({ units: 1 })), {
      loss: 'binaryCrossentropy',
      metrics: ['rocAuc', 'accuracy'],
      prequential: true,
    });
    return openRunner(graph.describe(), on.engine, { seed: 4 });
  }

  it('are the metrics of what the step itself predicted for the last labels, weighted', async () => {
    const runner = await open();
    const seen: { guess: number; label: number; weight: number }[] = [];
    for (let step = 0; step < 4; step++) {
      const batch = batchOf(step);
      const report = (await runner.take(batch, {
        points: true,
        keepUnlabelled: true,
        scoreEverySteps: 1,
      })) as StepReport;
      const { values, present, weight } = batch.labels.a as NonNullable<Batch['labels']['a']>;
      const points = report.heads.a?.points;
      for (let row = 0; row < rows; row++)
        if (points && present[row])
          seen.push({ guess: points[row] as number, label: values[row] as number, weight: weight?.[row] as number });
      const last = seen.slice(-5);
      const total = last.reduce((sum, row) => sum + row.weight, 0);
      const error = last.reduce((sum, row) => sum + row.weight * Math.abs(row.guess - row.label), 0) / total;
      expect(report.prequential?.a?.labels).toBe(last.length);
      expect(report.prequential?.a?.metrics.meanAbsoluteError).toBeCloseTo(error, 6);
      expect(Object.keys(report.prequential ?? {})).toEqual(['a', 'c']);
    }
    expect(seen.length).toBeGreaterThan(5);
    await runner.close();
  });

  it('says null where there is one class only, and before any label', async () => {
    const runner = await open();
    expect(runner.prequential()).toEqual({
      a: { labels: 0, metrics: { meanAbsoluteError: null, pearson: null } },
      c: { labels: 0, metrics: { rocAuc: null, accuracy: null } },
    });
    const { c: _, ...labels } = batchOf(0).labels;
    const one = { values: Float32Array.of(1, 0, 0, 1), present: Uint8Array.of(1, 0, 0, 1) };
    await runner.take({ ...batchOf(0), labels: { ...labels, c: one } });
    expect(runner.prequential().c).toMatchObject({ labels: 2, metrics: { rocAuc: null } });
    expect(runner.prequential().c?.metrics.accuracy).toBeTypeOf('number');
    await runner.close();
  });

  it('change nothing of what is learned, and go on from a state to the bit', async () => {
    const [scored, plain] = [await open(), await open({ prequential: false })];
    for (let step = 0; step < 3; step++) {
      await scored.take(batchOf(step));
      await plain.take(batchOf(step));
    }
    const state = scored.state();
    const { 'window/a': a, 'window/c': c, ...learned } = state.arrays;
    const { 'window/c': other, ...plainLearned } = plain.state().arrays;
    expect([a?.length, c?.length, other?.length]).toEqual([5 * 3, 6 * 3, 6 * 3]);
    expect(learned).toEqual(plainLearned);

    const copied = Object.fromEntries(Object.entries(state.arrays).map(([name, values]) => [name, values.slice()]));
    const resumed = await open();
    resumed.restore({ ...state, arrays: copied });
    expect(resumed.prequential()).toEqual(scored.prequential());
    await scored.take(batchOf(3));
    await resumed.take(batchOf(3));
    expect(resumed.prequential()).toEqual(scored.prequential());
    expect(resumed.state().arrays).toEqual(scored.state().arrays);

    const smaller = await open({ prequential: 2 });
    smaller.restore({ ...state, arrays: copied });
    expect(smaller.state().arrays['window/a']).toEqual(copied['window/a']?.slice(-2 * 3));
    await Promise.all([scored.close(), plain.close(), resumed.close(), smaller.close()]);
  });

  it('are reported with every so many steps, and with none unless asked for', async () => {
    const runner = await open();
    const reported: boolean[] = [];
    for (let step = 0; step < 4; step++) {
      const report = await runner.take(batchOf(step), step === 3 ? {} : { scoreEverySteps: 2 });
      reported.push('prequential' in report);
    }
    expect(reported).toEqual([false, true, false, false]);
    await runner.close();
  });

  it('leave out a head whose loss is not finite', async () => {
    const runner = await open();
    const batch = batchOf(0);
    const values = Float32Array.of(1e30, 1e30, 1e30, 1e30);
    const bad = { ...batch.labels, a: { values, present: Uint8Array.of(1, 1, 1, 1) } };
    const report = await runner.take({ ...batch, labels: bad });
    expect(Object.keys(report.rejected)).toEqual(['a']);
    expect(runner.prequential()).toMatchObject({ a: { labels: 0 }, c: { labels: 2 } });
    await runner.close();
  });
});

describe('a head that is to be scored', () => {
  const output = (prequential: unknown, metrics: OutputOptions['metrics']) => () => {
    const graph = new GraphModel(1);
    const options = { loss: 'meanSquaredError', prequential: prequential as number } as const;
    graph.output('a', graph.input('x', [3]).add(layers.dense({ units: 1 })), {
      ...options,
      ...(metrics ? { metrics } : {}),
    });
  };

  it('needs metrics', () => {
    expect(output(true, undefined)).toThrow(
      "output 'a', prequential: expected metrics to score it with; found none\n  hint: metrics: ['meanAbsoluteError']",
    );
  });

  it.each([0, -1, 1.5, 'yes'])('refuses %s labels', (labels) => {
    expect(output(labels, ['pearson'])).toThrow(/^output 'a'\.prequential/);
  });
});
