import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { TypedArray } from '../../src/core/dtype.ts';
import { fork, GraphModel, type ModelSpec } from '../../src/model/index.ts';
import type { Batch, HeadLabels } from '../../src/step/batch.ts';
import { compiled, eager, native, onEngines } from '../engine/opened.ts';
import { openRunner } from '../step/open-runner.ts';
import { bits, copied } from './bits.ts';
import { optimizerConfigs } from './optimizers.ts';
import { batchFor, fractions, modelOf, patterns, plans } from './plan.ts';
import { holds } from './property.ts';

/** Normalised branches: one that heads `a` and `b` share, one of `c` alone. `a` may be left out of the model. */
function threeHeads({ without }: { readonly without?: 'a' } = {}): ModelSpec {
  const graph = new GraphModel(2);
  const [both, alone] = fork(graph.input('x', [3]), ['both', 'alone']);
  const normalized = () => [layers.dense({ units: 4 }), layers.batchNormalization({ momentum: 0.75 })];
  const [a, b] = fork(both.add(...normalized()), ['a', 'b']);
  const end = (hidden: number) => [layers.dense({ units: hidden, activation: 'tanh' }), layers.dense({ units: 1 })];
  if (!without) graph.output('a', a.add(...end(2)), { loss: 'meanSquaredError' });
  graph.output('b', b.add(...end(3)), { loss: 'meanSquaredError', denominator: 'batch' });
  graph.output('c', alone.add(...normalized(), ...end(2)), { loss: 'meanSquaredError', denominator: 'ema' });
  return graph.describe();
}

const heads = ['a', 'b', 'c'] as const;
/** For each row, which heads have a label. */
const tables = fc.array(fc.record({ a: fc.boolean(), b: fc.boolean(), c: fc.boolean() }), {
  minLength: 2,
  maxLength: 6,
});
type Table = readonly Readonly<Record<(typeof heads)[number], boolean>>[];

function batchOf(table: Table, named: readonly (typeof heads)[number][] = heads): Batch {
  const rows = table.length;
  const labels = named.map((head): [string, HeadLabels] => [
    head,
    {
      values: Float32Array.from(fractions(rows, heads.indexOf(head))),
      present: Uint8Array.from(table, (row) => Number(row[head])),
    },
  ]);
  return { rows, inputs: { x: Float32Array.from(fractions(rows * 3, 7)) }, labels: Object.fromEntries(labels) };
}

/** What the moving statistics of a layer become after one step in which these rows took part. */
function movedStatistics(x: TypedArray, rows: readonly number[], kernel: TypedArray, bias: TypedArray) {
  const units = bias.length;
  const columns = Array.from({ length: units }, (_, unit) =>
    rows.map((row) =>
      [0, 1, 2].reduce(
        (sum, at) => sum + Number(x[row * 3 + at]) * Number(kernel[at * units + unit]),
        Number(bias[unit]),
      ),
    ),
  );
  const means = columns.map((column) => column.reduce((sum, value) => sum + value, 0) / rows.length);
  const variances = columns.map(
    (column, unit) => column.reduce((sum, value) => sum + (value - (means[unit] as number)) ** 2, 0) / rows.length,
  );
  return { mean: means.map((mean) => 0.25 * mean), variance: variances.map((variance) => 0.75 + 0.25 * variance) };
}

/** The batch with rows between its own of which nothing is known, and whose features are anything. */
function amongUnknown(batch: Batch, places: readonly number[], filling: number): Batch {
  const rows = batch.rows + places.length;
  const from: (number | undefined)[] = Array.from({ length: batch.rows }, (_, row) => row);
  for (const place of places) from.splice(place % (from.length + 1), 0, undefined);
  const spread = <Values extends TypedArray>(values: Values, absent: number): Values => {
    const size = values.length / batch.rows;
    const wide = new (values.constructor as new (length: number) => Values)(rows * size).fill(
      absent as never,
    ) as Values;
    from.forEach((row, at) => {
      if (row !== undefined) wide.set(values.slice(row * size, (row + 1) * size) as never, at * size);
    });
    return wide;
  };
  const labels = Object.entries(batch.labels).map(
    ([head, { values, present, weight, bound }]): [string, HeadLabels] => [
      head,
      {
        values: spread(values, values instanceof Int32Array ? 0 : filling),
        present: spread(present, 0),
        ...(weight ? { weight: spread(weight, filling) } : {}),
        ...(bound ? { bound: spread(bound, filling) } : {}),
      },
    ],
  );
  const inputs = Object.entries(batch.inputs).map(([name, values]) => [name, spread(values as TypedArray, filling)]);
  return {
    rows,
    inputs: Object.fromEntries(inputs),
    labels: Object.fromEntries(labels),
    keys: spread(batch.keys as Int32Array, 77),
  };
}

