/** What a schedule remembers of one group of parameters: plain data, for checkpoints. */
export type ScheduleState = Readonly<Record<string, number>>;

/**
 * A learning rate that follows a clock: the number of steps in which a group of parameters was present. What is silent
 * stands still. Pure: whoever takes steps keeps the state.
 */
export interface Schedule {
  readonly type: string;
  /** Whether rates depend on losses: then a step waits for the one before it. */
  readonly remembers: boolean;
  /** What is remembered before the first step. */
  start(): ScheduleState;
  /** Learning rate of the step that follows `clock` others. */
  rate(clock: number, state: ScheduleState): number;
  /** What is remembered after a step with this loss. */
  observe(state: ScheduleState, loss: number): ScheduleState;
}

const nothing: ScheduleState = {};

/** A schedule that depends on the clock alone. */
export function byClock(type: string, rate: (clock: number) => number): Schedule {
  return { type, remembers: false, start: () => nothing, rate, observe: (state) => state };
}
