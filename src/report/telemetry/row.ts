import type { TrunklineEvent } from '../../core/event.ts';
import type { Telemetry } from './telemetry.ts';

/** A value of a metric, with the labels that tell it from others. */
export type Reading = readonly [labels: Readonly<Record<string, string>>, value: number];

/** What values are measured in, as dashboards show them. */
export type Unit = 'count' | 'rows' | 'records' | 'requests' | 'seconds' | 'bytes' | 'share' | 'none';

interface Described {
  /** `trunkline_<thing>_<base unit>`, and `_total` for counters. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly unit: Unit;
  /** Where, or from when on, there is any series of it; every pipeline that trains has one, when left out. */
  readonly when?: string;
}

/** A metric that is read when it is asked for. */
export interface ReadRow extends Described {
  readonly type: 'counter' | 'gauge';
  read(telemetry: Telemetry): Iterable<Reading>;
}

/** A metric that every event of a kind is counted in, by size. */
export interface HistogramRow extends Described {
  readonly type: 'histogram';
  /** Upper bounds, rising. */
  readonly buckets: readonly number[];
  of(event: TrunklineEvent): Iterable<Reading>;
}

export type MetricRow = ReadRow | HistogramRow;

/** A metric of one value. */
export const one = (value: number | undefined): readonly Reading[] => (value === undefined ? [] : [[{}, value]]);
