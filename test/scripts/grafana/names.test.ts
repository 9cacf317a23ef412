import { expect, test } from 'vitest';
import { type Asked, askedByAlerts, askedByDashboards, dashboardFiles } from '../../../scripts/grafana/asked.ts';
import { metricOf, ofEverySeries } from '../../../scripts/grafana/metric.ts';
import { filled, namesOf } from '../../../scripts/grafana/promql.ts';
import { metricTable, processMetrics } from '../../../src/report/telemetry/table/index.ts';

const dashboards = dashboardFiles();
const ofDashboards = askedByDashboards();
const ofAlerts = askedByAlerts();

/** What is wrong with the names of an expression. */
function wrong({ where, expression, legend }: Asked): readonly string[] {
  const found: string[] = [];
  const { selectors, groupings } = namesOf(filled(expression, { __rate_interval: '5m' }));
  const there = new Set<string>();
  for (const { name, labels } of selectors) {
    const metric = metricOf(name);
    if (!metric) found.push(`${where}: there is no metric ${name}`);
    for (const label of metric?.labels ?? []) there.add(label);
    for (const label of labels)
      if (metric && !metric.labels.includes(label)) found.push(`${where}: ${name} has no label ${label}`);
  }
  const named = [...groupings, ...[...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label as string)];
  for (const label of named) if (!there.has(label)) found.push(`${where}: there is no label ${label}`);
  return found;
}

test('every panel, choice, line and alert names metrics and labels that there are', () => {
  expect(ofDashboards.length).toBeGreaterThan(80);
  expect([...ofDashboards, ...ofAlerts].flatMap(wrong)).toEqual([]);
});

test('names that are not there are found', () => {
  const asked = (expression: string, legend = ''): readonly string[] => wrong({ where: 'p', expression, legend });
  expect(asked('rate(trunkline_step_total[5m])')).toEqual(['p: there is no metric trunkline_step_total']);
  expect(asked('trunkline_loss{head="a"}')).toEqual(['p: trunkline_loss has no label head']);
  expect(asked('sum by (head) (trunkline_loss)')).toEqual(['p: there is no label head']);
  expect(asked('trunkline_loss', '{{head}}')).toEqual(['p: there is no label head']);
  expect(asked('trunkline_loss_sum')).toEqual(['p: there is no metric trunkline_loss_sum']);
  expect(asked('trunkline_step_seconds_bucket{le="1", stage="wait"}')).toEqual([]);
});

test('every metric is shown by a panel or watched by an alert', () => {
  const used = new Set(
    [...ofDashboards, ...ofAlerts].flatMap(({ expression }) =>
      namesOf(filled(expression, { __rate_interval: '5m' })).selectors.map(({ name }) =>
        metricOf(name)?.name.replace(/_(bucket|sum|count)$/, ''),
      ),
    ),
  );
  const all = [...metricTable.map(({ name }) => name), ...Object.keys(processMetrics)];
  expect(all.filter((name) => !used.has(name))).toEqual([]);
});

test('labels of the table are none of those that every series has', () => {
  for (const { name, labels } of metricTable)
    expect([name, labels.filter((label) => (ofEverySeries as readonly string[]).includes(label))]).toEqual([name, []]);
});

test('every panel says what it shows, in which unit, and under which names', () => {
  for (const { title: board, panels } of dashboards) {
    const shown = panels.filter(({ type }) => type !== 'row');
    expect(new Set(shown.map(({ title }) => title)).size).toBe(shown.length);
    for (const { title, description, targets = [], type, fieldConfig } of shown) {
      expect([board, title, description]).toEqual([board, title, expect.stringMatching(/\.$/)]);
      if (type !== 'table')
        expect([board, title, fieldConfig.defaults.unit]).toEqual([board, title, expect.any(String)]);
      for (const { expr, legendFormat } of targets) {
        expect([board, title, legendFormat]).toEqual([board, title, expect.stringMatching(/\S/)]);
        // Rates over a time that the chart's own resolution can't be finer than.
        expect([board, title, [...expr.matchAll(/\[(.*?)\]/g)].map(([, range]) => range)]).toEqual([
          board,
          title,
          expect.not.arrayContaining([expect.not.stringMatching('^\\$__rate_interval$')]),
        ]);
      }
    }
  }
});
