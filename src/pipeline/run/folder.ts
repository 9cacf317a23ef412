import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseConfig } from '../../core/config.ts';
import { ConfigError } from '../../core/error.ts';

/** What is in a run folder, by name. */
const entries = {
  manifest: 'manifest.json',
  metrics: 'metrics.ndjson',
  checkpoints: 'checkpoints',
  predictions: 'predictions',
  arrivals: 'arrivals',
  report: 'report.html',
} as const;

export type RunMode = 'new' | 'resume' | 'overwrite';

/** Where a run leaves what others can read. */
export class RunFolder {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  path(entry: keyof typeof entries, ...rest: readonly string[]): string {
    return join(this.directory, entries[entry], ...rest);
  }

  /**
   * Makes the folder ready for a run.
   * @throws ConfigError when there is a run and none is to be gone on with or replaced, or the other way round
   */
  async prepare(mode: RunMode): Promise<void> {
    const isThere = (await this.#names()).includes(entries.manifest);
    if (mode === 'new' && isThere)
      throw new ConfigError({
        where: this.directory,
        expected: 'no run in the run folder',
        found: 'one',
        hint: 'go on with it (--resume), replace it (--overwrite), or choose another folder (checkpoint.directory)',
      });
    if (mode === 'resume' && !isThere)
      throw new ConfigError({
        where: this.directory,
        expected: 'a run to go on with in the run folder',
        found: 'none',
        hint: 'begin one: leave --resume out',
      });
    if (mode === 'overwrite')
      for (const name of Object.values(entries)) await rm(join(this.directory, name), { recursive: true, force: true });
    await mkdir(this.directory, { recursive: true });
  }

  /** Writes a file as a whole or not at all. */
  async write(entry: 'manifest' | 'report', text: string): Promise<void> {
    const path = this.path(entry);
    await writeFile(`${path}.writing`, text);
    await rename(`${path}.writing`, path);
  }

  /** @throws ConfigError when there is no manifest, or it is no JSON */
  async manifest(): Promise<unknown> {
    const path = this.path('manifest');
    try {
      return JSON.parse(await readFile(path, 'utf8'));
    } catch (error) {
      const found = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : (error as Error).message;
      throw new ConfigError({ where: path, expected: 'the manifest of a run', found }, { cause: error });
    }
  }

  /** When the run was begun, ISO 8601; undefined when there is none. @throws ConfigError when its manifest is damaged */
  async begunAt(): Promise<string | undefined> {
    if (!(await this.#names()).includes(entries.manifest)) return undefined;
    const where = this.path('manifest');
    return parseConfig(z.looseObject({ begunAt: z.string() }), await this.manifest(), where).begunAt;
  }

  /** Lines of the metrics file; what was cut off in mid-line is left out. */
  async metricLines<Line>(): Promise<readonly Line[]> {
    return linesIn(await this.#metrics()).map((line) => JSON.parse(line) as Line);
  }

  /** Forgets lines of the metrics file about later steps: they are taken once more. */
  async keepMetrics(step: number): Promise<void> {
    const text = await this.#metrics();
    const isKept = (line: string): boolean => (JSON.parse(line) as { readonly step: number }).step <= step;
    const kept = linesIn(text)
      .filter(isKept)
      .map((line) => `${line}\n`)
      .join('');
    // Nothing is written where nothing goes: the disk may be full.
    if (kept !== text || text === '') await writeFile(this.path('metrics'), kept);
  }

  async #metrics(): Promise<string> {
    return readFile(this.path('metrics'), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
  }

  async #names(): Promise<readonly string[]> {
    return readdir(this.directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
  }
}

const linesIn = (text: string): readonly string[] => text.split('\n').slice(0, -1);
