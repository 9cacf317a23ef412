import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readDocument } from '../../../src/pipeline/file/document.ts';
import { pipelineSchema } from '../../../src/pipeline/schema/index.ts';
import { jsonSchema } from '../../../src/pipeline/schema/json.ts';
import { ownYaml } from '../own.ts';

const schema = jsonSchema();
const ajv = new Ajv2020({ strictSchema: true, allowUnionTypes: true, validateFormats: false });

test('it is a JSON Schema of draft 2020-12', () => {
  expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
  ajv.validateSchema(schema);
  expect(ajv.errors).toBeNull();
});

const accepts = ajv.compile(schema);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const files = readdirSync(`${root}pipelines`).filter((file) => file.endsWith('.yaml'));
const [readme = ''] = /(?<=```yaml\n)name: [\s\S]*?(?=```)/.exec(readFileSync(`${root}README.md`, 'utf8')) ?? [];

describe('it takes what a pipeline is', () => {
  test.each<readonly [string, string]>([
    ...files.map((file) => [`pipelines/${file}`, readFileSync(`${root}pipelines/${file}`, 'utf8')] as const),
    ['the pipeline of README.md', readme],
    ['one with labels of several kinds', ownYaml],
  ])('%s', (name, yaml) => {
    accepts(readDocument(yaml, name, { FOLDER: '.' }).value);
    expect(accepts.errors).toBeNull();
  });
});

/** A pipeline in which something is put in the place of something else. */
type Break = (pipeline: {
  name: unknown;
  sources: Record<string, Record<string, unknown>>;
  stream: Record<string, unknown>;
  model: { trunk: Record<string, unknown>; heads: Record<string, unknown>[] };
  optimizer: Record<string, unknown>;
}) => void;

describe('it refuses, as loading does,', () => {
  test.each<[string, Break]>([
    ['a name that is a number', (pipeline) => Object.assign(pipeline, { name: 5 })],
    ['no sources', (pipeline) => Reflect.deleteProperty(pipeline, 'sources')],
    ['an option that there is none of', (pipeline) => Object.assign(pipeline, { optimiser: 'adam' })],
    ['a misspelt option of the stream', ({ stream }) => Object.assign(stream, { bach: 8 })],
    ['a batch of no rows', ({ stream }) => Object.assign(stream, { batch: 0 })],
    ['a source of no type', ({ sources }) => Reflect.deleteProperty(sources.train as object, 'type')],
    [
      'a type of source that there is none of',
      ({ sources }) => Object.assign(sources.train as object, { type: 'cvs' }),
    ],
    ['an option of another source', ({ sources }) => Object.assign(sources.train as object, { rowsPerSecond: 5 })],
    [
      'a feature that there is none of',
      ({ sources }) => Object.assign(sources.train as object, { features: { x: 'tensr' } }),
    ],
    [
      'a misspelt option of labels',
      ({ sources }) => Object.assign(sources.train as object, { labels: { toxic: { clases: [] } } }),
    ],
    ['a layer that there is none of', ({ model }) => Object.assign(model.trunk, { layers: [{ dens: 5 }] })],
    [
      'a loss that there is none of',
      ({ model }) => Object.assign(model.heads[0] as object, { loss: 'binaryCrossEntropy' }),
    ],
    ['a learning rate below 0', ({ optimizer }) => Object.assign(optimizer, { learningRate: -1 })],
  ])('%s', (_, spoil) => {
    const pipeline = parse(ownYaml);
    spoil(pipeline);
    expect(pipelineSchema.safeParse(pipeline).success).toBe(false);
    expect(accepts(pipeline)).toBe(false);
  });
});
