import type { MetricRow, Unit } from '../../src/report/telemetry/row.ts';
import { metricTable, processMetrics } from '../../src/report/telemetry/table/index.ts';

/** What is told of a metric, whoever tells it. */
export interface Metric {
  readonly name: string;
  readonly type: MetricRow['type'];
  readonly help: string;
  readonly unit: Unit;
  /** All that tell its series apart: those of the table, the pipeline, and those that Prometheus adds. */
  readonly labels: readonly string[];
  /** Where there is any series of it; always, when left out. */
  readonly when?: string;
}

/** Labels that every series has. */
export const ofEverySeries = ['pipeline', 'job', 'instance'] as const;

/** Of the process, as its library tells them. */
const ofProcess = Object.entries(processMetrics).map(
  ([name, help]): Metric => ({
    name,
    help,
    type: name.endsWith('_total') ? 'counter' : 'gauge',
    unit: name.endsWith('_bytes') ? 'bytes' : 'seconds',
    labels: ofEverySeries,
  }),
);

/** Of Prometheus itself. */
const ofPrometheus: readonly Metric[] = [
  { name: 'up', type: 'gauge', help: '1 when the last scrape succeeded.', unit: 'none', labels: ['job', 'instance'] },
  {
    name: 'ALERTS',
    type: 'gauge',
    help: 'Always 1: alerts that wait or fire.',
    unit: 'none',
    labels: ['alertname', 'alertstate', 'severity', ...ofEverySeries],
    when: 'while an alert waits or fires',
  },
];

const metrics = new Map<string, Metric>(
  [
    ...metricTable.map((row): Metric => ({ ...row, labels: [...ofEverySeries, ...row.labels] })),
    ...ofProcess,
    ...ofPrometheus,
  ].map((metric) => [metric.name, metric]),
);

/** The metric that a series is of: those of a histogram end in _bucket, _sum and _count. */
export const metricOf = (series: string): Metric | undefined =>
  metrics.get(series) ?? histogramOf(series.replace(/_(bucket|sum|count)$/, ''));

function histogramOf(name: string): Metric | undefined {
  const metric = metrics.get(name);
  return metric?.type === 'histogram' ? { ...metric, labels: [...metric.labels, 'le'] } : undefined;
}
