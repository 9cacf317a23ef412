import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as timeout } from 'node:timers/promises';
import { ManualClock } from '../../src/core/clock.ts';
import type { TrunklineEvent } from '../../src/core/event.ts';
import type { Told } from '../../src/daemon/message.ts';
import { PipelineProcess } from '../../src/daemon/process.ts';
import { drawOf } from '../chaos/draw.ts';
import { linesOf, trainedIn } from '../chaos/journal.ts';
import { imbalances, type Scraped, scrape, sumOf } from '../chaos/pushed/scrape.ts';
import { differences, handles, type Inventory, liveObjects } from './inventory.ts';
import { heads, writePipeline } from './pipeline.ts';
import { type Fate, Traffic } from './traffic.ts';

export interface DayOptions {
  /** An empty folder. */
  readonly folder: string;
  readonly hours: number;
  readonly seed: number;
  /** Told of each hour that has ended. */
  readonly onHour?: (hour: Hour) => void;
}

/** How things stood at the end of an hour. */
export interface Hour {
  readonly hour: number;
  /** Steps taken, and heads that there were. */
  readonly step: number;
  readonly heads: readonly string[];
  /** Bytes: resident, and of the heap after garbage was collected. */
  readonly resident: number;
  readonly heap: number;
  readonly inventory: Inventory;
}

export interface Day {
  readonly hours: readonly Hour[];
  readonly faults: readonly string[];
  /** Samples and labels that were sent; labels that were trained, and that waited in vain or came too late. */
  readonly counts: Readonly<Record<'samples' | 'labels' | 'trained' | 'expired' | 'late' | 'refused', number>>;
}

const secondMs = 1000;
const minuteMs = 60_000;
/** Between two waits for what was written to be read. */
const takenMinutes = 10;
/** How long, by the clock on the wall, something may take to come about. */
const patienceMs = 60_000;

/**
 * A pipeline's process as the daemon runs it, on a clock that stands still until it is moved: hours pass in as much time as
 * training them takes. The file is another in every hour; heads are made of labels, one is added and retired; labels come
 * apart from their samples; neither come for a while. What was trained is compared with what was sent.
 */
export class SimulatedDay {
  readonly #options: DayOptions;
  readonly #clock = new ManualClock(Date.UTC(2026, 0, 1));
  readonly #traffic: Traffic;
  readonly #faults: string[] = [];
  readonly #hours: Hour[] = [];
  /** How far the clock is ahead of what was written, because something had to be waited for: of a busy machine, long. */
  #aheadMs = 0;
  readonly #told = { runs: 0, step: 0, heads: [] as readonly string[], url: '', refused: 0 };

  constructor(options: DayOptions) {
    this.#options = options;
    this.#traffic = new Traffic(options.folder, drawOf(options.seed, 1));
  }

