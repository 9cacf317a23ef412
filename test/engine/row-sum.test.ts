import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { Arena, type Region } from '../../src/engine/arena.ts';
import { type Compiled, compile } from '../../src/engine/compile.ts';
import type { EngineConfig } from '../../src/engine/index.ts';
import { Placement } from '../../src/engine/placement.ts';
import { leaveRows } from '../../src/engine/row-sum.ts';
import type { PreparedStep, TrainerSpec } from '../../src/engine/trainer.ts';
import type { StepSettings } from '../../src/engine/update.ts';
import { applyPlainly } from '../../src/ir/build.ts';
import { type Attributes, input, scalar, type Value } from '../../src/ir/graph.ts';
import type { OpName } from '../../src/ir/op/index.ts';
import { int32 } from '../../src/trace/kernel/lowering.ts';
import type { StepResult } from '../../src/trace/record.ts';
import { expectClose, numbers, runProgram } from '../trace/oracle.ts';
import { compiled as compiledHere, eager } from './opened.ts';
import { copy, engines, open } from './two-heads.ts';

beforeEach(() => {
  tf.setBackend('cpu');
  tf.disposeVariables();
});

type Inputs = Record<string, tf.Tensor>;
type Tables = Readonly<Record<'words' | 'tags', tf.Variable>>;

const [height, width, count] = [5, 6, 8];
const specs = {
  ids: { shape: [count], dtype: 'int32' },
  others: { shape: [count], dtype: 'int32' },
  late: { shape: [], stage: 1 },
} as const;

const makeTables = (): Tables => {
  const table = (name: string, seed: number): tf.Variable =>
    tf.variable(tf.tensor(numbers(height * width, seed), [height, width]), true, name);
  return { words: table('words', 1), tags: table('tags', 2) };
};

const found = (table: tf.Tensor, ids: tf.Tensor | undefined): tf.Tensor => tf.gather(table, ids as tf.Tensor1D);
const squared = (x: tf.Tensor): tf.Tensor => tf.sum(tf.square(x));
const sums = (ids: tf.Tensor | undefined): tf.Tensor =>
  tf.scatterND(tf.reshape(ids as tf.Tensor, [count, 1]), tf.tensor(numbers(count * 2), [count, 2]), [height, 2]);

/**
 * What a step computes, and which tables kernels add rows to in each of its stages: whether to zeros, and how often rows are
 * looked up in them.
 */
interface Case {
  readonly step: (tables: Tables, inputs: Inputs) => StepResult;
  readonly left: readonly (readonly [table: string, cleared: boolean, added: number])[][];
}

const words = (cleared: boolean, added = 1) => ['gradient/words', cleared, added] as const;

const cases: Readonly<Record<string, Case>> = {
  'rows of one table': {
    step: ({ words }, { ids }) => ({ loss: squared(found(words, ids)) }),
    left: [[words(true)]],
  },
  'the same for every row': {
    step: ({ words }, { ids }) => ({ loss: tf.sum(found(words, ids)) }),
    left: [[words(true)]],
  },
  'rows of two tables': {
    step: ({ words, tags }, { ids, others }) => ({ loss: tf.sum(tf.mul(found(words, ids), found(tags, others))) }),
    left: [[words(true), ['gradient/tags', true, 1]]],
  },
  'rows of one table, looked up twice': {
    step: ({ words }, { ids, others }) => ({ loss: squared(tf.sub(found(words, ids), found(words, others))) }),
    left: [[words(true, 2)]],
  },
  'a table that is a factor as well': {
    step: ({ words }, { ids }) => ({ loss: squared(tf.matMul(found(words, ids), words, false, true)) }),
    left: [[words(false)]],
  },
  'a table with a penalty': {
    step: ({ words }, { ids, others }) => ({
      loss: tf.add(tf.mul(squared(found(words, ids)), squared(found(words, others))), squared(words)),
    }),
    left: [[words(false, 2)]],
  },
  'single numbers of a table': {
    step: ({ words }, { ids, others }) => ({
      loss: squared(tf.gatherND(words, tf.stack([ids as tf.Tensor, others as tf.Tensor], 1))),
    }),
    left: [[words(true)]],
  },
  'columns of a table': {
    step: ({ words }, { ids }) => ({ loss: squared(tf.gather(words, ids as tf.Tensor1D, 1)) }),
    left: [[]],
  },
  'sums that are given': {
    step: (_, { ids }) => ({ outputs: { sums: sums(ids) } }),
    left: [[['output/sums', true, 1]]],
  },
  'rows of known ids': {
    step: ({ words }) => ({ loss: squared(tf.gather(words, [4, 0, 4, 2])) }),
    left: [[words(true)]],
  },
  'two outputs that are the same sum': {
    step: (_, { ids }) => {
      const same = sums(ids);
      return { outputs: { sums: same, again: same } };
    },
    left: [
      [
        ['output/sums', true, 1],
        ['output/again', true, 1],
      ],
    ],
  },
  'sums that the step reads': {
    step: (_, { ids }) => ({ outputs: { sums: sums(ids), negative: tf.neg(sums(ids)) } }),
    left: [[]],
  },
  'each head by itself': {
    step: ({ words }, { ids, others }) => {
      const losses = { a: squared(found(words, ids)), b: squared(tf.sub(found(words, others), 1)) };
      return { loss: tf.add(losses.a, losses.b), losses };
    },
    left: [[words(true, 2), ['gradient[a]/words', true, 1], ['gradient[b]/words', true, 1]]],
  },
  'rows that are known late': {
    step: ({ words }, { ids, others, late }) => ({
      loss: tf.mul(squared(tf.sub(found(words, ids), found(words, others))), late as tf.Tensor),
    }),
    left: [[], [words(true, 2)]],
  },
  'rows that an earlier stage computes': {
    step: (_, { ids, others, late }) => {
      const places = tf.add(ids as tf.Tensor, tf.cast(late as tf.Tensor, 'int32'));
      const rows = tf.square(tf.reshape(tf.cast(others as tf.Tensor, 'float32'), [count, 1]));
      return { outputs: { sums: tf.scatterND(tf.reshape(places, [count, 1]), rows, [height, 1]) } };
    },
    left: [[], [['output/sums', true, 1]]],
  },
  'sums that a later stage reads': {
    step: (_, { ids, late }) => ({ outputs: { scaled: tf.mul(sums(ids), late as tf.Tensor) } }),
    left: [[['crossing/1', true, 1]], []],
  },
};

