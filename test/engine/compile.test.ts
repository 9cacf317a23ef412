import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, it } from 'vitest';
import { compile } from '../../src/engine/compile.ts';
import type { PerHead } from '../../src/trace/record.ts';
import { expectClose, numbers, runProgram } from '../trace/oracle.ts';

const matrix = (rows: number, columns: number, seed: number, name?: string): tf.Variable =>
  tf.variable(tf.tensor(numbers(rows * columns, seed), [rows, columns]), true, name);
const at = (inputs: Record<string, tf.Tensor>, name: string): tf.Tensor => inputs[name] as tf.Tensor;
const names = (ports: readonly { name: string }[]): string[] => ports.map(({ name }) => name).sort();

beforeEach(() => {
  tf.setBackend('cpu');
  tf.disposeVariables();
});

describe('compile', () => {
  it('returns plain data: inputs, outputs and gradients by name', () => {
    const w = matrix(3, 2, 1, 'w');
    const { program } = compile(
      ({ x, weight }) => {
        const y = tf.matMul(x as tf.Tensor, w) as tf.Tensor;
        return { loss: tf.mul(tf.mean(y), weight as tf.Tensor), losses: { head: tf.mean(y) }, outputs: { y } };
      },
      { x: { shape: [4, 3] }, weight: { shape: [] } },
    );
    expect(structuredClone(program)).toEqual(program);
    expect(names(program.inputs)).toEqual(['input/weight', 'input/x', 'parameter/w']);
    expect(names(program.outputs)).toEqual(['gradient/w', 'gradient[head]/w', 'loss', 'loss/head', 'output/y']);
    expect(program.baked).toEqual([]);
  });

  it('leaves variables, tensors and the backend as they were', () => {
    const w = matrix(3, 2, 1);
    const before = [
      w.dataId,
      w.dataSync().slice(),
      tf.memory().numTensors,
      tf.memory().numDataBuffers,
      tf.getBackend(),
    ];
    compile(
      ({ x }) => {
        const loss = tf.mean(tf.matMul(x as tf.Tensor, w)) as tf.Scalar;
        w.assign(tf.mul(w, 2));
        return { loss };
      },
      { x: { shape: [4, 3] } },
    );
    expect([
      w.dataId,
      w.dataSync().slice(),
      tf.memory().numTensors,
      tf.memory().numDataBuffers,
      tf.getBackend(),
    ]).toEqual(before);
  });

  it('differentiates each named loss apart, in the variables and at an activation, from one forward pass', () => {
    const [w, a, b] = [matrix(3, 4, 1, 'w'), matrix(4, 1, 2, 'a'), matrix(4, 1, 3, 'b')];
    const x = numbers(15, 9);
    const heads = (h: tf.Tensor) => ({ a: tf.mean(tf.square(tf.matMul(h, a))), b: tf.mean(tf.abs(tf.matMul(h, b))) });
    const compiled = compile(
      (inputs) => {
        const h = tf.tanh(tf.matMul(at(inputs, 'x'), w));
        return { losses: heads(h), activations: { h } };
      },
      { x: { shape: [5, 3] } },
    );
    const found = runProgram(compiled, { 'input/x': x });
    expect(compiled.text().match(/= Tanh/g)).toHaveLength(1);
    for (const head of ['a', 'b'] as const) {
      const loss = () => heads(tf.tanh(tf.matMul(tf.tensor(x, [5, 3]), w)))[head] as tf.Scalar;
      const { grads } = tf.variableGrads(loss, [w, head === 'a' ? a : b]);
      for (const [name, gradient] of Object.entries(grads))
        expectClose(found[`gradient[${head}]/${name}`] as Float32Array, gradient.dataSync(), `${head} in ${name}`);
      const h = tf.tanh(tf.matMul(tf.tensor(x, [5, 3]), w));
      const atActivation = tf.grad((value) => heads(value)[head])(h);
      expectClose(found[`gradient[${head}]@h`] as Float32Array, atActivation.dataSync(), `${head} at h`);
    }
    expect(Object.keys(found)).not.toContain('gradient[a]/b');
  });

  it.each<[PerHead, string[]]>([
    ['none', []],
    ['activations', ['gradient[a]@h']],
    ['all', ['gradient[a]/w', 'gradient[a]@h']],
  ])('differentiates named losses as far as it is asked to: %s', (perHead, expected) => {
    const w = matrix(3, 4, 1, 'w');
    const { program } = compile(
      (inputs) => {
        const h = tf.tanh(tf.matMul(at(inputs, 'x'), w));
        return { loss: tf.sum(h), losses: { a: tf.mean(tf.square(h)) }, activations: { h } };
      },
      { x: { shape: [5, 3] } },
      { perHead },
    );
    expect(names(program.outputs)).toEqual(['activation/h', 'gradient/w', 'loss', 'loss/a', ...expected].sort());
    const vector = (inputs: Record<string, tf.Tensor>) => ({ losses: { a: tf.tanh(at(inputs, 'x')) } });
    expect(() => compile(vector, { x: { shape: [3] } }, { perHead })).toThrow('losses.a: expected a scalar loss');
  });

  it('splits where an input is known only later', () => {
    const w = matrix(3, 4, 1, 'w');
    const x = numbers(15, 9);
    const dh = numbers(20, 5);
    const compiled = compile(
      (inputs) => {
        const h = tf.tanh(tf.matMul(at(inputs, 'x'), w));
        return { loss: tf.sum(tf.mul(h, at(inputs, 'dh'))), outputs: { h } };
      },
      { x: { shape: [5, 3] }, dh: { shape: [5, 4], stage: 1 } },
    );
    const [first, second] = compiled.program.stages;
    expect(names(first?.outputs ?? [])).toContain('output/h');
    expect(names(first?.inputs ?? [])).toEqual(['input/x', 'parameter/w']);
    expect(names(second?.inputs ?? [])).toContain('input/dh');
    const found = runProgram(compiled, { 'input/x': x, 'input/dh': dh });
    const whole = tf.grad((value) =>
      tf.sum(tf.mul(tf.tanh(tf.matMul(tf.tensor(x, [5, 3]), value as tf.Tensor2D)), tf.tensor(dh, [5, 4]))),
    );
    expectClose(found['gradient/w'] as Float32Array, whole(w).dataSync(), 'gradient');
  });

  it('returns what a step assigned as an update', () => {
    const layer = layers.batchNormalization({ inputShape: [3], momentum: 0.5 });
    const model = sequential({ layers: [layer] });
    const x = numbers(30, 4);
    const compiled = compile(
      (inputs) => ({ loss: tf.mean(tf.square(model.apply(at(inputs, 'x'), { training: true }) as tf.Tensor)) }),
      { x: { shape: [10, 3] } },
    );
    const found = runProgram(compiled, { 'input/x': x });
    const means = tf.tensor(x, [10, 3]).mean(0).mul(0.5).dataSync();
    const update = compiled.program.outputs.find(
      ({ name }) => name.startsWith('update/') && name.includes('moving_mean'),
    );
    expectClose(found[update?.name ?? ''] as Float32Array, means, 'moving mean');
    expect(layer.getWeights()[2]?.dataSync()).toEqual(new Float32Array(3));
  });

  it('takes variables of layers that build themselves inside the step', () => {
    const dense = layers.dense({ units: 2, kernelInitializer: 'ones' });
    const compiled = compile((inputs) => ({ loss: tf.mean(dense.apply(at(inputs, 'x')) as tf.Tensor) }), {
      x: { shape: [4, 3] },
    });
    expect(compiled.parameters.size).toBe(2);
    expect(runProgram(compiled, { 'input/x': new Float32Array(12).fill(1) }).loss?.[0]).toBe(3);
    expect(dense.getWeights()[0]?.dataSync()).toEqual(new Float32Array(6).fill(1));
  });

  it('lists small constants, which are frozen into the program', () => {
    const { program } = compile((inputs) => ({ outputs: { y: tf.mul(at(inputs, 'x'), tf.tensor1d([1, 2, 3])) } }), {
      x: { shape: [2, 3] },
    });
    expect(program.baked).toEqual([{ where: 'the step', dtype: 'float32', shape: [3] }]);
  });

  it('draws new random numbers in every step, and the same ones for the same step', () => {
    const model = sequential({ layers: [layers.dropout({ inputShape: [8], rate: 0.5 })] });
    const compiled = compile(
      (inputs) => ({ outputs: { y: model.apply(at(inputs, 'x'), { training: true }) as tf.Tensor } }),
      { x: { shape: [4, 8] } },
      { seed: 3 },
    );
    expect(compiled.program.baked).toEqual([]);
    const masks = [0, 1, 0].map(
      (step) => runProgram(compiled, { 'input/x': new Float32Array(32).fill(1), 'random/step': [step] })['output/y'],
    );
    expect(masks[0]).toEqual(masks[2]);
    expect(masks[0]).not.toEqual(masks[1]);
    expect(new Set(masks[0] as Float32Array)).toEqual(new Set([0, 2]));
  });
});

