import { collectDefaultMetrics, type Gauge, Registry } from 'prom-client';
import type { TrunklineEvent } from '../core/event.ts';
import { Buckets, keyOf } from './telemetry/buckets.ts';
import type { HistogramRow, MetricRow, Reading, ReadRow } from './telemetry/row.ts';
import { metricTable } from './telemetry/table/index.ts';
import type { Telemetry } from './telemetry/telemetry.ts';

/** Gauges of the library's that are called like counters; each is the sum of another metric. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** Metrics of a pipeline in Prometheus' text format. */
export class Prometheus {
  readonly #registry = new Registry();
  readonly #telemetry: Telemetry;
  readonly #histograms: readonly { readonly row: HistogramRow; readonly buckets: Buckets }[];

  /** @param pipeline its name, a label of every series */
  constructor(telemetry: Telemetry, pipeline: string) {
    this.#telemetry = telemetry;
    const shared = { pipeline };
    const histograms: { readonly row: HistogramRow; readonly buckets: Buckets }[] = [];
    for (const row of metricTable)
      if (row.type === 'histogram') {
        const buckets = new Buckets(row.buckets, row.labels);
        histograms.push({ row, buckets });
        this.#add(row, shared, () => buckets.readings(row.name));
      } else this.#add(row, shared, () => readingsOf(row, telemetry));
    this.#histograms = histograms;
    collectDefaultMetrics({ register: this.#registry, labels: shared });
    for (const name of misnamed) this.#registry.removeSingleMetric(name);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  readonly event = (event: TrunklineEvent): void => {
    for (const { row, buckets } of this.#histograms) for (const reading of row.of(event)) buckets.add(reading);
  };

  /** All metrics as they are now. */
  text(): Promise<string> {
    this.#telemetry.look();
    return this.#registry.metrics();
  }

  /**
   * What a scrape asks a metric for, without the library's own store of values: each would be put there by its labels, sorted and
   * hashed, to be taken out of it at once.
   */
  #add(
    { name, help, type }: MetricRow,
    sharedLabels: object,
    read: () => Iterable<readonly [string, ...Reading]>,
  ): void {
    const metric = {
      name,
      get: async () => ({
        ...{ name, help, type, aggregator: 'sum' },
        values: Array.from(read(), ([metricName, labels, value]) => ({ metricName, labels, sharedLabels, value })),
      }),
    };
    this.#registry.registerMetric(metric as unknown as Gauge);
  }
}

/** Each series once: of counters that are told apart the sum, of gauges the last. */
function* readingsOf(
  { name, labels: names, type, read }: ReadRow,
  telemetry: Telemetry,
): Generator<readonly [string, ...Reading]> {
  const series = new Map<string, Reading>();
  for (const reading of read(telemetry)) {
    const key = keyOf(names, reading[0]);
    const before = type === 'counter' ? series.get(key) : undefined;
    series.set(key, before ? [before[0], before[1] + reading[1]] : reading);
  }
  for (const [labels, value] of series.values()) yield [name, labels, value];
}
