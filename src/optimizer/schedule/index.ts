import { type ConfigOf, family } from '../../core/plugin.ts';
import { constant } from './constant.ts';
import { cosine } from './cosine.ts';
import { exponential } from './exponential.ts';
import { plateau } from './plateau.ts';
import { step } from './step.ts';

/** Every schedule of learning rates there is. */
export const schedules = family('schedule', [constant, step, exponential, cosine, plateau]);

/** What a user writes in place of a learning rate. */
export type ScheduleConfig = ConfigOf<(typeof schedules.plugins)[number]>;

export type { Schedule, ScheduleState } from './schedule.ts';