onEngines('batch statistics', [compiled, eager, native], (on) => {
  const check = <T>(cases: fc.Arbitrary<T>, property: (value: T) => Promise<void>): Promise<void> =>
    holds(cases, 6, property);

  it('are those of the rows that take part, whichever of the heads that share a layer know them', () =>
    check(tables, async (table) => {
      const runner = await openRunner(threeHeads(), on.engine);
      const before = copied(runner).arrays;
      const batch = batchOf(table);
      await runner.take(batch);
      const after = runner.state().arrays;
      const rows = [...table.keys()].filter((row) => heads.some((head) => table[row]?.[head]));
      for (const [branch, readers] of [
        ['both', ['a', 'b']],
        ['alone', ['c']],
      ] as const) {
        const parameter = (name: string, of = before) => of[`parameter/${branch}/${name}`] as TypedArray;
        const moves = table.some((row) => readers.some((head) => row[head]));
        const expected = moves
          ? movedStatistics(batch.inputs.x as TypedArray, rows, parameter('dense/kernel'), parameter('dense/bias'))
          : { mean: [0, 0, 0, 0], variance: [1, 1, 1, 1] };
        const [mean, variance] = ['moving_mean', 'moving_variance'].map((name) =>
          Array.from(parameter(`batchNormalization/${name}`, after), Number),
        );
        expect(mean, branch).toEqual(expected.mean.map((value) => (moves ? expect.closeTo(value, 5) : value)));
        expect(variance, branch).toEqual(expected.variance.map((value) => (moves ? expect.closeTo(value, 5) : value)));
        const own = (name: string): boolean => name.startsWith(`parameter/${branch}/batchNormalization/`);
        if (!moves) expect(bits(after, own)).toEqual(bits(before, own));
      }
      await runner.close();
    }));

  it('and the gradients through them see nothing of an absent head, bit for bit, be its weights infinite', () =>
    check(fc.array(tables, { minLength: 2, maxLength: 3 }), async (steps) => {
      const [poisoned, without] = [
        await openRunner(threeHeads(), on.engine, { optimizer: 'adam' }),
        await openRunner(threeHeads({ without: 'a' }), on.engine, { optimizer: 'adam' }),
      ];
      const names = Object.keys(poisoned.state().arrays).filter((name) => name.startsWith('parameter/a/'));
      expect(names).not.toEqual([]);
      const infinite = names.map((name) => {
        const { length } = poisoned.state().arrays[name] as TypedArray;
        return [name, new Float32Array(length).fill(Number.POSITIVE_INFINITY)];
      });
      poisoned.adopt({ ...poisoned.state(), arrays: Object.fromEntries(infinite) });
      for (const table of steps) {
        const known = table.map((row) => ({ ...row, a: false }));
        await poisoned.take(batchOf(known));
        await without.take(batchOf(known, ['b', 'c']));
      }
      const expected = bits(copied(without).arrays);
      expect(bits(copied(poisoned).arrays, (name) => name in expected)).toEqual(expected);
      for (const runner of [poisoned, without]) await runner.close();
    }));

  it('see nothing of rows of which nothing is known, be their features NaN: all is as without them, bit for bit', () =>
    check(
      plans.chain((plan) =>
        fc.record({
          plan: fc.constant(plan),
          steps: fc.tuple(patterns(plan), patterns(plan)),
          places: fc.array(fc.nat(5), { minLength: 1, maxLength: 3 }),
          filling: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 1e30),
          optimizer: optimizerConfigs,
        }),
      ),
      async ({ plan, steps, places, filling, optimizer }) => {
        const states = [];
        for (const among of [false, true]) {
          const runner = await openRunner(modelOf(plan), on.engine, { optimizer });
          for (const [step, pattern] of steps.entries()) {
            const batch = keyed(batchFor(plan, pattern, step));
            await runner.take(among ? amongUnknown(batch, places, filling) : batch);
          }
          const { arrays, ...rest } = copied(runner);
          states.push({ arrays: bits(arrays), rest });
          await runner.close();
          tf.disposeVariables();
        }
        expect(states[1]).toEqual(states[0]);
      },
    ));
});

const keyed = (batch: Batch): Batch => ({
  ...batch,
  keys: Int32Array.from({ length: batch.rows }, (_, row) => row + 7),
});
