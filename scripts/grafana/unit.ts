import * as units from '@grafana/grafana-foundation-sdk/units';
import type { Unit } from '../../src/report/telemetry/row.ts';

/** How Grafana shows values of each unit. */
export const shown: Readonly<Record<Unit, string>> = {
  count: units.Short,
  rows: units.Short,
  records: units.Short,
  requests: units.Short,
  none: units.Short,
  seconds: units.Seconds,
  bytes: units.BytesIEC,
  share: units.PercentUnit,
};

/** How it shows how fast they rise. */
export const shownPerSecond: Readonly<Record<Unit, string>> = {
  count: units.CountsPerSecond,
  rows: units.RowsPerSecond,
  records: units.RecordsPerSecond,
  requests: units.RequestsPerSecond,
  none: units.CountsPerSecond,
  // Seconds of a second.
  seconds: units.PercentUnit,
  bytes: units.BytesPerSecondIEC,
  share: units.PercentUnit,
};
