import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { endOf, reasonOf } from '../measure/process.ts';
import { built, root } from './build.ts';

/** Where bench/peers/setup has put the peers. */
export const peersFolder = process.env.TRUNKLINE_PEERS ?? join(root, '.cache/peers');

/** How a contender is started: a file of ./contender in Python or Node, and the form in which it is to be built. */
export interface Start {
  readonly file: string;
  readonly form?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Absent {
  readonly absent: string;
}

/** What a contender tells once its first step is done. */
interface Ready {
  /** Of the framework, with its version. */
  readonly name: string;
  readonly loss: number;
  /** Milliseconds to build the model, compile it and take the first step. */
  readonly ms: number;
}

/** A contender in a process of its own, that takes steps when asked. */
export class ContenderProcess {
  readonly ready: Ready;
  /** Milliseconds from the start of the process until its first step was done. */
  readonly startMs: number;
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #end: Promise<unknown>;

  constructor(
    ready: Ready,
    startMs: number,
    { child, lines, end }: { readonly child: ChildProcess; readonly lines: Interface; readonly end: Promise<unknown> },
  ) {
    this.ready = ready;
    this.startMs = startMs;
    this.#child = child;
    this.#lines = lines;
    this.#end = end;
  }

  /** @returns milliseconds of all the steps together, and the loss of the last one */
  async steps(count: number): Promise<{ readonly ms: number; readonly loss: number }> {
    this.#child.stdin?.write(`${count}\n`);
    const ended = this.#end.then(() => {
      throw new Error(`${this.ready.name} ended while it was to take ${count} steps`);
    });
    const [line] = await Promise.race([once(this.#lines, 'line'), ended]);
    return JSON.parse(line);
  }

  /** Resident memory in bytes, where the system tells it. */
  get residentBytes(): number | undefined {
    const file = `/proc/${this.#child.pid}/status`;
    const kilobytes = existsSync(file) && /VmRSS:\s+(\d+)/.exec(readFileSync(file, 'utf8'))?.[1];
    return kilobytes ? Number(kilobytes) * 1024 : undefined;
  }

  async close(): Promise<void> {
    this.#child.stdin?.end();
    await this.#end;
  }
}

/** What limits everyone to the same threads, whatever it would take. */
export function environment(threads: number): Record<string, string> {
  return {
    OMP_NUM_THREADS: `${threads}`,
    TF_NUM_INTRAOP_THREADS: `${threads}`,
    TF_NUM_INTEROP_THREADS: '1',
    TF_CPP_MIN_LOG_LEVEL: '3',
    XLA_FLAGS: `--xla_cpu_multi_thread_eigen=${threads > 1} intra_op_parallelism_threads=${threads}`,
    CUDA_VISIBLE_DEVICES: '',
    TRUNKLINE_PEERS: peersFolder,
  };
}

/** A command line on as many processors as there are threads, where the machine has more and can do that. */
export function onProcessors(threads: number, command: readonly string[]): readonly string[] {
  const limited = process.platform === 'linux' && availableParallelism() > threads;
  return limited ? ['taskset', '--cpu-list', `0-${threads - 1}`, ...command] : command;
}

function commandOf({ file, form = '' }: Start, folder: string, threads: number): readonly string[] {
  const given = [folder, `${threads}`, form];
  if (file.endsWith('.py')) return [join(peersFolder, 'bin/python'), '-m', `contender.${file.slice(0, -3)}`, ...given];
  return [process.execPath, join(built, 'bench/peers/contender', file.replace('.ts', '.js')), ...given];
}

/**
 * Starts a contender on the work in a folder, and waits until its first step is done.
 * @param patienceMs after which it is given up
 * @returns the contender, or why there is none
 */
export async function openContender(
  start: Start,
  folder: string,
  threads: number,
  patienceMs: number,
): Promise<ContenderProcess | Absent> {
  const [program = '', ...argv] = onProcessors(threads, commandOf(start, folder, threads));
  const started = performance.now();
  const child = spawn(program, argv, {
    cwd: join(root, 'bench/peers'),
    env: { ...process.env, ...environment(threads), ...start.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (data: Buffer) => {
    complaint = `${complaint}${data}`.slice(-4000);
  });
  const lines = createInterface({ input: child.stdout });
  const late = setTimeout(() => {
    complaint = `not ready after ${patienceMs / 1000} s`;
    child.kill('SIGKILL');
  }, patienceMs);
  const ready = once(lines, 'line').then(([line]) => line as string);
  const end = endOf(child);
  const ended = end.then((code) => {
    if (code instanceof Error) complaint = code.message;
  });
  const line = await Promise.race([ready, ended]);
  clearTimeout(late);
  if (!line) return { absent: reasonOf(complaint) ?? 'it ended' };
  return new ContenderProcess(JSON.parse(line), performance.now() - started, { child, lines, end });
}
