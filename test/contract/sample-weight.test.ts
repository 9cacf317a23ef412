import { layers } from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { EngineConfig } from '../../src/engine/index.ts';
import type { Denominator } from '../../src/loss/index.ts';
import type { OptimizerConfig } from '../../src/optimizer/index.ts';
import type { Batch, HeadLabels } from '../../src/step/batch.ts';
import type { StepState } from '../../src/step/state.ts';
import { Graph } from '../../src/train/graph.ts';
import { compiled, eager, native, onEngines } from '../engine/opened.ts';
import { openRunner } from '../step/open-runner.ts';
import { bits } from './bits.ts';
import { fractions } from './plan.ts';
import { holds } from './property.ts';

const heads = ['a', 'b', 'c'] as const;
type Head = (typeof heads)[number];
type ByHead<T> = Readonly<Record<Head, T>>;
const byHead = <T>(of: (head: Head) => T): ByHead<T> => ({ a: of('a'), b: of('b'), c: of('c') });

interface Training {
  readonly optimizer: OptimizerConfig;
  readonly denominator: Denominator;
}

const sgd: OptimizerConfig = { type: 'sgd', learningRate: 0.1 };

/** Two heads that are computed together, and one apart, on a trunk that normalises. */
function build(engine: EngineConfig, { optimizer, denominator }: Training): Graph {
  const graph = new Graph({ seed: 3 });
  const trunk = graph
    .input('x', [3])
    .add(layers.dense({ units: 4, activation: 'tanh' }), layers.batchNormalization(), layers.dropout({ rate: 0.2 }));
  const [a, b, c] = graph.fork(trunk, heads);
  const square = { loss: 'meanSquaredError', denominator } as const;
  graph.output('a', a.add(layers.dense({ units: 1 })), square);
  graph.output('b', b.add(layers.dense({ units: 1 })), square);
  const own = [layers.dense({ units: 3, activation: 'tanh' }), layers.dense({ units: 1 })];
  graph.output('c', c.add(...own), { loss: 'huber', denominator });
  return graph.compile({ optimizer, engine, seed: 7 });
}

/** For each row: what is known of each head, and how much it counts. */
const entry = fc.record({ known: fc.boolean(), weight: fc.constantFrom(0, 0.5, 1, 3) });
const tables = fc
  .array(fc.record({ a: entry, b: entry, c: entry }), { minLength: 2, maxLength: 6 })
  .filter((rows) => rows.some((row) => heads.some((head) => row[head].known && row[head].weight > 0)));
type Table = readonly ByHead<{ readonly known: boolean; readonly weight: number }>[];

const numbers = (rows: number, size: number, seed: number): readonly (readonly number[])[] =>
  Array.from({ length: rows }, (_, row) => fractions(size, seed * 31 + row));

const featuresOf = (table: Table) => numbers(table.length, 3, 1);
const labelOf = (row: number, head: Head): number => fractions(1, row * 3 + heads.indexOf(head))[0] as number;
const labelsOf = (table: Table, isKnown = (row: Table[number], head: Head): boolean => row[head].known) =>
  byHead((head) => table.map((row, at) => (isKnown(row, head) ? labelOf(at, head) : null)));
const weightsOf = (table: Table) => byHead((head) => table.map((row) => row[head].weight));

/** These rows as a batch, with the weights in the labels. */
function batchOf(table: Table, rows: readonly number[]): Batch {
  const labels = heads.flatMap((head): [string, HeadLabels][] => {
    const present = Uint8Array.from(rows, (row) => Number(table[row]?.[head].known));
    const values = Float32Array.from(rows, (row) => (table[row]?.[head].known ? labelOf(row, head) : 0));
    const weight = Float32Array.from(rows, (row) => table[row]?.[head].weight as number);
    return [[head, { values, present, weight }]];
  });
  const x = featuresOf(table);
  return {
    rows: rows.length,
    inputs: { x: Float32Array.from(rows.flatMap((row) => x[row] as number[])) },
    labels: Object.fromEntries(labels),
    keys: Int32Array.from(rows),
  };
}

const ofState = ({ arrays, ...rest }: StepState) => ({ arrays: bits(arrays), ...rest });

/** What a graph has become; it is closed. */
async function ended(graph: Graph): Promise<StepState> {
  const state = await graph.state();
  await graph.close();
  return state;
}

/** Expects parameters and moving statistics to be the same to rounding. */
function expectClose(found: StepState, expected: StepState): void {
  for (const [name, values] of Object.entries(expected.arrays))
    values.forEach((value, at) => {
      expect(Math.abs(Number(found.arrays[name]?.[at]) - Number(value)), `${name}[${at}]`).toBeLessThan(2e-6);
    });
}

