import { ConfigError } from '../../core/error.ts';
import { printable } from '../../core/format.ts';
import { jsonRoute } from '../../core/json-route.ts';
import { type Route, RouteError } from '../../core/route.ts';
import {
  type ReloadOutcome,
  type RunSettings,
  type SettingsChange,
  type Steering,
  SteeringError,
} from '../../core/steering.ts';
import { advanceSchema, changeSchema, pauseSchema, reloadSchema, settingsSchema, standingSchema } from './schema.ts';

/** Seconds until a run that starts is worth asking again. */
const startingSeconds = 1;

/** What steers a run from outside. @param reload takes over what changed in the pipeline file, where that can be done */
export function controlRoutes(run: Steering, reload: (() => Promise<ReloadOutcome>) | undefined): readonly Route[] {
  const standing = () => ({ step: run.step, paused: run.isPaused });
  const admit = (): void => {
    if (run.isBegun) return;
    const issue = { where: 'run', expected: 'one that has begun', found: 'one that is starting' };
    throw new RouteError(503, issue, startingSeconds);
  };
  const post = { method: 'POST', changes: true, admit } as const;
  return [
    jsonRoute({
      ...post,
      path: '/v1/pause',
      summary: 'Begins no more steps. Answers when none is under way.',
      body: pauseSchema,
      answer: standingSchema,
      handle: async ({ reason }) => {
        await run.pause(printable(reason));
        return standing();
      },
    }),
    jsonRoute({
      ...post,
      path: '/v1/continue',
      summary: 'Goes on after a pause.',
      answer: standingSchema,
      handle: async () => {
        run.continue();
        return standing();
      },
    }),
    jsonRoute({
      ...post,
      path: '/v1/step',
      summary: 'Lets a paused run take some steps, as soon as there are batches for them, and answers before that.',
      body: advanceSchema,
      status: 202,
      answer: standingSchema,
      handle: ({ steps }) =>
        answering(async () => {
          run.advance(steps);
          return standing();
        }),
    }),
    jsonRoute({
      ...post,
      path: '/v1/checkpoint',
      summary: 'Keeps the run as it is after the steps under way. Answers when that is on the disk.',
      answer: standingSchema,
      handle: () =>
        answering(async () => {
          await kept(run);
          return standing();
        }),
    }),
    jsonRoute({
      ...post,
      path: '/v1/reload',
      summary: 'Takes over what changed in the pipeline file. A run that is paused stays so.',
      answer: reloadSchema,
      handle: () => answering(() => reloaded(reload)),
    }),
    jsonRoute({
      ...post,
      path: '/v1/settings',
      summary:
        'Sets weights, learning rates and what is frozen, of heads and branches: all that is said, or nothing. Answers when a checkpoint with that is on the disk.',
      body: changeSchema,
      answer: settingsSchema,
      handle: (change) =>
        answering(async () => {
          run.set(change);
          await kept(run);
          return namedIn(run.settings(), change);
        }),
    }),
    jsonRoute({
      method: 'GET',
      changes: false,
      admit,
      path: '/v1/settings',
      summary: 'What heads and branches are set to.',
      answer: settingsSchema,
      handle: async () => run.settings(),
    }),
  ];
}

/** @throws RouteError when there is no checkpoint of the run as it is now: what was set holds until the process ends */
async function kept(run: Steering): Promise<void> {
  const found = 'none that could be written: the log says why';
  if (!(await run.checkpoint())) throw new RouteError(503, { where: 'checkpoint', expected: 'one on the disk', found });
}

async function reloaded(reload: (() => Promise<ReloadOutcome>) | undefined) {
  if (!reload)
    throw new SteeringError({
      where: 'pipeline',
      expected: 'one under trunkline run',
      found: 'one under trunkline train',
      hint: 'stop it, and go on with --resume',
    });
  const outcome = await reload();
  // Values may be of the environment: here they are not told.
  const changes = 'changes' in outcome ? outcome.changes.map((change) => change.slice(0, change.indexOf(': '))) : [];
  return { result: outcome.result, changes };
}

/** What of all settings was named in a change. */
function namedIn({ heads, branches }: RunSettings, change: SettingsChange): RunSettings {
  const of = <Setting>(all: Readonly<Record<string, Setting>>, named: object): Record<string, Setting> =>
    Object.fromEntries(Object.entries(all).filter(([name]) => Object.hasOwn(named, name)));
  return { heads: of(heads, change.heads), branches: of(branches, change.branches) };
}

/** @throws RouteError in place of what says that something can't be asked for */
async function answering<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SteeringError) throw new RouteError(409, error.issues);
    if (error instanceof ConfigError) throw new RouteError(400, error.issues);
    throw error;
  }
}
