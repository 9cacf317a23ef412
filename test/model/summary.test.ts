import '@tensorflow/tfjs-backend-cpu';
import { layers } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { formatTable } from '../../src/core/text-table.ts';
import { fork, GraphModel, summarize } from '../../src/model/index.ts';
import { hostileModel, sampleModel } from './sample.ts';

describe('summary', () => {
  it('lists uses of layers, heads and totals', async () => {
    await expect(`${summarize(sampleModel())}\n`).toMatchFileSnapshot('./golden/summary.txt');
  });

  it('counts what no trained head uses, and what layers keep, as not trainable', () => {
    const graph = new GraphModel();
    const kept = layers.dense({ units: 2 });
    const trunk = graph.input('x', [4]).add(kept, layers.batchNormalization());
    kept.trainable = false;
    const [seen, trained] = fork(trunk, 2);
    graph.output('seen', seen.add(layers.dense({ units: 3 })));
    graph.output('trained', trained, { loss: 'meanSquaredError' });
    expect(summarize(graph.describe()).split('\n').slice(-3)).toEqual([
      'parameters     27',
      'trainable       4',
      'not trainable  23  (14 in statistics and untrainable layers, 9 without a trained head)',
    ]);
  });

  it('shows every output of a layer, and sizes that are not known', () => {
    const spec = sampleModel();
    const [node, ...others] = spec.nodes;
    const two = node && { ...node, shapes: [[-1, 3], [5]] };
    expect(summarize({ ...spec, nodes: two ? [two, ...others] : [] })).toContain('[batch, ?, 3], [batch, 5]');
  });

  it('stays within 100 columns, and on one line each, whatever the names are', () => {
    const lines = summarize(hostileModel(['a\nb\u2028c', 'x'.repeat(200), '👩‍🔬'.repeat(60), '\ud800'])).split('\n');
    expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(100);
    expect(lines).toHaveLength(2 + 2 + 8 + 1 + 2 + 4 + 1 + 3);
  });
});

describe('table', () => {
  const columns = [
    { title: 'name', least: 5 },
    { title: 'n', least: 1, align: 'right' },
  ] as const;

  it.each([
    ['fits', [['abc', '1']], 20, ['name  n', '───────', 'abc   1']],
    ['loses the middle of long texts', [['abcdefghij', '10']], 11, ['name      n', '─'.repeat(11), 'abc…hij  10']],
    ['never goes below the least width', [['abcdefghij', '1']], 3, ['name   n', '────────', 'ab…ij  1']],
    ['has titles without rows', [], 20, ['name  n', '───────']],
  ])('%s', (_, rows, width, lines) => {
    expect(formatTable(columns, rows, width).split('\n')).toEqual(lines);
  });
});
