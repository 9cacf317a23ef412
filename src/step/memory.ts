import { denominatorOf } from '../loss/index.ts';
import type { Gradients, MergeState, MergeStrategy } from '../merge/index.ts';
import type { ParameterGroup } from '../model/spec.ts';
import type { Schedule, ScheduleState } from '../optimizer/index.ts';
import type { HeadInputs } from './fill.ts';
import type { TrainedHead } from './head-group.ts';
import { afterLoss, afterSpike, limitOf, type SpikeGuard } from './spike.ts';
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
  #merge: MergeStrategy;
  #schedule: Schedule;
  readonly #heads = new Map<string, HeadMemory>();
  readonly #schedules = new Map<string, ScheduleState>();
  /** Steps in which each group of parameters moved, as the engine counts them. */
  readonly #clocks = new Map<string, number>();
  readonly #spike: SpikeGuard | undefined;
  #merged: MergeState = {};

  constructor(merge: MergeStrategy, schedule: Schedule, spike?: SpikeGuard) {
    this.#merge = merge;
    this.#schedule = schedule;
    this.#spike = spike;
  }

  /** Merges, and follows a schedule, in another way from now on. Of what can't go on, what was remembered is forgotten. */
  retune(
    merge: MergeStrategy,
    schedule: Schedule,
    forget: { readonly merge: boolean; readonly schedule: boolean },
  ): void {
    this.#merge = merge;
    this.#schedule = schedule;
    if (forget.merge) this.#merged = {};
    if (forget.schedule) this.#schedules.clear();
  }

  /** What the present heads bring into a step. */
  pending(
    heads: readonly TrainedHead[],
    {
      rows,
      counts,
      step,
    }: { readonly rows: number; readonly counts: ReadonlyMap<string, number>; readonly step: number },
    weightOf: (head: string) => number,
  ): readonly Pending[] {
    return heads.map(({ name, objective }) => {
      const labels = counts.get(name) as number;
      const { clock, labels: before, denominator, usual } = this.#heads.get(name) ?? freshHead;
      const { value, state } = denominatorOf(objective.denominator, { present: labels, batch: rows }, denominator);
      return {
        name,
        labels,
        denominator: value,
        weight: weightOf(name),
        before: this.#heads.get(name),
        ...(this.#spike ? { limit: limitOf(this.#spike, usual) } : {}),
        memory: {
          clock: clock + 1,
          labels: before + labels,
          lastStep: step,
          ...(state ? { denominator: state } : {}),
          ...(usual ? { usual } : {}),
        },
      };
    });
  }

  /** Of some heads, the one that was trained least recently; the first of several. */
  leastRecent(heads: readonly TrainedHead[]): TrainedHead {
    const lastStep = ({ name }: TrainedHead): number => (this.#heads.get(name) ?? freshHead).lastStep;
    return heads.reduce((found, head) => (lastStep(head) < lastStep(found) ? head : found));
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

  /** A head was left out because its loss was a spike. @returns how many there have been in a row */
  spiked(head: string): number {
    const memory = this.#heads.get(head) ?? freshHead;
    const usual = afterSpike(memory.usual);
    this.#heads.set(head, { ...memory, usual });
    return usual.spikes;
  }

  /** Remembers what came of a step that counted. */
  observe(pending: readonly Pending[], losses: readonly number[], moved: readonly ParameterGroup[]): void {
    this.#merged = this.#merge.observe(pending, losses, this.#merged);
    if (this.#spike)
      for (const [at, { name, memory }] of pending.entries())
        this.#heads.set(name, { ...memory, usual: afterLoss(this.#spike, losses[at] as number, memory.usual) });
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

  /** Begins anew. */
  clear(): void {
    this.#heads.clear();
    this.#schedules.clear();
    this.#clocks.clear();
    this.#merged = {};
  }

  /** Takes over what the state says of these heads and groups. */
  adopt(state: StepState, heads: readonly string[], groups: readonly string[]): void {
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
