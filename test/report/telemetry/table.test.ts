import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { metricsPage } from '../../../src/report/telemetry/page.ts';
import { metricTable } from '../../../src/report/telemetry/table/index.ts';
import { open } from './sample.ts';

test('the page of every metric is current: npm run reference', () => {
  expect(readFileSync(new URL('../../../docs/METRICS.md', import.meta.url), 'utf8')).toBe(metricsPage());
});

test('what is called a total is a counter, and nothing else is, whoever tells it', async () => {
  const { prometheus } = open();
  for (const [, name = '', type] of (await prometheus.text()).matchAll(/^# TYPE (\S+) (\S+)$/gm))
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
});

test('names say what is counted, in base units, and each is there once', () => {
  const names = metricTable.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, type, unit, help } of metricTable) {
    expect(name).toMatch(/^trunkline_[a-z]+(_[a-z]+)*$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    if (unit === 'seconds') expect(name).toMatch(/_seconds(_total)?$/);
    if (unit === 'bytes') expect(name).toMatch(/_bytes(_total)?$/);
    if (unit === 'share') expect(name).toMatch(/_ratio$/);
    expect(help).toMatch(/\.$/);
  }
});
