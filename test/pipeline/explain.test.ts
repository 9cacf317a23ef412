import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/core/error.ts';
import { trunklineBackend } from '../../src/engine/backend.ts';
import { assemble } from '../../src/pipeline/assemble.ts';
import { type Explained, explanations } from '../../src/pipeline/explain.ts';
import { loadPipeline, pipelineOf } from '../../src/pipeline/load.ts';
import { probe } from '../../src/pipeline/probe.ts';
import { sketchModel } from '../../src/pipeline/sketch.ts';
import { parseXml } from '../model/xml.ts';
import { ownFolder, ownYaml } from './own.ts';

trunklineBackend();

async function explained(yaml = ownYaml): Promise<Explained> {
  const { folder, file } = ownFolder(yaml);
  const loaded = await loadPipeline(file, { FOLDER: folder });
  const { model, sources } = await assemble(loaded);
  const probes = new Map(
    await Promise.all([...sources].map(async ([name, source]) => [name, await probe(source, 1000)] as const)),
  );
  return { config: loaded.config, written: loaded.written, model, probes };
}

describe('a pipeline, explained', () => {
  test('as text', async () => {
    const text = explanations.text(await explained());
    expect(text.split('\n\n')[0]).toBe('own');
    expect(text).toContain(
      [
        'sources',
        '  train  csv, ${FOLDER}/own.csv, trained on',
        '  test   csv, ${FOLDER}/test.csv, like train, evaluated',
        '',
        'stream',
        '  shuffle     window of 100 rows, seed 0',
        '  batch       32 rows, 2 epochs',
      ].join('\n'),
    );
    expect(text).toContain('optimizer   adam: learningRate 0.01, beta1 0.9, beta2 0.999, epsilon 1e-8, l2 0');
    expect(text).toContain('evaluate    on test, each epoch\ncheckpoint  each epoch, 3 are kept\n');
    expect(text.split('\n').slice(-7)).toEqual([
      "labels in all 200 samples of 'train'",
      '',
      'head     labels  of samples',
      '───────────────────────────',
      'toxic       120      60.0 %',
      'soluble     133      66.5 %',
      'grade       150      75.0 %',
    ]);
  });

  test('as a flowchart: sources, operators, inputs', async () => {
    const chart = explanations.mermaid(await explained());
    expect(chart.split('\n').slice(0, 8)).toEqual([
      'flowchart TD',
      '  subgraph b0["sources"]',
      '    s0[("train<br/>csv<br/>#36;#123;FOLDER#125;/own.csv")]',
      '  end',
      '  subgraph b1["stream"]',
      '    s1[/"shuffle<br/>window of 100 rows<br/>seed 0"/]',
      '    s2[/"batch<br/>32 rows<br/>2 epochs"/]',
      '  end',
    ]);
    expect(chart).toMatch(/n\d+\["Dense<br\/>trunk\/dense<br\/>\[batch, \d+\]<br\/>\d+ parameters"\]/);
    expect(chart).toContain(
      '{{"toxic<br/>binaryCrossentropy × 1<br/>denominator present<br/>[batch, 1]<br/>120 labels"}}:::head',
    );
    for (const arrow of ['s0 --> s1', 's1 --> s2', 's2 --> i0', 's2 --> i1']) expect(chart).toContain(`  ${arrow}\n`);
  });

  test('as a picture that needs nothing else', async () => {
    const svg = explanations.svg(await explained());
    expect(parseXml(svg).name).toBe('svg');
    for (const shown of [
      'Pipeline',
      'train',
      'shuffle',
      'window of 100 rows',
      'batch',
      'toxic',
      'denominator present',
      '133 labels',
      ' parameters',
    ])
      expect(svg).toContain(shown);
  });

  test('with the tags of sources and the rules that name them', async () => {
    const yaml = ownYaml
      .replace('id: id', 'tags: [lab, old]')
      .replace(
        'from: train,',
        "from: train, route: [{ source: tr*, tag: lab, heads: toxic }, { heads: '!*' }], record: { path: seen },",
      )
      .replace('epochs: 2', 'epochs: 1');
    const pipeline = await explained(yaml);
    expect(explanations.text(pipeline)).toContain(
      [
        '  train  csv, ${FOLDER}/own.csv, tagged lab old, trained on',
        '  test   csv, ${FOLDER}/test.csv, like train, evaluated',
        '',
        'stream',
        '  route       tr* tagged lab: toxic, every source: !*',
        '  record      seen',
      ].join('\n'),
    );
    expect(explanations.mermaid(pipeline)).toContain('own.csv<br/>tagged lab old"');
  });

  test('several sources are joined before anything else', async () => {
    const yaml = ownYaml
      .replace('from: train,', 'from: { train: 1, test: 3 }, steps: 5, reservoir: { rowsPerHead: 9, share: 0.25 },')
      .replace('evaluate: { from: test }\n', '');
    const text = explanations.text(await explained(yaml));
    expect(text).toContain(
      [
        'stream',
        '  interleave  train × 1, test × 3',
        '  shuffle     window of 100 rows, seed 0',
        '  reservoir   9 rows for each head, 25 % of a step',
        '  batch       32 rows, 2 epochs, at most 5 steps',
      ].join('\n'),
    );
  });
});

describe('without its data', () => {
  const config = {
    name: 'far',
    sources: {
      train: {
        type: 'parquet',
        path: 'nowhere.parquet',
        features: { fp: { multiHot: 16 } },
        labels: { columns: 'NR-*' },
      },
    },
    stream: { from: 'train' },
    model: { inputs: { fp: [16] }, heads: [{ columns: 'NR-*', layers: [{ dense: 1 }], loss: 'hinge' }] },
  };

  test('each pattern of labels is one head', () => {
    expect(sketchModel(pipelineOf(config)).heads.map(({ name }) => name)).toEqual(['NR-*']);
  });

  test('the inputs must be known', () => {
    const { inputs: _, ...model } = config.model;
    expect(() => sketchModel(pipelineOf({ ...config, model }))).toThrow(
      new ConfigError({
        where: 'model.inputs',
        expected: 'the shapes of the inputs, because the data that would say it is not there',
        found: 'nothing',
        hint: 'inputs: { x: [2048] }',
      }),
    );
  });
});
