import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { shortFormSchema } from '../../../src/core/short-form.ts';
import { pipelineLayers } from '../../../src/pipeline/layer/index.ts';
import { Graph } from '../../../src/train/graph.ts';

/** A shape that each layer takes: of vectors, unless it says otherwise. */
const shapes: Readonly<Record<string, readonly number[]>> = {
  spatialDropout1d: [6, 3],
  conv1d: [6, 3],
  conv2d: [6, 6, 3],
  separableConv2d: [6, 6, 3],
  maxPooling1d: [6, 3],
  averagePooling1d: [6, 3],
  maxPooling2d: [6, 6, 3],
  averagePooling2d: [6, 6, 3],
  globalMaxPooling1d: [6, 3],
  globalAveragePooling1d: [6, 3],
  globalMaxPooling2d: [6, 6, 3],
  globalAveragePooling2d: [6, 6, 3],
  lstm: [4, 3],
  gru: [4, 3],
  simpleRNN: [4, 3],
  bidirectional: [4, 3],
  flatten: [3, 2],
  permute: [3, 2],
  reshape: [2048],
  embedding: [5],
};

describe.each(pipelineLayers.plugins.map((plugin) => [plugin.type, plugin] as const))('%s', (type, plugin) => {
  test('describes itself and its options', () => {
    expect(plugin.summary).toMatch(/^[A-Z].*\.$/);
    for (const [name, field] of Object.entries(plugin.fields.shape))
      expect((field as z.ZodType).description, `${type}.${name}`).toMatch(/./);
    if (plugin.main !== undefined) expect(Object.keys(plugin.fields.shape)).toContain(plugin.main);
  });

  test('trains in a model, made of its example', async () => {
    const shape = shapes[type] ?? [4];
    const graph = new Graph({ seed: 1 });
    onTestFinished(() => graph.close());
    const config = shortFormSchema(pipelineLayers).parse({ [type]: plugin.example });
    const end = graph.input('x', shape, { dtype: type === 'embedding' ? 'int32' : 'float32' });
    end.add(pipelineLayers.create(config, undefined));
    if (end.shape.length > 1) end.add(pipelineLayers.build({ type: 'flatten' }, undefined, ''));
    end.add(pipelineLayers.build({ type: 'dense', units: 1 }, undefined, ''));
    graph.output('y', end, { loss: 'meanSquaredError' });
    graph.compile({ optimizer: 'sgd', engine: { type: 'onnx-cpu', threads: 1, worker: false } });
    const fill = ([size, ...rest]: readonly number[], at: number): unknown =>
      size === undefined
        ? Math.abs(Math.round(Math.sin(at) * 8))
        : Array.from({ length: size }, (_, index) => fill(rest, at * 7 + index + 1));
    const x = [fill(shape, 1), fill(shape, 2)];
    expect(await graph.trainOnBatch<number>(x as number[][], [1, 0])).toBeGreaterThan(0);
  });
});

test('a name is the layer’s', () => {
  const layer = pipelineLayers.build({ type: 'dense', units: 3, name: 'hidden' }, undefined, '');
  expect(layer.name).toBe('hidden');
  expect(() => pipelineLayers.build({ type: 'dense', units: 3, name: 'a b' }, undefined, 'layer')).toThrow(
    "layer.name: expected text like /^[A-Za-z0-9][\\w.-]*$/; found 'a b'",
  );
});

test('the JSON Schema of a list of layers names every type and option', () => {
  const text = JSON.stringify(z.toJSONSchema(shortFormSchema(pipelineLayers), { io: 'input', unrepresentable: 'any' }));
  for (const { type, fields } of pipelineLayers.plugins)
    for (const name of [type, ...Object.keys(fields.shape)]) expect(text).toContain(`"${name}"`);
});
