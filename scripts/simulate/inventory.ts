import { readdirSync } from 'node:fs';
import * as v8 from 'node:v8';
import { Variable } from '@tensorflow/tfjs-core';
import { Subscription } from 'rxjs';
import type { ManualClock } from '../../src/core/clock.ts';
import { NewHeads } from '../../src/source/index.ts';
import { StepRunner } from '../../src/step/runner.ts';
import { Flow } from '../../src/stream/flow.ts';
import { TrainingRun } from '../../src/train/run/run.ts';

/** How much there is of everything that must not pile up. */
export type Inventory = Readonly<Record<string, number>>;

/** Objects that are counted: those that anything still leads to. */
const counted = { Subscription, Flow, TrainingRun, StepRunner, NewHeads, Variable };

// The types of the oldest Node that is supported do not have it.
const { queryObjects } = v8 as unknown as {
  queryObjects(of: unknown, options: { readonly format: 'count' }): number;
};

/** Sleeps, timers and other handles of the event loop (requests come and go), and open files. */
export function handles(clock: ManualClock): Inventory {
  const found: Record<string, number> = { sleeping: clock.sleeping };
  for (const name of process.getActiveResourcesInfo())
    if (!/Req|Immediate/.test(name)) found[name] = (found[name] ?? 0) + 1;
  if (process.platform === 'linux') found.files = readdirSync('/proc/self/fd').length;
  return found;
}

/** Objects that anything still leads to: garbage is collected first. */
export function liveObjects(): Inventory {
  return Object.fromEntries(
    Object.entries(counted).map(([name, type]) => [name, queryObjects(type, { format: 'count' })]),
  );
}

/** What is another than before, in words. */
export function differences(before: Inventory, now: Inventory): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((name) => (before[name] ?? 0) !== (now[name] ?? 0))
    .map((name) => `${name}: ${before[name] ?? 0} → ${now[name] ?? 0}`);
}
