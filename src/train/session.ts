import { ConfigError } from '../core/error.ts';
import { ignoreEvents } from '../core/event.ts';
import { openEngine } from '../engine/index.ts';
import type { Engine } from '../engine/trainer.ts';
import type { ModelSpec } from '../model/index.ts';
import { StepRunner } from '../step/runner.ts';
import { Settings } from '../step/settings.ts';
import { carried, type Learned } from './learned.ts';
import type { Plan } from './plan.ts';
import { copyState } from './state-tensors.ts';

interface Open {
  readonly runner: StepRunner;
  readonly engine: Engine;
  plan: Plan;
}

/**
 * The runner that trains a model, whatever becomes of the model: opened when it is first needed, replaced by one that
 * goes on from where it was when the model or the plan is another.
 */
export class Session {
  /** Runtime inputs: those of whichever runner is open. */
  readonly settings = new Settings();
  readonly #describe: () => ModelSpec;
  #plan: Plan | undefined;
  #open: Open | undefined;
  /** Whether the model changed since the runner was opened. */
  #isStale = false;
  /** Where the last runner was, while none is open. */
  #learned: Learned | undefined;
  /** Heads that were retired since the runner was opened. */
  readonly #forgotten = new Set<string>();
  #turn: Promise<unknown> = Promise.resolve();
  /** What waits for its turn, or has it. */
  #waiting = 0;
  /** What was begun with the runner and has not ended. */
  readonly #working = new Set<Promise<unknown>>();

  constructor(describe: () => ModelSpec) {
    this.#describe = describe;
  }

  /** The runner that is open. */
  get runner(): StepRunner | undefined {
    return this.#open?.runner;
  }

  follow(plan: Plan): void {
    this.#plan = plan;
  }

  /** The model is another now. */
  changed(): void {
    this.#isStale = true;
  }

  /** A head is gone, and what was remembered of it. */
  forget(head: string): void {
    this.settings.heads.get(head)?.retire();
    this.#forgotten.add(head);
    this.changed();
  }

  /** Gives a head another weight. */
  weigh(head: string, weight: number): void {
    const settings = this.settings.heads.get(head);
    if (settings && !this.#forgotten.has(head)) settings.weight = weight;
  }

  /**
   * Does something with a runner for the model as it is. The runner stays open until that has ended.
   * @throws ConfigError when nobody has said how to train it, and what opening a runner throws: the one before it stays
   */
  async use<Result>(work: (runner: StepRunner) => Promise<Result>): Promise<Result> {
    const open = this.#open;
    // What is asked for now is done with the model of now, whatever it is changed to next.
    if (open && this.#waiting === 0 && this.#fits(open)) return this.#work(work(open.runner));
    // In an object, because a promise of a promise would wait for both.
    const begun = this.#inTurn(async () => ({ ended: this.#work(work(await this.#current())) }));
    return (await begun).ended;
  }

  /** Ends the runner, when what was begun has ended. The next one goes on from where it was. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#open) return;
      const { runner, engine } = this.#open;
      try {
        this.#learned = await this.#ended(this.#open);
      } finally {
        this.#open = undefined;
        await runner.close();
        await engine.close();
      }
    });
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#waiting++;
    const done = this.#turn.then(work).finally(() => this.#waiting--);
    this.#turn = done.catch(() => {});
    return done;
  }

  #work<Result>(result: Promise<Result>): Promise<Result> {
    const ended = result.then(
      () => {},
      () => {},
    );
    this.#working.add(ended);
    void ended.then(() => this.#working.delete(ended));
    return result;
  }

  #fits({ plan }: Open): boolean {
    return !this.#isStale && plan === this.#plan;
  }

  async #current(): Promise<StepRunner> {
    const [plan, open] = [this.#plan, this.#open];
    if (!plan)
      throw new ConfigError({
        where: 'graph',
        expected: 'compile before training or predicting',
        found: 'a graph that was not compiled',
        hint: "graph.compile({ optimizer: 'adam' })",
      });
    if (open && !this.#isStale && open.plan !== plan && plan.canFollow(open.plan)) {
      const forgets = plan.forgets(open.plan);
      await open.runner.between(() => open.runner.retune(plan.runner, forgets));
      open.plan = plan;
    }
    if (open && this.#fits(open)) return open.runner;
    this.#open = await this.#next(plan, open);
    this.#isStale = false;
    this.#learned = undefined;
    this.#forgotten.clear();
    return this.#open.runner;
  }

  /** What was learned, once nothing is under way: its parameters are in the layers then. */
  async #ended({ runner, plan }: Open): Promise<Learned> {
    await Promise.all(this.#working);
    const state = copyState(runner.state());
    runner.pull();
    return { spec: runner.spec, plan, state };
  }

  async #next(plan: Plan, before: Open | undefined): Promise<Open> {
    const spec = this.#describe();
    const learned = before ? await this.#ended(before) : this.#learned;
    for (const head of this.#forgotten) this.settings.heads.delete(head);
    const { engine: config, events = ignoreEvents } = plan.options;
    const shared = before && plan.sharesEngine(before.plan) ? before.engine : undefined;
    const engine = shared ?? (await openEngine(config, { events }));
    let runner: StepRunner | undefined;
    try {
      runner = await StepRunner.open(spec, engine, { ...plan.runner, settings: this.settings });
      if (learned) runner.adopt(carried(learned, spec, plan, this.#forgotten));
    } catch (error) {
      await runner?.close();
      if (!shared) await engine.close();
      throw error;
    }
    await before?.runner.close();
    if (before && !shared) await before.engine.close();
    return { runner, engine, plan };
  }
}
