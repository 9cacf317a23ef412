import { type ConfigOf, family, type ParsedOf } from '../core/plugin.ts';
import { adagrad } from './adagrad.ts';
import { adam } from './adam.ts';
import { adamw } from './adamw.ts';
import { lion } from './lion.ts';
import { momentum } from './momentum.ts';
import { nesterov } from './nesterov.ts';
import { rmsprop } from './rmsprop.ts';
import { sgd } from './sgd.ts';

/** Every optimizer there is. */
export const optimizers = family('optimizer', [sgd, momentum, nesterov, adam, adamw, adagrad, rmsprop, lion]);

/** What a user writes for the optimizer. */
export type OptimizerConfig = ConfigOf<(typeof optimizers.plugins)[number]>;
/** A checked configuration, defaults filled in. */
export type ParsedOptimizerConfig = ParsedOf<(typeof optimizers.plugins)[number]>;

export type { Optimizer } from './optimizer.ts';
export { type Schedule, type ScheduleConfig, type ScheduleState, schedules } from './schedule/index.ts';