const tablesOf = ({ program }: Compiled) =>
  program.stages.map(({ tables }) => tables.map(({ name, cleared, added }) => [name, cleared, added.length]));

describe('sums of rows are left to kernels, and come out as they do eagerly', () => {
  it.each(Object.entries(cases))('%s', (_, { step, left }) => {
    const tables = makeTables();
    const compiled = compile((inputs) => step(tables, inputs), specs);
    expect(tablesOf(compiled)).toEqual(left);
    const list = fc.array(fc.nat(height - 1), { minLength: count, maxLength: count });
    fc.assert(
      fc.property(list, list, (ids, others) => {
        const given = runProgram(compiled, { 'input/ids': ids, 'input/others': others, 'input/late': [0.5] });
        const inputs = { ids: tf.tensor1d(ids, 'int32'), others: tf.tensor1d(others, 'int32'), late: tf.scalar(0.5) };
        const { outputs = {}, losses = {}, loss } = step(tables, inputs);
        for (const [name, output] of Object.entries(outputs))
          expectClose(given[`output/${name}`] as Float32Array, output.dataSync(), name);
        const scalarsOf: Record<string, (result: StepResult) => tf.Tensor | undefined> = Object.fromEntries(
          Object.keys(losses).map((head) => [`gradient[${head}]`, (result) => result.losses?.[head]]),
        );
        if (loss) scalarsOf.gradient = (result) => result.loss;
        for (const [prefix, scalarOf] of Object.entries(scalarsOf)) {
          const { grads } = tf.variableGrads(() => scalarOf(step(tables, inputs)) as tf.Scalar);
          for (const [name, gradient] of Object.entries(grads))
            expectClose(given[`${prefix}/${name}`] as Float32Array, gradient.dataSync(), `${prefix}/${name}`);
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe('negative ids', () => {
  const ids = input('ids', 'int32', [count, 1]);
  const op = (name: OpName, inputs: Value[], attributes: Attributes = {}) =>
    applyPlainly(name, inputs, attributes)[0] as Value;
  const replacing = (row: Value, zero = int32([0], [])) => op('Where', [op('Less', [ids, zero]), row, ids]);

  const cases: readonly [what: string, places: Value, left: Value | undefined][] = [
    ['that become the height, as lowerings have it, are left to kernels', replacing(int32([height], [])), ids],
    ['that become another row stay that row', replacing(int32([2], [])), undefined],
    ['that count from the end still do', replacing(op('Add', [ids, int32([height], [])])), undefined],
    ['that are below another bound stay', replacing(int32([height], []), int32([-3], [])), undefined],
  ];
  it.each(cases)('%s', (_, places, left) => {
    const zeros = op('Expand', [scalar(0, 'float32')], { shape: [height, width] });
    const rows = input('rows', 'float32', [count, width]);
    const expanded = op('Expand', [places], { shape: [count, width] });
    const y = op('ScatterElements', [zeros, expanded, rows], { axis: 0, reduction: 'add' });
    expect(leaveRows({ outputs: { y }, cut: new Map() }).outputs).toEqual({
      'rows/0/y': rows,
      'ids/0/y': left ?? places,
    });
  });
});

describe('rows and ids', () => {
  it('have one place in all slots of a program, and none in common with another program', () => {
    const [{ words }, placement] = [makeTables(), new Placement(new Arena())];
    const { program } = compile(({ ids }) => ({ loss: squared(found(words, ids)) }), { ids: specs.ids });
    const own: Region[] = [];
    const first = placement.place(program, 'program0/slot0', own);
    const second = placement.place(program, 'program0/slot1', own, first);
    const other = placement.place(program, 'program1/slot0', own);
    const common = (regions: typeof first) => Object.keys(first).filter((name) => first[name] === regions[name]);
    const shared = ['gradient/words', 'parameter/words'];
    expect(common(other).sort()).toEqual(shared);
    expect(common(second).sort()).toEqual([...shared, 'ids/0/gradient/words', 'rows/0/gradient/words'].sort());
    expect(new Set(own).size).toBe(own.length);
  });
});

/** Two heads on rows of one table, one of which looks some up in a table of its own too. */
function lookingUp(): TrainerSpec {
  const { words, tags } = makeTables();
  return {
    step: ({ ids, others, weight }) => {
      const hidden = found(words, ids);
      const a = tf.mean(tf.square(tf.sub(hidden, 1)));
      const b = tf.mul(tf.mean(tf.square(tf.add(hidden, found(tags, others)))), weight as tf.Tensor);
      return { loss: tf.add(a, b), losses: { a, b } };
    },
    groups: [
      { name: 'words', variables: [words] },
      { name: 'tags', variables: [tags] },
    ],
    optimizer: { type: 'adam' },
  };
}

/** Steps of two lengths in turn, the second head being absent now and then. */
async function trained(config: EngineConfig, clip: NonNullable<StepSettings['clip']>) {
  tf.disposeVariables();
  const trainer = await (await open(config)).train(lookingUp());
  const prepared = await Promise.all(
    [count, 3].map((rows) => {
      const ids = { shape: [rows], dtype: 'int32' } as const;
      return trainer.prepare({ ids, others: ids, weight: { shape: [] } });
    }),
  );
  const norms: number[] = [];
  for (let step = 0; step < 6; step++) {
    const isPresent = step % 3 !== 1;
    const { slots, run } = prepared[step % 2] as PreparedStep;
    const slot = slots[step % 2] as { ids: Int32Array; others: Int32Array; weight: Float32Array };
    slot.ids.forEach((_, at, ids) => {
      ids[at] = (at * at + step) % height;
    });
    slot.others.fill(step % height);
    slot.weight[0] = isPresent ? 1 : 0;
    const before = copy(trainer.state());
    const report = await run(step % 2, { present: [true, isPresent], learningRates: [0.1, 0.05], clip });
    expect(report.nonFinite).toEqual([]);
    norms.push(...report.gradientNorms);
    const { 'parameter/tags': tags, 'clock/tags': clock } = copy(trainer.state());
    if (!isPresent) expect([tags, clock]).toEqual([before['parameter/tags'], before['clock/tags']]);
  }
  return { norms, state: copy(trainer.state()) as Record<string, number[]> };
}

const clips: Readonly<Record<string, NonNullable<StepSettings['clip']>>> = {
  'no limit': {},
  'a limit on each number': { value: 0.02 },
  'a limit on each norm': { norm: 0.05 },
  'a limit on the norm of all': { globalNorm: 0.05 },
};

describe('tables are trained as eagerly', () => {
  const others = engines.filter(([, config]) => config.type === 'onnx-cpu' && config !== compiledHere);
  const runs = [
    ...Object.keys(clips).map((clip) => [clip, 'compiled, in this thread', compiledHere] as const),
    ...others.map(([name, config]) => ['a limit on each norm', name, config] as const),
  ];
  it.each(runs)('with %s, %s', async (limit, _engine, config) => {
    const clip = clips[limit] as NonNullable<StepSettings['clip']>;
    const [expected, found] = [await trained(eager, clip), await trained(config, clip)];
    expectClose(found.norms, expected.norms, 'norms');
    expect(Object.keys(found.state).sort()).toEqual(Object.keys(expected.state).sort());
    for (const [name, values] of Object.entries(expected.state)) expectClose(found.state[name] ?? [], values, name);
  });
});
