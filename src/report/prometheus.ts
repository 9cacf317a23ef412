import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { TrunklineEvent } from '../core/event.ts';
import type { HistogramRow, ReadRow } from './telemetry/row.ts';
import { metricTable } from './telemetry/table/index.ts';
import type { Telemetry } from './telemetry/telemetry.ts';

/** Gauges of the library's that are called like counters; each is the sum of another metric. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** Metrics of a pipeline in Prometheus' text format. */
export class Prometheus {
  readonly #registry = new Registry();
  readonly #telemetry: Telemetry;
  readonly #histograms: readonly { readonly row: HistogramRow; readonly histogram: Histogram }[];

  /** @param pipeline its name, a label of every series */
  constructor(telemetry: Telemetry, pipeline: string) {
    this.#telemetry = telemetry;
    this.#registry.setDefaultLabels({ pipeline });
    const histograms: { readonly row: HistogramRow; readonly histogram: Histogram }[] = [];
    for (const row of metricTable)
      if (row.type === 'histogram') histograms.push({ row, histogram: this.#histogram(row) });
      else this.#add(row);
    this.#histograms = histograms;
    collectDefaultMetrics({ register: this.#registry });
    for (const name of misnamed) this.#registry.removeSingleMetric(name);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  readonly event = (event: TrunklineEvent): void => {
    for (const { row, histogram } of this.#histograms)
      for (const [labels, value] of row.of(event)) histogram.observe(labels, value);
  };

  /** All metrics as they are now. */
  text(): Promise<string> {
    this.#telemetry.look();
    return this.#registry.metrics();
  }

  #histogram({ name, help, labels, buckets }: HistogramRow): Histogram {
    return new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers: [this.#registry] });
  }

  #add({ name, help, labels, type, read }: ReadRow): void {
    const described = { name, help, labelNames: [...labels], registers: [this.#registry] };
    const telemetry = this.#telemetry;
    if (type === 'counter')
      new Counter({
        ...described,
        collect() {
          empty(this, labels);
          for (const [values, value] of read(telemetry)) this.inc(values, value);
        },
      });
    else
      new Gauge({
        ...described,
        collect() {
          empty(this, labels);
          for (const [values, value] of read(telemetry)) this.set(values, value);
        },
      });
  }
}

/** Takes all values out of a metric: one without labels would be left with 0. */
function empty(metric: Counter | Gauge, labels: readonly string[]): void {
  metric.reset();
  if (labels.length === 0) metric.remove();
}
