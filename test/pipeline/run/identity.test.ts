import { expect, test } from 'vitest';
import { isReloadable } from '../../../src/pipeline/run/identity.ts';

test.each([
  [['model', 'heads', 'tox'], true],
  [['model', 'heads', 'tox', 'layers', 0, 'dense', 'units'], false],
  [['model', 'heads', 'tox', 'loss', 'type'], false],
  [['model', 'trunk', 0], false],
  [['sources', 'train', 'labels', 'columns'], true],
  [['sources', 'train', 'tags', 0], true],
  [['sources', 'train', 'path'], false],
  [['optimizer', 'learningRate'], true],
  [['optimizer', 'type'], false],
  [['merge', 'weights', 'tox'], true],
  [['merge', 'type'], false],
  [['stream', 'batch', 'rows'], true],
  [['stream', 'shuffle'], false],
  [['guard', 'spike', 'factor'], true],
  [['seed'], false],
  [['engine', 'threads'], false],
])('%j may change while a run goes on: %s', (path, expected) => {
  expect(isReloadable(path)).toBe(expected);
});
