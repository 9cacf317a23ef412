import { denominatorOf } from '../loss/index.ts';
import type { Gradients, MergeState, MergeStrategy } from '../merge/index.ts';
import type { ParameterGroup } from '../model/spec.ts';
import type { Schedule, ScheduleState } from '../optimizer/index.ts';
import type { HeadInputs } from './fill.ts';
import type { TrainedHead } from './head-group.ts';
import { freshHead, type HeadMemory, type StepState } from './state.ts';

/** A head in the step at hand, with what will be remembered of it if the step counts. */
export interface Pending extends HeadInputs {
  /** Its own factor, before the merge strategy's. */
  readonly weight: number;
  readonly labels: number;
  readonly memory: HeadMemory;
  readonly before: HeadMemory | undefined;
}

/** What a run remembers from step to step: clocks, running label rates, and the states of merging and schedules. */
export class Memory {
  readonly #merge: MergeStrategy;
  readonly #schedule: Schedule;
  readonly #heads = new Map<string, HeadMemory>();
  readonly #schedules = new Map<string, ScheduleState>();
  /** Steps in which each group of parameters moved, as the engine counts them. */
  readonly #clocks = new Map<string, number>();
  #merged: MergeState = {};

  constructor(merge: MergeStrategy, schedule: Schedule) {
    this.#merge = merge;
    this.#schedule = schedule;
  }

  /** What the present heads bring into a step. */
  pending(
    heads: readonly TrainedHead[],
    rows: number,
    counts: ReadonlyMap<string, number>,
    weightOf: (head: string) => number,
  ): readonly Pending[] {
    return heads.map(({ name, objective }) => {
      const labels = counts.get(name) as number;
      const { clock, labels: before, denominator } = this.#heads.get(name) ?? freshHead;
      const { value, state } = denominatorOf(objective.denominator, { present: labels, batch: rows }, denominator);
      return {
        name,
        labels,
        denominator: value,
        weight: weightOf(name),
        before: this.#heads.get(name),
        memory: { clock: clock + 1, labels: before + labels, ...(state ? { denominator: state } : {}) },
      };
    });
  }

  /** Factor of each present head's loss; strategies that ask for gradients are told of them. */
  factors(pending: readonly Pending[], gradients?: Gradients): readonly number[] {
    return this.#merge.weigh(pending, this.#merged, gradients);
  }

  /** Learning rate of the next step of a group. */
  rate({ name }: ParameterGroup): number {
    return this.#schedule.rate(this.#clocks.get(name) ?? 0, this.#schedules.get(name) ?? this.#schedule.start());
  }

  /** Remembers a step as if it counted, so that the next can be prepared. */
  advance(pending: readonly Pending[], moved: readonly ParameterGroup[]): void {
    for (const { name, memory } of pending) this.#heads.set(name, memory);
    for (const { name } of moved) this.#clocks.set(name, (this.#clocks.get(name) ?? 0) + 1);
  }

  /** Forgets a step that did not count; later ones must have been forgotten before. */
  goBack(pending: readonly Pending[], moved: readonly ParameterGroup[]): void {
    for (const { name, before } of pending) {
      if (before) this.#heads.set(name, before);
      else this.#heads.delete(name);
    }
    for (const { name } of moved) this.#clocks.set(name, (this.#clocks.get(name) ?? 1) - 1);
  }

  /** Remembers what came of a step that counted. */
  observe(pending: readonly Pending[], losses: readonly number[], moved: readonly ParameterGroup[]): void {
    this.#merged = this.#merge.observe(pending, losses, this.#merged);
    if (!this.#schedule.remembers) return;
    for (const { name, heads } of moved) {
      const own = losses.filter((_, at) => heads.includes(pending[at]?.name as string));
      const mean = own.reduce((sum, loss) => sum + loss, 0) / own.length;
      this.#schedules.set(name, this.#schedule.observe(this.#schedules.get(name) ?? this.#schedule.start(), mean));
    }
  }

  state(): Pick<StepState, 'heads' | 'merge' | 'schedules'> {
    return {
      heads: Object.fromEntries(this.#heads),
      merge: this.#merged,
      schedules: Object.fromEntries(this.#schedules),
    };
  }

  /** Takes over what belongs to these heads and groups. */
  restore(state: StepState, heads: readonly string[], groups: readonly string[]): void {
    for (const name of heads) {
      const [memory, merged] = [state.heads[name], state.merge[name]];
      if (memory) this.#heads.set(name, memory);
      if (merged) this.#merged = { ...this.#merged, [name]: merged };
    }
    for (const name of groups) {
      const [schedule, clock] = [state.schedules[name], state.arrays[`clock/${name}`]];
      if (schedule) this.#schedules.set(name, schedule);
      if (clock) this.#clocks.set(name, Number(clock[0]));
    }
  }
}
