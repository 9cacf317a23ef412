import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, it } from 'vitest';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { compile } from '../../src/engine/compile.ts';
import type { Step } from '../../src/trace/record.ts';
import { expectClose, runProgram } from './oracle.ts';

trunklineBackend();

beforeEach(() => {
  tf.setBackend('cpu');
  tf.disposeVariables();
});

const x = [0.5, -1.5];
const specs = { x: { shape: [2] } };
const input = (inputs: Record<string, tf.Tensor>): tf.Tensor => inputs.x as tf.Tensor;

/** Steps that meet the same data under more than one name; `move` gives each variable another value afterwards. */
const sharing: readonly [string, () => { loss: (x: tf.Tensor) => tf.Scalar; variables: tf.Variable[] }][] = [
  [
    'two variables made of one tensor',
    () => {
      const zeros = tf.zeros([2]);
      const [a, b] = [tf.variable(zeros, true, 'a'), tf.variable(zeros, true, 'b')];
      return { loss: (given) => tf.sum(tf.mul(tf.add(given, a), tf.exp(b))), variables: [a, b] };
    },
  ],
  [
    'a clone kept outside the step',
    () => {
      const w = tf.variable(tf.tensor1d([1, 2]), true, 'w');
      const start = w.clone();
      return { loss: (given) => tf.sum(tf.mul(given, tf.square(tf.sub(w, start)))), variables: [w] };
    },
  ],
  [
    'the tensor that a variable was made of',
    () => {
      const start = tf.tensor1d([1, 2]);
      const w = tf.variable(start, true, 'w');
      return { loss: (given) => tf.sum(tf.mul(given, tf.square(tf.sub(w, start)))), variables: [w] };
    },
  ],
  [
    'a tensor assigned to two variables',
    () => {
      const [a, b] = [tf.variable(tf.zeros([2]), true, 'a'), tf.variable(tf.ones([2]), true, 'b')];
      const given = tf.tensor1d([3, 4]);
      a.assign(given);
      b.assign(given);
      return { loss: (value) => tf.sum(tf.mul(value, tf.sub(tf.square(a), tf.exp(b)))), variables: [a, b] };
    },
  ],
  [
    'weights taken over from another model',
    () => {
      const [first, second] = ['first', 'second'].map((name) =>
        sequential({ layers: [layers.dense({ units: 2, inputShape: [2], name, useBias: false })] }),
      ) as [ReturnType<typeof sequential>, ReturnType<typeof sequential>];
      second.setWeights(first.getWeights());
      const outputOf = (model: typeof first, given: tf.Tensor): tf.Tensor =>
        model.apply(tf.reshape(given, [1, 2])) as tf.Tensor;
      return {
        loss: (given) => tf.sum(tf.sub(tf.exp(outputOf(first, given)), outputOf(second, given))),
        variables: [...first.getWeights(), ...second.getWeights()] as tf.Variable[],
      };
    },
  ],
];

describe('a recording', () => {
  it.each(sharing)('tells %s apart', (_, make) => {
    const { loss, variables } = make();
    const compiled = compile((inputs) => ({ loss: loss(input(inputs)) }), specs);
    variables.forEach((variable, at) => {
      variable.assign(tf.add(variable, tf.range(at + 1, at + 1 + variable.size).reshape(variable.shape)));
    });
    const { value, grads } = tf.variableGrads(() => loss(tf.tensor1d(x)), variables);
    const found = runProgram(compiled, { 'input/x': x });
    expect([...compiled.parameters.keys()].sort()).toEqual(variables.map(({ name }) => `parameter/${name}`).sort());
    expectClose(found.loss as Float32Array, value.dataSync(), 'loss');
    for (const { name } of variables)
      expectClose(found[`gradient/${name}`] as Float32Array, grads[name]?.dataSync() as Float32Array, name);
  });

  it('knows a variable by its place where the step assigns one to another', () => {
    const [a, b] = [tf.variable(tf.tensor1d([1, 2]), true, 'a'), tf.variable(tf.tensor1d([3, 4]), true, 'b')];
    const compiled = compile((inputs) => {
      const old = a.clone();
      a.assign(b);
      b.assign(tf.mul(old, input(inputs)));
      return { outputs: { a: tf.add(a, 0) } };
    }, specs);
    const found = runProgram(compiled, { 'input/x': x });
    expect([...(found['output/a'] as Float32Array)]).toEqual([3, 4]);
    expect([...(found['update/a'] as Float32Array)]).toEqual([3, 4]);
    expect([...(found['update/b'] as Float32Array)]).toEqual([0.5, -3]);
    expect([a, b].map((variable) => [...variable.dataSync()])).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it.each(['float32', 'int32', 'bool'] as const)('refuses to freeze many %s numbers into the program', (dtype) => {
    const mask = Uint8Array.from({ length: 100 }, () => (Math.random() < 0.5 ? 1 : 0));
    mask.set([0, 1]);
    const step: Step = () => ({ outputs: { y: tf.cast(tf.tensor(mask, [100], dtype), 'float32') } });
    expect(() => compile(step, {})).toThrow(`expected at most 64 different numbers created inside a step`);
  });
});

describe('memory after a recording', () => {
  const counted = (): object => {
    const { numTensors, numBytes, numDataBuffers } = tf.memory();
    return { numTensors, numBytes, numDataBuffers };
  };

  const steps: readonly [string, (w: tf.Variable, x: tf.Tensor) => tf.Tensor][] = [
    ['that reads', (w, given) => tf.sum(tf.mul(w, given))],
    [
      'that assigns',
      (w, given) => {
        w.assign(tf.mul(w, given));
        return tf.sum(w);
      },
    ],
    [
      'that fails on its way',
      (w, given) => {
        tf.exp(tf.mul(w, given));
        throw new Error('on purpose');
      },
    ],
    ['that is refused', (w, given) => tf.mul(w, given)],
    ['whose gradient is refused', (w) => tf.sum(tf.cast(tf.argMax(tf.mul(w, w)), 'float32'))],
  ];
  it.each(steps)('%s is as before', (_, run) => {
    const w = tf.variable(tf.tensor1d([1, 2]), true, 'w');
    const before = counted();
    try {
      compile((inputs) => ({ loss: run(w, input(inputs)) }), specs);
    } catch {}
    expect(counted()).toEqual(before);
    expect([...w.dataSync()]).toEqual([1, 2]);
    expect((tf.engine().state as unknown as { activeTape: unknown }).activeTape).toBeNull();
  });

  it.each([
    ['at once', () => {}],
    ['after it was assigned', (w: tf.Variable) => w.assign(tf.mul(w, 2))],
  ])('that disposes of a variable %s is without it', (_, prepare) => {
    const before = counted();
    const w = tf.tidy(() => tf.variable(tf.tensor1d([1, 2]), true, 'w'));
    compile((inputs) => {
      prepare(w);
      const loss = tf.sum(tf.mul(w, input(inputs)));
      w.dispose();
      return { loss };
    }, specs);
    expect(counted()).toEqual(before);
  });
});
