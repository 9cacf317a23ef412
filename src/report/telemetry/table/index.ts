import type { MetricRow } from '../row.ts';
import { headRows } from './heads.ts';
import { joinRows } from './join.ts';
import { runRows } from './run.ts';
import { sampleRows } from './samples.ts';
import { stepRows } from './steps.ts';

/** Every metric of a pipeline, once: documentation, dashboards and alerts are made from it. */
export const metricTable: readonly MetricRow[] = [...sampleRows, ...joinRows, ...headRows, ...stepRows, ...runRows];

/** Those of the process, by their usual names, that dashboards use besides. */
export const processMetrics = {
  process_resident_memory_bytes: 'Memory of the process.',
  process_cpu_seconds_total: 'Time that the process used, on all cores.',
  process_start_time_seconds: 'When the process began.',
  nodejs_heap_size_used_bytes: 'Memory of JavaScript values.',
  nodejs_external_memory_bytes: 'Memory of arrays and buffers.',
  nodejs_eventloop_lag_p99_seconds:
    'How late the event loop comes back, at most in 99 of 100 cases since it was last asked.',
} as const;
