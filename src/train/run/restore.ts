import { z } from 'zod';
import type { Json } from '../../core/chunk.ts';
import { parseConfig } from '../../core/config.ts';
import { ConfigError } from '../../core/error.ts';
import type { EventSink } from '../../core/event.ts';
import type { HeadChoice, StepState } from '../../step/state.ts';
import { decodeState } from '../../stream/encode.ts';
import type { StreamState } from '../../stream/state.ts';
import type { Checkpoint } from '../checkpoint/format.ts';
import type { CheckpointStore } from '../checkpoint/store.ts';
import { adoptByName } from './adopt.ts';
import type { Scored } from './evaluations.ts';
import { type Difference, differencesOf, refusals } from './identity.ts';
import type { RunPlan } from './plan.ts';

/**
 * How a run goes on from its newest checkpoint:
 * - `exact`: as the same run, bit for bit; any difference is refused.
 * - `reloaded`: as the same run with what may be changed on the way (`RunPlan.reloadable`) as it is now.
 * - `partial`: as another run, with what fits of the model by name; data are read from their beginning.
 */
export type Resumption = 'exact' | 'reloaded' | 'partial';

/** How far a run has got. */
export interface RunPlace {
  /** Steps taken. */
  readonly step: number;
  /** Epochs that ended. */
  readonly epoch: number;
}

/** What a run goes on from. */
export interface Restored extends RunPlace {
  /** Undefined when data are read from their beginning. */
  readonly stream?: StreamState;
  readonly scored?: Scored;
}

/** What a run remembers besides its model and stream. */
export const runSchema = z.strictObject({
  epoch: z.number(),
  identity: z.custom<Json>(),
  /** What heads were described with: what was chosen for them since is in the model's state. */
  heads: z.record(z.string(), z.custom<HeadChoice>()),
  fitted: z.custom<Json>(),
  /** Heads that were made from the template. */
  made: z.array(z.string()).default([]),
  /** Of heads that are looked at for progress. */
  plateaus: z.record(z.string(), z.record(z.string(), z.number())).default({}),
  scored: z.record(z.string(), z.number()).default({}),
});

/** As plain data. */
type Choice = { readonly [Setting in keyof HeadChoice]: HeadChoice[Setting] };

/** What heads are described with. */
export function choicesOf({ runner }: Pick<RunPlan, 'runner'>): Record<string, Choice> {
  const choices = runner.program.heads.map(({ name, objective: { weight, learningRate, frozen } }) => {
    return [name, { weight, learningRate, frozen }] as const;
  });
  return Object.fromEntries(choices);
}

/**
 * Lets a run go on from its newest checkpoint.
 * @throws ConfigError when there is none, or the run is another than it may be
 */
export async function restoreRun(
  store: CheckpointStore,
  plan: RunPlan,
  resume: Resumption,
  events: EventSink,
): Promise<Restored> {
  const found = resume === 'exact' ? await ofThisModel(store, plan) : await store.newestOfAny();
  if (!found)
    throw new ConfigError({
      where: plan.checkpoint.directory,
      expected: 'a checkpoint to go on from',
      found: 'none',
      hint: 'begin the run without resuming',
    });
  const run = parseConfig(runSchema, found.run, `checkpoint of step ${found.step}`);
  if (resume === 'partial') {
    const { steps, heads, arrays } = found.model;
    adoptByName(plan.runner, { steps, heads, arrays }, events);
    return { step: found.step, epoch: 0 };
  }
  plan.plateaus?.restore(run.plateaus);
  const differences = differencesOf(plan.identity, run.identity);
  checkAllowed(plan, differences, resume);
  if (resume === 'exact' || differences.length === 0) plan.runner.restore(found.model);
  else adoptByName(plan.runner, remembered(found.model, differences), events);
  if (resume === 'reloaded') choose(plan, found.model.settings, run.heads);
  const heads = plan.runner.spec.heads.map(({ name }) => name);
  return { step: found.step, epoch: run.epoch, scored: run.scored, stream: decodeState(found.stream, heads) };
}

/** The newest checkpoint. What was said otherwise when it was begun is told rather than what that came to in the model's text. */
async function ofThisModel(store: CheckpointStore, plan: RunPlan): Promise<Checkpoint | undefined> {
  try {
    return await store.newest(plan.runner.spec);
  } catch (error) {
    checkAllowed(plan, await differencesSince(store, plan.identity), 'exact');
    throw error;
  }
}

/**
 * Where a run is another than that of the newest checkpoint.
 * @throws ConfigError when there are only damaged ones
 */
export async function differencesSince(store: CheckpointStore, identity: Json): Promise<readonly Difference[]> {
  const found = await store.newestRun();
  return found
    ? differencesOf(identity, parseConfig(runSchema, found.run, `checkpoint of step ${found.step}`).identity)
    : [];
}

function checkAllowed(
  { reloadable = () => false }: RunPlan,
  differences: readonly Difference[],
  resume: Resumption,
): void {
  const refused = differences.filter(({ path }) => resume === 'exact' || !reloadable(path));
  const hint =
    'change it back; or go on with what fits of the model by name (--partial), or begin anew (train --overwrite)';
  if (refused.length > 0) throw refusals(refused, hint);
}

/** What a changed run still has a use for: what a schedule remembers goes when it is another. */
function remembered(state: StepState, differences: readonly Difference[]): StepState {
  const isOther = differences.some(({ path: [part] }) => part === 'optimizer');
  return isOther ? { ...state, schedules: {} } : state;
}

/** What was chosen for heads while training stays, except where their description says something else now. */
function choose(plan: RunPlan, chosen: StepState['settings'], described: Readonly<Record<string, HeadChoice>>): void {
  for (const [head, now] of Object.entries(choicesOf(plan))) {
    const [before, kept] = [described[head], chosen[head]];
    if (!before || !kept) continue;
    plan.runner.head(head).choose({
      weight: now.weight === before.weight ? kept.weight : now.weight,
      learningRate: now.learningRate === before.learningRate ? kept.learningRate : now.learningRate,
      frozen: now.frozen === before.frozen ? kept.frozen : now.frozen,
    });
  }
}
