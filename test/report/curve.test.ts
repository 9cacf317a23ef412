import { expect, test } from 'vitest';
import { chartsOf } from '../../src/report/curve.ts';
import type { MetricLine } from '../../src/report/metrics-file.ts';
import { formatPage } from '../../src/report/page.ts';

const train = (step: number, heads: Readonly<Record<string, number>>): MetricLine => ({
  type: 'train',
  time: '',
  step,
  epoch: 1,
  rows: 1,
  loss: 1,
  heads: Object.fromEntries(Object.entries(heads).map(([name, loss]) => [name, { loss, labels: 1 }])),
});
const scored: MetricLine = {
  type: 'evaluation',
  time: '',
  step: 3,
  epoch: 1,
  source: 'test',
  heads: {
    a: { loss: 0.5, labels: 9, metrics: { mcc: 0.25 } },
    b: { loss: null, labels: 0, metrics: { mcc: null } },
  },
};

test('curves of different steps share an axis, and gaps are null', () => {
  const { overall, heads } = chartsOf([train(1, { a: 1 }), train(2, { a: 2, b: 4 }), scored], ['a', 'b', 'c']);
  expect(heads.map(({ name, charts }) => [name, charts.map(({ title }) => title)])).toEqual([
    ['a', ['loss', 'mcc']],
    ['b', ['loss']],
    ['c', []],
  ]);
  expect(heads[0]?.charts[0]).toEqual({
    title: 'loss',
    steps: [1, 2, 3],
    curves: [
      { name: 'training', color: 0, values: [1, 2, null] },
      { name: 'test', color: 1, values: [null, null, 0.5] },
    ],
  });
  expect(overall[0]?.curves[0]?.values).toEqual([1, 3, null]);
});

test('what the end of an epoch left over is drawn with what came before it', () => {
  const line = (step: number, rows: number, loss: number): MetricLine => ({
    ...(train(step, {}) as Extract<MetricLine, { readonly type: 'train' }>),
    rows,
    heads: { a: { loss, labels: rows } },
  });
  const lines = [line(20, 640, 1), line(21, 160, 2), line(41, 640, 1), line(42, 320, 4)];
  const [chart] = chartsOf(lines, ['a']).heads[0]?.charts ?? [];
  expect(chart).toMatchObject({ steps: [21, 41, 42], curves: [{ values: [1.2, 1, 4] }] });
});

test('many points are drawn as means of neighbours', () => {
  const lines = Array.from({ length: 4000 }, (_, at) => train(at + 1, { a: at % 2 }));
  const [chart] = chartsOf(lines, ['a']).heads[0]?.charts ?? [];
  expect(chart?.steps).toHaveLength(400);
  expect(new Set(chart?.curves[0]?.values)).toEqual(new Set([0.5]));
});

test('the page is one file, and no name in it can become markup', () => {
  const name = '</script><b>&"';
  const page = formatPage({ name, facts: [[name, name]], heads: [name], labels: {} }, [train(1, { [name]: 1 })]);
  expect(page).not.toContain(name);
  expect(page.match(/<script>/g)).toHaveLength(2);
  expect(page).toContain('&lt;/script&gt;&lt;b&gt;&amp;&quot;');
  expect(page).not.toMatch(/(src|href)=/);
});

test('scores while training have a curve and a column of their own', () => {
  const a = { labels: 5, metrics: { mcc: 0.5 } };
  const line: MetricLine = { type: 'prequential', time: '', step: 2, epoch: 1, heads: { a } };
  const name = 'prequential, while training';
  expect(chartsOf([line, scored], ['a']).heads[0]?.charts[1]).toEqual({
    title: 'mcc',
    steps: [2, 3],
    curves: [
      { name, color: 2, values: [0.5, null] },
      { name: 'test', color: 1, values: [null, 0.25] },
    ],
  });
  const page = formatPage({ name: 'r', facts: [], heads: ['a'], labels: {} }, [line, scored]);
  expect(page).toContain(`<th scope="col">${name}: mcc</th><th scope="col">test: labels</th>`);
});
