import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as timeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const loader = new URL('../typescript.js', import.meta.url).href;
const jumps = new URL('./clock.js', import.meta.url).href;

/** What the daemon says of its pipeline, line by line. */
export type Line = Readonly<Record<string, unknown>> & { readonly type: string };

export interface DaemonOptions {
  /** Whether the time of day jumps, for its pipelines too. */
  readonly isTimeJumping?: boolean;
}

/** A daemon in a process of its own. */
export class RunningDaemon {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  /** Of the pipeline that told of itself last. */
  #pid: number | undefined;
  #errors = '';

  constructor(
    pipelines: readonly string[],
    onLine: (line: Line) => void,
    { isTimeJumping = false }: DaemonOptions = {},
  ) {
    const { NODE_OPTIONS = '' } = process.env;
    this.#child = spawn(process.execPath, ['--import', loader, main, 'run', ...pipelines, '--json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(isTimeJumping ? { env: { ...process.env, NODE_OPTIONS: `${NODE_OPTIONS} --import ${jumps}` } } : {}),
    });
    if (this.#child.stdout)
      createInterface({ input: this.#child.stdout }).on('line', (text) => {
        const line = JSON.parse(text) as Line;
        if (line.type === 'status') this.#pid = line.pid as number | undefined;
        onLine(line);
      });
    this.#child.stderr?.on('data', (data: Buffer) => {
      this.#errors += data;
    });
    this.#ended = new Promise((resolve) => this.#child.once('close', (code) => resolve(code)));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get errors(): string {
    return this.#errors;
  }

  /** Resolves when neither it nor its pipeline is there any more: after a kill. */
  async gone(): Promise<void> {
    await this.#ended;
    while (this.#pid !== undefined && isThere(this.#pid)) await timeout(20);
  }

  /** `kill -9` of the supervisor, or of the pipeline's process. */
  kill(who: 'supervisor' | 'pipeline'): void {
    if (who === 'supervisor') this.#child.kill('SIGKILL');
    else if (this.#pid !== undefined)
      try {
        process.kill(this.#pid, 'SIGKILL');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves with the exit code, null after a kill. */
  ended(): Promise<number | null> {
    return this.#ended;
  }
}

/** Whether there is a process of this number. */
export function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
