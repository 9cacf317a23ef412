import { ManualClock } from '../../../src/core/clock.ts';
import type { FlowSnapshot } from '../../../src/core/flow-snapshot.ts';
import type { RunStarted } from '../../../src/core/train-event.ts';
import { Prometheus } from '../../../src/report/prometheus.ts';
import { Telemetry, type TelemetryOptions } from '../../../src/report/telemetry/telemetry.ts';

export const versions = { version: '1.2.3', node: '20.0.0' };

export function runStarted(heads: readonly string[], step = 0): RunStarted {
  return { type: 'runStarted', name: 'assays', directory: 'runs/assays', step, epoch: 0, heads };
}

export function flow(some: Partial<FlowSnapshot> = {}): FlowSnapshot {
  return {
    name: 'train',
    received: 10,
    pending: 4,
    outcomes: { trained: 5, rejected: 1 },
    repeated: 0,
    rejected: { badValue: 1 },
    rejectedLabels: {},
    queued: { rows: 4, sizeBytes: 400 },
    granted: { rows: 64, sizeBytes: 1000 },
    operators: [],
    ...some,
  };
}

/** Telemetry on a clock that stands still, and what Prometheus would be told: values by series. */
export function open(options: Partial<TelemetryOptions> = {}) {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const telemetry = new Telemetry({ clock, versions, ...options });
  const prometheus = new Prometheus(telemetry, 'assays');
  const event: Telemetry['event'] = (one) => {
    telemetry.event(one);
    prometheus.event(one);
  };
  const series = async (): Promise<Map<string, number>> => {
    const lines = (await prometheus.text()).split('\n').filter((line) => line.startsWith('trunkline_'));
    return new Map(
      lines.map((line) => {
        const at = line.lastIndexOf(' ');
        return [
          line
            .slice(0, at)
            .replace(/pipeline="assays",|,?pipeline="assays"/, '')
            .replace('{}', ''),
          Number(line.slice(at + 1)),
        ];
      }),
    );
  };
  return { clock, telemetry, prometheus, event, series };
}
