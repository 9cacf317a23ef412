import { expect, test } from 'vitest';
import { changesOf } from '../../src/daemon/changes.ts';
import { pipelineOf } from '../../src/pipeline/load.ts';
import { withMadeHeads } from '../../src/pipeline/model/made.ts';

const head = { columns: 'a|b', from: 'trunk', layers: [{ dense: { units: 1 } }], loss: 'meanSquaredError' };
const config = {
  name: 'one',
  sources: {
    train: {
      type: 'generator',
      rows: 10,
      size: 2,
      heads: 2,
      features: { x: { tensor: [2] } },
      labels: { columns: 'a|b' },
    },
  },
  stream: { from: 'train', batch: 4 },
  model: { trunk: [{ dense: { units: 2 } }], heads: [head] },
};

test.each([
  ['what is logged', { log: { level: 'debug' } }, { result: 'applied', changes: ["log.level: 'info' → 'debug'"] }],
  ['nothing', {}, { result: 'same' }],
  [
    'weights, rates and batches',
    {
      model: { ...config.model, heads: [{ ...head, weight: 0.5, frozen: true }] },
      optimizer: { type: 'adam', learningRate: 0.1 },
      stream: { from: 'train', batch: 8, epochs: 3 },
    },
    {
      result: 'applied',
      changes: [
        'stream.batch: 4 → 8',
        'optimizer.learningRate: 0.001 → 0.1',
        "heads['a|b'].weight: 1 → 0.5",
        "heads['a|b'].frozen: false → true",
        'stream.epochs: 1 → 3',
      ],
    },
  ],
  [
    'a head more',
    { model: { ...config.model, heads: [head, { ...head, columns: undefined, name: 'c' }] } },
    {
      result: 'applied',
      changes: [
        'model.heads.c: none → an object with name, from, layers, loss, …',
        'heads.c: none → an object with weight, learningRate, frozen, metrics',
      ],
    },
  ],
  [
    'another trunk and another name',
    { name: 'two', model: { ...config.model, trunk: [{ dense: { units: 3 } }] } },
    { result: 'restartRequired', changes: ['model.trunk[0].units: 2 → 3', "name: 'one' → 'two'"] },
  ],
])('a pipeline file with %s', (_, change, expected) => {
  expect(changesOf(pipelineOf(config), pipelineOf({ ...config, ...change }))).toEqual(expected);
});

test('another way of being sent to needs a restart, and no token is shown', () => {
  const live = (limits: object, token: string) =>
    pipelineOf({
      ...config,
      sources: { ...config.sources, live: { type: 'http', columns: { x: 'numbers' }, limits } },
      http: { port: 9000, token },
    });
  const before = live({}, 'the-first-of-the-tokens');
  expect(changesOf(before, live({}, 'the-first-of-the-tokens'))).toEqual({ result: 'same' });
  expect(changesOf(before, live({ backlogRows: 20_000 }, 'the-second-of-the-tokens'))).toEqual({
    result: 'restartRequired',
    changes: ["http.token: 'a token' → 'another token'", 'sources.live.limits.backlogRows: 100000 → 20000'],
  });
});

test('more epochs of a mixture need a restart: a source of it may have ended', () => {
  const mixed = (epochs: number) =>
    pipelineOf({
      ...config,
      sources: { ...config.sources, more: { type: 'generator', rows: 10, size: 2, heads: 2, like: 'train' } },
      stream: { from: { train: 1, more: 1 }, epochs },
    });
  expect(changesOf(mixed(1), mixed(2))).toEqual({ result: 'restartRequired', changes: ['stream.epochs: 1 → 2'] });
});

const template = { from: 'trunk', layers: [{ dense: { units: 1 } }], loss: 'meanSquaredError' };
const made = { name: 'c', ...template };

test.each([
  ['names a head that was made', { max: 2, named: [made] }, { result: 'same' }],
  [
    'names it with another loss',
    { max: 2, named: [{ ...made, loss: 'huber' }] },
    {
      result: 'restartRequired',
      changes: expect.arrayContaining(["model.heads.c.loss.type: 'meanSquaredError' → 'huber'"]),
    },
  ],
  ['lets more be made', { max: 3 }, { result: 'applied', changes: ['template.max: 2 → 3'] }],
  [
    'retires it',
    { max: 2, auto: { ...template, columns: '!c' } },
    {
      result: 'applied',
      changes: [
        'model.heads.c: an object with from, layers, loss, denominator, … → none',
        'heads.c: an object with weight, learningRate, frozen, metrics → none',
        "template.columns: '*' → '!c'",
      ],
    },
  ],
  [
    'gives the template other layers',
    { max: 2, auto: { ...template, layers: [] } },
    { result: 'restartRequired', changes: expect.arrayContaining([expect.stringContaining('model.auto.layers[0]')]) },
  ],
])('a pipeline file that %s', (_, heads, expected) => {
  const of = (given: object) => {
    const model = { ...config.model, heads: { auto: template, ...given } };
    return withMadeHeads(pipelineOf({ ...config, model }), ['c']);
  };
  expect(changesOf(of({ max: 2 }), of(heads))).toEqual(expected);
});