  async run(): Promise<Day> {
    const { folder, hours, onHour = () => {} } = this.#options;
    const file = writePipeline(folder, 0, false);
    const pipeline = new PipelineProcess(file, 'reloaded', 0, (told) => this.#hear(told), this.#clock);
    const ended = pipeline.run();
    await this.#until('the first run', () => this.#told.runs > 0);
    for (let hour = 0; hour < hours; hour++) {
      if (hour > 0) await this.#reload(pipeline, hour);
      for (let minute = 60 * hour; minute < 60 * (hour + 1); minute++) {
        this.#traffic.minute(minute, this.#hasAdded(hour));
        await this.#pass();
        if (minute % takenMinutes === 0) await this.#taken();
      }
      await this.#taken();
      onHour(await this.#look(hour));
    }
    const last = await scrape(this.#told.url);
    await pipeline.follow({ type: 'stop' });
    await ended;
    return { hours: this.#hours, faults: [...this.#faults, ...this.#trained()], counts: this.#counts(last) };
  }

  /** A minute passes, or what is left of it. */
  async #pass(): Promise<void> {
    const passedMs = Math.min(minuteMs, this.#aheadMs);
    this.#aheadMs -= passedMs;
    await this.#clock.advance(minuteMs - passedMs);
  }

  /** Time passes while nothing is written: so much less does afterwards. */
  async #ahead(timeMs: number): Promise<void> {
    this.#aheadMs += timeMs;
    await this.#clock.advance(timeMs);
  }

  /** Whether the head is there that the pipeline names for some hours. */
  #hasAdded(hour: number): boolean {
    const { hours } = this.#options;
    return hour >= Math.ceil(0.2 * hours) && hour < Math.ceil(0.65 * hours);
  }

  async #reload(pipeline: PipelineProcess, hour: number): Promise<void> {
    writePipeline(this.#options.folder, hour, this.#hasAdded(hour));
    const { runs } = this.#told;
    const outcome = await pipeline.reload(true);
    if (outcome.result !== 'applied') this.#faults.push(`hour ${hour}: the reload came to ${JSON.stringify(outcome)}`);
    else await this.#until('the reloaded run', () => this.#told.runs > runs);
  }

  #hear(told: Told): void {
    if (told.type === 'failed') this.#faults.push(`the pipeline failed: ${told.message}`);
    if (told.type === 'pulse') this.#told.step = told.step;
    if (told.type === 'event') this.#happened(told.event);
  }

  #happened(event: TrunklineEvent): void {
    if (event.type === 'runStarted') {
      this.#told.runs++;
      Object.assign(this.#told, { heads: event.heads, step: event.step });
    }
    if (event.type === 'serverStarted') this.#told.url = event.url;
    if (event.type === 'headRefused') this.#told.refused++;
    if (event.type === 'checkpointFailed') this.#faults.push(`a checkpoint failed: ${event.message}`);
  }

  /** Resolves when everything that was written has been read. */
  async #taken(): Promise<void> {
    const { samples, labels } = this.#traffic.sent;
    await this.#until('what was written', async () => {
      const scraped = await scrape(this.#told.url);
      const received = (source: string): number =>
        sumOf(scraped, 'trunkline_samples_received_total', `source="${source}"`);
      return received('samples') === samples && received('labels') === labels;
    });
  }

  /** The end of an hour: nothing is under way, everything adds up, and nothing has piled up. */
  async #look(hour: number): Promise<Hour> {
    await this.#ahead(minuteMs);
    let scraped: Scraped = new Map();
    await this.#until('the end of what is under way', async () => {
      scraped = await scrape(this.#told.url);
      const pending = (source: string): number => sumOf(scraped, 'trunkline_samples_pending', `source="${source}"`);
      const waiting = sumOf(scraped, 'trunkline_join_waiting', 'kind="samples"');
      return pending('samples') === 0 && pending('labels') === 0 && pending('join') === waiting;
    });
    this.#faults.push(...imbalances(scraped).map((fault) => `hour ${hour}: ${fault}`));
    // The first hours warm up: what there is at the end of the second is what there may be.
    const usual = this.#hours[1]?.inventory;
    const { Variable = 0, ...objects } = liveObjects();
    // A kernel and a bias of the trunk's layer, and of each head's.
    const weights = { 'Variable of each layer': Variable / (1 + this.#told.heads.length) };
    const now = { ...(await this.#settled(usual)), ...objects, ...weights };
    if (usual) this.#faults.push(...differences(usual, now).map((one) => `hour ${hour}: ${one}`));
    const { rss: resident, heapUsed: heap } = process.memoryUsage();
    const { heads: there } = this.#told;
    const step = sumOf(scraped, 'trunkline_steps_total');
    const found = { hour, step, heads: there, resident, heap, inventory: now };
    this.#hours.push(found);
    return found;
  }

  /** Handles: what is open for a moment is waited for, where something is another than usual. */
  async #settled(usual: Inventory | undefined): Promise<Inventory> {
    let now: Inventory = {};
    for (let tries = 0; tries < 100; tries++) {
      await timeout(20);
      const before = now;
      now = handles(this.#clock);
      const isUsual = usual ? Object.keys(now).every((name) => now[name] === usual[name]) : tries > 10;
      if (isUsual && differences(before, now).length === 0) break;
    }
    return now;
  }

  /** What is wrong with what was trained: the same traffic once more says what should have become of it. */
  #trained(): readonly string[] {
    const { folder, hours, seed } = this.#options;
    const again = join(folder, 'again');
    mkdirSync(again);
    const fates = new Map<string, Fate>();
    const traffic = new Traffic(again, drawOf(seed, 1), (label, fate) => fates.set(label, fate));
    for (let minute = 0; minute < 60 * hours; minute++) traffic.minute(minute, this.#hasAdded(Math.floor(minute / 60)));
    const counts = trainedIn(linesOf(join(folder, 'run', 'journal.ndjson')));
    const { open } = traffic;
    const faults = [...fates].flatMap(([label, fate]) => {
      const count = counts.get(label) ?? 0;
      const isRight = fate === 'either' || open.has(label) ? count <= 1 : count === Number(fate === 'trained');
      return isRight ? [] : [`label ${label} was trained ${count} times, and should be '${fate}'`];
    });
    for (const label of counts.keys()) if (!fates.has(label)) faults.push(`label ${label} was trained, and never sent`);
    const { named, made } = heads;
    for (const head of [named, ...made])
      if (!this.#told.heads.includes(head)) faults.push(`there is no head '${head}' in the end`);
    return faults;
  }

  #counts(last: Scraped): Day['counts'] {
    const of = (outcome: string): number => sumOf(last, 'trunkline_join_labels_total', `outcome="${outcome}"`);
    const expired = of('orphaned');
    const refused = this.#told.refused;
    return { ...this.#traffic.sent, trained: of('used'), expired, late: of('late'), refused };
  }

  async #until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    const startMs = performance.now();
    for (let tries = 1; !(await isSo()); tries++) {
      if (performance.now() - startMs > patienceMs) throw new Error(`${what} did not come about`);
      // Who looks again and again does so by this clock.
      if (tries % 4 === 0) await this.#ahead(secondMs);
      await timeout(10);
    }
  }
}
