import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, layers, loadLayersModel } from '@tensorflow/tfjs-layers';
import * as ort from 'onnxruntime-node';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { TypedArray } from '../../src/core/dtype.ts';
import { trunklineBackend } from '../../src/engine/backend.ts';
import type { ModelSpec } from '../../src/model/index.ts';
import { Graph } from '../../src/train/graph.ts';
import type { Prediction } from '../../src/train/predict.ts';
import { lossCases } from '../contract/plan.ts';
import { labelsFor, predicted, rows, samplesFor, train } from './exported-graph.ts';
import { models } from './exported-models.ts';
import { domainsOf } from './onnx-domain.ts';

trunklineBackend();

beforeEach(() => {
  tf.setBackend('cpu');
});

async function trained(build: (graph: Graph) => void): Promise<Graph> {
  const graph = new Graph({ seed: 2 });
  onTestFinished(() => graph.close());
  await train(graph, build);
  return graph;
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  for (let at = 0; at < expected.length; at++)
    expect(Math.abs((actual[at] as number) - (expected[at] as number)), `${at}`).toBeLessThan(1e-5);
}

/** The values of all outputs of a LayersModel, in its own order. */
function run(model: LayersModel, spec: ModelSpec): TypedArray[] {
  const samples = samplesFor(spec);
  const arrays: TypedArray[] = [];
  tf.tidy(() => {
    const inputs = model.inputNames.map((name) => {
      const { values, shape } = samples[name] as (typeof samples)[string];
      return tf.tensor(values.slice() as Float32Array, [...shape], values instanceof Int32Array ? 'int32' : 'float32');
    });
    const outputs = model.predict(inputs.length === 1 ? (inputs[0] as tf.Tensor) : inputs);
    for (const output of Array.isArray(outputs) ? outputs : [outputs])
      arrays.push(output.dataSync().slice() as TypedArray);
  });
  return arrays;
}

