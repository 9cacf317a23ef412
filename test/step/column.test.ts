import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { expect, it } from 'vitest';
import type { Column } from '../../src/core/column.ts';
import { ShapeError } from '../../src/core/error.ts';
import { type Branch, GraphModel, merge } from '../../src/model/index.ts';
import type { Batch } from '../../src/step/batch.ts';
import type { StepReport } from '../../src/step/report.ts';
import type { StepRunner } from '../../src/step/runner.ts';
import { eager, inWorker, onEngines } from '../engine/opened.ts';
import { openRunner } from './open-runner.ts';

const readers: Readonly<Record<string, (text: Branch) => Branch>> = {
  'conv1d and global pooling': (text) =>
    text.add(
      layers.embedding({ inputDim: 9, outputDim: 4 }),
      layers.conv1d({ filters: 5, kernelSize: 3, padding: 'same', activation: 'relu' }),
      layers.globalMaxPooling1d({}),
    ),
  'an LSTM over masked padding': (text) =>
    text.add(layers.embedding({ inputDim: 9, outputDim: 4, maskZero: true }), layers.lstm({ units: 3 })),
};

const texts = [[1, 2, 3], [4], [5, 6, 7, 8, 2], [3, 3]];
const bits = [[0, 3], [], [2], [1, 2, 3]];

function columns(rows: readonly number[]): Record<string, Column> {
  const startsOf = (lists: readonly (readonly number[])[]): Int32Array =>
    Int32Array.from({ length: lists.length + 1 }, (_, at) => lists.slice(0, at).flat().length);
  const [ownTexts, ownBits] = [rows.map((row) => texts[row] as number[]), rows.map((row) => bits[row] as number[])];
  const places = Int32Array.from(ownBits.flat());
  return {
    text: {
      kind: 'sequence',
      lengths: [4, 8],
      padding: 0,
      starts: startsOf(ownTexts),
      values: Int32Array.from(ownTexts.flat()),
    },
    bits: { kind: 'multiHot', size: 4, starts: startsOf(ownBits), places },
  };
}

/** The same numbers, written out. */
function arrays(rows: readonly number[], length: number): Batch['inputs'] {
  return {
    text: Int32Array.from(rows.flatMap((row) => Array.from({ length }, (_, at) => texts[row]?.[at] ?? 0))),
    bits: Float32Array.from(rows.flatMap((row) => [0, 1, 2, 3].map((at) => Number(bits[row]?.includes(at))))),
  };
}

const labelsOf = (rows: readonly number[]): Batch['labels'] => ({
  y: { values: Float32Array.from(rows, (row) => row), present: Uint8Array.from(rows, () => 1) },
});

onEngines('batches of columns', [inWorker, eager], (on, type) => {
  async function open(reader: string): Promise<StepRunner> {
    const graph = new GraphModel(3);
    const text = (readers[reader] as (text: Branch) => Branch)(graph.input('text', [-1], { dtype: 'int32' }));
    const joined = merge([text, graph.input('bits', [4])], 'concat', { name: 'joined' });
    graph.output('y', joined.add(layers.dense({ units: 1 })), { loss: 'meanSquaredError' });
    return openRunner(graph.describe(), on.engine);
  }

  it.each(Object.keys(readers))('give what the same numbers written out give, at every length: %s', async (reader) => {
    const batches = [
      [0, 1],
      [2, 3],
      [3, 0],
      [1, 2],
    ];
    const results: unknown[] = [];
    for (const write of [columns, (rows: readonly number[]) => arrays(rows, rows.includes(2) ? 8 : 4)]) {
      const runner = await open(reader);
      const losses: number[] = [];
      on.events.length = 0;
      for (const rows of batches) {
        const report = await runner.take({ rows: 2, inputs: write(rows), labels: labelsOf(rows) });
        losses.push((report as StepReport).loss);
      }
      // One for each length, not for each batch.
      const compiled = on.events.filter((event) => event.type === 'programCompiled').length;
      expect(compiled).toBe(type === 'onnx-cpu' ? 2 : 0);
      const evaluated = await runner.evaluate({ rows: 2, inputs: write([2, 0]), labels: labelsOf([2, 0]) });
      const predicted = await runner.predict(3, write([0, 1, 2]));
      const values = [evaluated['loss/y'], predicted.y].map((array) => Array.from(array as Float32Array));
      results.push({
        losses,
        values,
        state: Object.entries(runner.state().arrays).map(([name, own]) => [name, [...own]]),
      });
      await runner.close();
      tf.disposeVariables();
    }
    expect(results[0]).toEqual(results[1]);
  });

  it('that do not fit are refused, all at once', async () => {
    const runner = await open('conv1d and global pooling');
    const { text, bits: places } = columns([0, 1]) as { text: Column; bits: Column };
    const labels = labelsOf([0, 1, 2]);
    await expect(
      runner.take({ rows: 3, inputs: { text, bits: { ...places, size: 5 } as Column }, labels }),
    ).rejects.toThrow(
      new ShapeError([
        { where: "input 'text'", expected: '3 rows', found: '2' },
        { where: "input 'bits'", expected: '3 rows', found: '2' },
      ]),
    );
    const wide = { ...places, size: 5 } as Column;
    const odd = Int32Array.of(1, 2, 3, 4, 5);
    await expect(runner.take({ rows: 2, inputs: { text: odd, bits: wide }, labels: labelsOf([0, 1]) })).rejects.toThrow(
      new ShapeError([
        { where: "input 'text'", expected: 'rows of shape [?]', found: '2.5 numbers' },
        { where: "input 'bits'", expected: '8 numbers for 2 rows', found: '10' },
      ]),
    );
    await runner.close();
    tf.disposeVariables();
  });
});
