import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Json } from '../../core/chunk.ts';
import { ConfigError, type Issue, TrunklineError } from '../../core/error.ts';
import type { EventSink } from '../../core/event.ts';
import { formatValue } from '../../core/format.ts';
import type { ModelSpec } from '../../model/index.ts';
import { readDirectory, writeDirectory } from '../directory.ts';
import { CopySpace } from './copy-space.ts';
import {
  type Checkpoint,
  checkpointFiles,
  decodeCheckpoint,
  decodeRun,
  encodeCheckpoint,
  verifyCheckpoint,
} from './format.ts';

export interface CheckpointStoreOptions {
  readonly directory: string;
  /** How many of the newest are kept, at least 2. */
  readonly keep: number;
  /** Besides those, one for every so many steps is kept for good. */
  readonly keepEvery?: number;
  readonly events: EventSink;
}

/** A checkpoint to be written. */
export interface Unwritten extends Omit<Checkpoint, 'stream'> {
  /** Called when the run may have gone on. */
  readonly stream: () => Checkpoint['stream'];
}

const leastKept = 2;
const nameOf = (step: number): string => `step-${String(step).padStart(9, '0')}`;
const named = /^step-(\d{9,})$/;
const unfinished = /^step-\d+\.writing-/;
const setAside = /^(step-\d+)\.replaced$/;

/**
 * Checkpoints of one run, each a directory `step-…` that is there as a whole or not at all. The newest are kept, and
 * one in every so many steps; one that is damaged is passed over for the one before it.
 */
export class CheckpointStore {
  readonly #options: CheckpointStoreOptions;
  #writing: Promise<unknown> = Promise.resolve();
  readonly #space = new CopySpace();

  /** @throws ConfigError when fewer than two are to be kept */
  constructor(options: CheckpointStoreOptions) {
    if (!Number.isInteger(options.keep) || options.keep < leastKept)
      throw new ConfigError({
        where: 'checkpoint, keep',
        expected: `a whole number, at least ${leastKept}: the newest could turn out damaged`,
        found: formatValue(options.keep),
      });
    this.#options = options;
  }

  /** Steps of which there are checkpoints, newest first. */
  async steps(): Promise<readonly number[]> {
    const names = await entriesOf(this.#options.directory);
    // One that was set aside for another of its step is the one that is read until the other is there.
    const steps = names.flatMap(
      (name) => named.exec(name)?.[1] ?? named.exec(setAside.exec(name)?.[1] ?? '')?.[1] ?? [],
    );
    return [...new Set(steps.map(Number))].sort((a, b) => b - a);
  }

  /** Has memory for copies of so many bytes, a little later: so the first is as fast as the others. */
  async prepare(sizeBytes: number): Promise<void> {
    await this.#space.prepare(sizeBytes);
  }

  /**
   * Writes a checkpoint and removes what is older than those to be kept. The model's arrays are copied before this first
   * gives way, so the run can go on at once. Checkpoints are written one after the other.
   * @param ready what must have been done before the checkpoint is there
   */
  async write(checkpoint: Unwritten, spec: ModelSpec, ready: Promise<unknown> = Promise.resolve()): Promise<void> {
    const startMs = performance.now();
    const { arrays, release } = this.#space.copy(checkpoint.model.arrays);
    const copyMs = performance.now() - startMs;
    const encode = async () => {
      await setImmediate();
      const { stream, model } = checkpoint;
      return encodeCheckpoint({ ...checkpoint, stream: stream(), model: { ...model, arrays } }, spec);
    };
    const files = encode();
    const written = this.#writing.then(async () => {
      const path = join(this.#options.directory, nameOf(checkpoint.step));
      const content = await files;
      await ready;
      await writeDirectory(path, content);
      await this.#prune();
      const sizeBytes = Object.values(content)
        .flat()
        .reduce((sum, { length }) => sum + length, 0);
      const durationMs = performance.now() - startMs;
      this.#options.events({ type: 'checkpointWritten', step: checkpoint.step, path, sizeBytes, copyMs, durationMs });
    });
    written.then(release, release);
    files.catch(() => {});
    ready.catch(() => {});
    this.#writing = written.catch(() => {});
    return written;
  }

  /**
   * The newest checkpoint that is whole. Damaged ones are reported as events and left where they are.
   * @returns undefined when there is none at all
   * @throws ConfigError when all are damaged, or the newest whole one was written for another model
   */
  async newest(spec: ModelSpec): Promise<Checkpoint | undefined> {
    const found = await this.#newest();
    return found && decodeCheckpoint(found.files, found.path, found.step, spec);
  }

  /** As `newest`, whatever model it was written for: parameters, slots and memory by name. */
  async newestOfAny(): Promise<Checkpoint | undefined> {
    const found = await this.#newest();
    return found && decodeCheckpoint(found.files, found.path, found.step);
  }

  /**
   * What the run of the newest whole checkpoint remembers besides its model: before there is a model.
   * @returns undefined when there is no checkpoint
   * @throws ConfigError when all are damaged
   */
  async newestRun(): Promise<{ readonly step: number; readonly run: Json } | undefined> {
    const found = await this.#newest();
    return found && { step: found.step, run: decodeRun(found.files, found.path) };
  }

  /** Puts in order what interrupted calls left. To be called before the first is written. */
  async clear(): Promise<void> {
    const { directory } = this.#options;
    const names = await entriesOf(directory);
    for (const name of names) {
      const [, kept] = setAside.exec(name) ?? [];
      if (kept && !names.includes(kept)) await rename(join(directory, name), join(directory, kept));
      else if (kept || unfinished.test(name)) await rm(join(directory, name), { recursive: true });
    }
  }

  /** Resolves when everything asked for was written. */
  async close(): Promise<void> {
    await this.#writing;
  }

  /** A checkpoint's files when they are those that were written; otherwise what is wrong is added to `faults`. */
  async #wholeFiles(path: string, step: number, faults: Issue[]) {
    try {
      const files = await readDirectory(path, checkpointFiles);
      await verifyCheckpoint(files, path);
      return files;
    } catch (error) {
      if (!(error instanceof TrunklineError)) throw error;
      faults.push(...error.issues);
      this.#options.events({ type: 'checkpointDamaged', step, path, message: error.message });
      return undefined;
    }
  }

  async #newest() {
    const faults: Issue[] = [];
    for (const step of await this.steps()) {
      const path = join(this.#options.directory, nameOf(step));
      const files = await this.#wholeFiles(path, step, faults);
      if (files) return { step, path, files };
    }
    if (faults.length === 0) return undefined;
    throw new ConfigError(faults);
  }

  async #prune(): Promise<void> {
    const { directory, keep, keepEvery = Number.POSITIVE_INFINITY } = this.#options;
    const steps = (await this.steps()).toReversed();
    const old = steps.slice(0, -keep);
    let kept = 0;
    for (const step of old)
      if (Math.floor(step / keepEvery) > Math.floor(kept / keepEvery)) kept = step;
      else await rm(join(directory, nameOf(step)), { recursive: true, force: true });
  }
}

async function entriesOf(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