describe('compile refuses', () => {
  const x = { x: { shape: [4, 3] } };
  const cases: readonly [string, (x: tf.Tensor) => tf.Tensor | undefined, string][] = [
    [
      'a loss that is no scalar',
      (value) => value,
      'loss: expected a scalar loss; found a tensor [4, 3]\n  hint: reduce it with tf.mean or tf.sum',
    ],
    [
      'reading data',
      (value) => tf.scalar(value.dataSync()[0] as number),
      'the step: expected a step that only applies TensorFlow.js operations to its tensors; found data(), dataSync() or a computation in JavaScript on a tensor that has no value yet\n  hint: a step is recorded once and replayed: select with tf.where, and return what you want to read',
    ],
    [
      'random numbers that would never change',
      (value) => tf.mean(tf.mul(value, tf.mean(tf.randomUniform([20, 5])))),
      'tf.randomUniform: expected at most 64 different numbers created inside a step; found a constant float32 [20, 5], which would stay the same in every step\n  hint: ',
    ],
    [
      'a kernel that cannot be compiled',
      (value) => tf.mean(tf.cast(tf.unique(tf.reshape(value, [-1])).values, 'float32')),
      'Unique, tf.unique: expected a kernel that can be compiled; found inputs float32 [12]\n  hint: ',
    ],
    [
      'shapes that do not fit',
      (value) => tf.mean(tf.matMul(value as tf.Tensor2D, tf.zeros([4, 3]) as tf.Tensor2D)),
      'Gemm (recorded from BatchMatMul, tf.matMul): expected two matrices whose inner sizes agree; found [4, 3] and [4, 3]',
    ],
  ];
  it.each(cases)('%s', (_, step, message) => {
    expect(() => compile((inputs) => ({ loss: step(at(inputs, 'x')) as tf.Tensor }), x)).toThrow(message);
    expect(tf.getBackend()).toBe('cpu');
    expect(tf.add(tf.tensor1d([1, 2]), 1).dataSync()).toEqual(Float32Array.of(2, 3));
  });

  it('a loss behind an operation without a gradient', () => {
    const w = matrix(4, 3, 1, 'w');
    const step = (inputs: Record<string, tf.Tensor>) => ({
      loss: tf.mean(tf.denseBincount(tf.cast(at(inputs, 'x'), 'int32') as tf.Tensor2D, w as tf.Tensor2D, 5)),
    });
    expect(() => compile(step, x)).toThrow(
      'gradient of DenseBincount: expected an operation that can be differentiated; found one without a gradient between a loss and a variable\n  hint: use a differentiable operation, or take the branch out of the loss',
    );
  });

  it('names the layer that asks for what cannot be done', () => {
    class Reader extends layers.Layer {
      static className = 'Reader';
      override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
        const value = (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor;
        return tf.mul(value, value.dataSync()[0] as number);
      }
      override computeOutputShape(shape: number[]): number[] {
        return shape;
      }
    }
    const model = sequential({ layers: [new Reader({ name: 'peek', inputShape: [3] })] });
    expect(() => compile((inputs) => ({ loss: tf.mean(model.apply(at(inputs, 'x')) as tf.Tensor) }), x)).toThrow(
      "layer 'peek': expected a step that only",
    );
  });
});