/** A copy by way of a file, without anything of ours. */
async function savedAndLoaded(model: LayersModel): Promise<LayersModel> {
  let artifacts: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler(async (given) => {
      artifacts = JSON.parse(JSON.stringify({ ...given, weightData: undefined }));
      artifacts = { ...artifacts, weightData: given.weightData as ArrayBuffer };
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  return loadLayersModel(tf.io.fromMemory(artifacts as tf.io.ModelArtifacts));
}

describe.each(Object.entries(models))('%s', (_, build) => {
  test('a LayersModel predicts alike, also when it was saved and loaded', async () => {
    const graph = await trained(build);
    const expected = await predicted(graph);
    const model = graph.toLayersModel();
    const loaded = await savedAndLoaded(model);
    expect(loaded.outputNames).toEqual(model.outputNames);
    expect(JSON.stringify(model.getConfig())).not.toContain('Fork');
    for (const each of [model, loaded])
      run(each, graph.describe()).forEach((values, at) => {
        expectClose(values as Float32Array, Object.values(expected)[at]?.values as Float32Array);
      });
    expect(Object.keys(expected)).toHaveLength(model.outputs.length);
    model.dispose();
    loaded.dispose();
    expect(await predicted(graph)).toEqual(expected);
  });

  test('an ONNX model predicts alike, in ONNX Runtime as it is published', async () => {
    const graph = await trained(build);
    const expected = await predicted(graph);
    const samples = samplesFor(graph.describe());
    const model = graph.toOnnx({ rows });
    const session = await ort.InferenceSession.create(model);
    expect(domainsOf(model)).toEqual({ imported: [''], ofNodes: [''] });
    expect([...session.outputNames].sort()).toEqual(Object.keys(expected).sort());
    const feeds = session.inputNames.map((name) => {
      const { values, shape } = samples[name] as (typeof samples)[string];
      return [name, new ort.Tensor(values instanceof Int32Array ? 'int32' : 'float32', values as Float32Array, shape)];
    });
    const outputs = await session.run(Object.fromEntries(feeds));
    for (const [name, { values }] of Object.entries(expected))
      expectClose(outputs[name]?.data as Float32Array, values as Float32Array);
    await session.release();
  });
});

const { dense } = layers;

test('names are those of the model', async () => {
  const namesOf = async (name: string) => {
    const graph = await trained(models[name] as (graph: Graph) => void);
    const { inputNames, outputNames, layers: parts } = graph.toLayersModel();
    const session = await ort.InferenceSession.create(graph.toOnnx({ rows }));
    return {
      layersModel: { inputNames, outputNames, layers: parts.map((part) => part.name).sort() },
      onnx: { inputNames: session.inputNames, outputNames: session.outputNames },
    };
  };
  expect(await namesOf('a head that exists only while training, with an input of its own')).toMatchInlineSnapshot(`
    {
      "layersModel": {
        "inputNames": [
          "x",
        ],
        "layers": [
          "final",
          "main/dense",
          "x",
          "x/dense",
        ],
        "outputNames": [
          "final",
        ],
      },
      "onnx": {
        "inputNames": [
          "x",
        ],
        "outputNames": [
          "final",
        ],
      },
    }
  `);
  expect(
    await namesOf('names that are used twice, that ONNX files number things with, that TensorFlow.js does not take'),
  ).toMatchInlineSnapshot(`
    {
      "layersModel": {
        "inputNames": [
          "c1",
          "v3",
          "c2",
        ],
        "layers": [
          "c0",
          "c1",
          "c2",
          "c2/dense",
          "gr__e",
          "gr__e_1/add",
          "gr__e_1/dense",
          "kind",
          "kind_2",
          "one/dense",
          "v0/dense",
          "v3",
        ],
        "outputNames": [
          "kind",
          "gr__e",
          "c0",
        ],
      },
      "onnx": {
        "inputNames": [
          "c1",
          "v3",
          "c2",
        ],
        "outputNames": [
          "kind",
          "größe",
          "c0",
        ],
      },
    }
  `);
});

test('sequences of any length stay so in a LayersModel', async () => {
  const graph = new Graph({ seed: 2 });
  onTestFinished(() => graph.close());
  const words = graph.input('words', [-1], { dtype: 'int32' });
  words.add(layers.embedding({ inputDim: 9, outputDim: 3 }), layers.lstm({ units: 2 }), dense({ units: 1 }));
  graph.output('mood', words, { loss: 'binaryCrossentropy' });
  graph.compile({ optimizer: 'sgd', engine: { type: 'onnx-cpu', threads: 1, worker: false } });
  const model = graph.toLayersModel();
  const loaded = await savedAndLoaded(model);
  for (const length of [2, 5]) {
    const text = [0, 4].map((row) => Array.from({ length }, (_, at) => (row + at * 7) % 9));
    const { values } = await graph.predict<Prediction>(text);
    for (const each of [model, loaded])
      expectClose((each.predict(tf.tensor(text, undefined, 'int32')) as tf.Tensor).dataSync(), values as Float32Array);
  }
  model.dispose();
  loaded.dispose();
});

test('options that an ONNX model can’t be made with are refused', () => {
  const graph = new Graph();
  graph.output('y', graph.input('x', [2]).add(dense({ units: 1 })));
  expect(() => graph.toOnnx({ row: 3 } as never)).toThrow(/toOnnx\.row: expected an option out of 'rows', 'length'/);
  expect(() => graph.toOnnx({ rows: 0, length: 1.5 })).toThrow(/toOnnx\.rows: expected .*; found 0\ntoOnnx\.length: /);
});

test('weights have the names of the parameters in an ONNX model', async () => {
  const graph = await trained(models['convolution and batch normalization'] as (graph: Graph) => void);
  const text = Buffer.from(graph.toOnnx()).toString('latin1');
  for (const { name } of graph.describe().groups.flatMap(({ parameters }) => parameters))
    expect(text.includes(name), name).toBe(true);
});

test('what is exported stays as it is while the graph learns on, and the graph while that learns on', async () => {
  const graph = await trained(models['an MLP with two heads'] as (graph: Graph) => void);
  const spec = graph.describe();
  const model = graph.toLayersModel();
  const before = { model: run(model, spec), graph: await predicted(graph) };
  await graph.fit(samplesFor(spec), labelsFor(spec), { epochs: 1 });
  expect(run(model, spec)).toEqual(before.model);
  const after = await predicted(graph);
  expect(after).not.toEqual(before.graph);
  model.setWeights(model.getWeights().map((weight) => tf.zerosLike(weight)));
  expect(await predicted(graph)).toEqual(after);
  run(graph.toLayersModel(), spec).forEach((values, at) => {
    expectClose(values as Float32Array, Object.values(after)[at]?.values as Float32Array);
  });
});

test('a graph that was not compiled is exported with its initial weights', () => {
  const graph = new Graph();
  graph.output('y', graph.input('x', [3]).add(dense({ units: 2 })), { loss: 'meanSquaredError' });
  const [values] = run(graph.toLayersModel(), graph.describe());
  expect(values).toHaveLength(rows * 2);
  expect(graph.toOnnx().length).toBeGreaterThan(100);
});

test('an output that is called like an input cannot be told from it', () => {
  const graph = new Graph();
  graph.output('x', graph.input('x', [3]).add(dense({ units: 2 })));
  const message = "output 'x': expected a name that no input has, to export the model; found an input of that name";
  expect(() => graph.toLayersModel()).toThrow(message);
  expect(() => graph.toOnnx()).toThrow(message);
});

/** These predict what no activation of tf.layers is: a LayersModel gives what the head computes. */
const withoutActivation: readonly string[] = ['poisson', 'gaussianNll'];

describe.each(Object.entries(lossCases))('the final activation of %s', (type, { config, units }) => {
  const build = (): Graph => {
    const graph = new Graph({ seed: 4 });
    onTestFinished(() => graph.close());
    graph.output('y', graph.input('x', [3]).add(dense({ units })), { loss: config });
    return graph.compile({ optimizer: 'adam', engine: { type: 'tfjs-cpu' } });
  };

  test('is in an ONNX model', async () => {
    const graph = build();
    const { y } = await predicted(graph);
    const model = graph.toOnnx({ rows });
    const session = await ort.InferenceSession.create(model);
    expect(domainsOf(model)).toEqual({ imported: [''], ofNodes: [''] });
    const x = new ort.Tensor('float32', samplesFor(graph.describe()).x?.values as Float32Array, [rows, 3]);
    const outputs = await session.run({ x });
    expectClose(outputs.y?.data as Float32Array, y?.values as Float32Array);
  });

  test('is in a LayersModel, when tf.layers has it', async () => {
    const graph = build();
    const { y } = await predicted(graph);
    const [values] = run(graph.toLayersModel(), graph.describe());
    if (!withoutActivation.includes(type)) expectClose(values as Float32Array, y?.values as Float32Array);
    else expect(values).not.toEqual(y?.values);
  });
});