onEngines('weights of samples', [compiled, eager, native], (on) => {
  const check = <T>(cases: fc.Arbitrary<T>, property: (value: T) => Promise<void>): Promise<void> =>
    holds(cases, 6, property);

  const training = fc.record({
    optimizer: fc.constantFrom<OptimizerConfig>(sgd, { type: 'adamw', learningRate: 0.01, weightDecay: 0.1 }),
    denominator: fc.constantFrom<Denominator>('present', 'batch', 'ema'),
  });

  /** The state after steps with weights in the labels. */
  async function stepped(how: Training, batches: readonly Batch[]): Promise<StepState> {
    const graph = build(on.config, how);
    const runner = await openRunner(graph.describe(), on.engine, { optimizer: how.optimizer, seed: 7 });
    for (const batch of batches) await runner.take(batch);
    const state = runner.state();
    const copy = Object.entries(state.arrays).map(([name, values]) => [name, values.slice()]);
    await runner.close();
    return { ...state, arrays: Object.fromEntries(copy) };
  }

  it('by head, of a step, are those in the labels, bit for bit', () =>
    check(fc.tuple(tables, training), async ([table, how]) => {
      const graph = build(on.config, how);
      for (let step = 0; step < 2; step++)
        await graph.trainOnBatch(featuresOf(table), labelsOf(table), { sampleWeight: weightsOf(table) });
      const whole = batchOf(table, [...table.keys()]);
      expect(ofState(await ended(graph))).toEqual(ofState(await stepped(how, [whole, whole])));
    }));

  it('by head, of fit, follow their rows into batches, bit for bit', () =>
    check(fc.tuple(tables, training), async ([table, how]) => {
      const graph = build(on.config, how);
      const options = { batchRows: 2, shuffle: false, epochs: 2, sampleWeight: weightsOf(table) };
      await graph.fit(featuresOf(table), labelsOf(table), options);
      const labelled = [...table.keys()].filter((row) => heads.some((head) => table[row]?.[head].known));
      const batches = labelled.flatMap((_, at) => (at % 2 === 0 ? [batchOf(table, labelled.slice(at, at + 2))] : []));
      expect(ofState(await ended(graph))).toEqual(ofState(await stepped(how, [...batches, ...batches])));
    }));

  it('by sample are those by head of every head, bit for bit, also where rows are put in another order', () =>
    check(fc.tuple(tables, training), async ([table, how]) => {
      const ofRows = table.map((row) => row.a.weight);
      const states = [];
      for (const sampleWeight of [ofRows, byHead(() => ofRows), { ...weightsOf(table), b: ofRows, c: ofRows }]) {
        const graph = build(on.config, how);
        const known = labelsOf(table);
        await graph.trainOnBatch(featuresOf(table), known, { sampleWeight });
        await graph.fit(featuresOf(table), known, { batchRows: 3, seed: 5, sampleWeight });
        states.push(ofState(await ended(graph)));
      }
      expect(states[1]).toEqual(states[0]);
      expect(states[2]).toEqual(states[0]);
    }));

  it('of 0 leave of a label only that it is counted: what else there is of it is as if it were absent', () =>
    check(fc.tuple(tables, fc.constantFrom<Denominator>('present', 'batch')), async ([table, denominator]) => {
      const counts = (row: Table[number], head: Head): boolean => row[head].known && row[head].weight > 0;
      const [weighed, dropped] = [0, 1].map(() => build(on.config, { optimizer: sgd, denominator })) as [Graph, Graph];
      const x = featuresOf(table);
      const sampleWeight = weightsOf(table);
      await weighed.trainOnBatch(x, labelsOf(table), { sampleWeight, keepUnlabelled: true });
      for (const head of heads) {
        const all = table.filter((row) => row[head].known).length;
        // The denominator counts labels, whatever they weigh.
        if (denominator === 'present' && all > 0)
          (await dropped.head(head)).weight = table.filter((row) => counts(row, head)).length / all;
      }
      await dropped.trainOnBatch(x, labelsOf(table, counts), { sampleWeight, keepUnlabelled: true });
      const state = await dropped.state();
      const found = await ended(weighed);
      for (const head of heads)
        expect(found.heads[head]?.labels ?? 0).toBe(table.filter((row) => row[head].known).length);
      const parameters = Object.entries(state.arrays).filter(([name]) => name.startsWith('parameter/'));
      expectClose(found, { ...state, arrays: Object.fromEntries(parameters) });
      await ended(dropped);
    }));

  it('that are alike for all of a head’s labels are a weight of the head; of 1, they are none', () =>
    check(fc.tuple(tables, fc.constantFrom(1, 0.5, 4)), async ([table, factor]) => {
      const how: Training = { optimizer: sgd, denominator: 'present' };
      const [weighed, plain] = [0, 1].map(() => build(on.config, how)) as [Graph, Graph];
      const known = labelsOf(table);
      await weighed.trainOnBatch(featuresOf(table), known, { sampleWeight: { c: table.map(() => factor) } });
      (await plain.head('c')).weight = factor;
      await plain.trainOnBatch(featuresOf(table), known);
      expectClose(await ended(weighed), await plain.state());
      await ended(plain);
    }));
});
