import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Contender } from '../measure/timing.ts';

/** The Python that has the peers' packages: see bench/README.md. */
const python = process.env.TRUNKLINE_PEERS ?? 'python3';
const script = fileURLToPath(new URL('./step.py', import.meta.url));

/** Another framework, in a process of its own, that takes steps when asked. */
class Peer implements Contender {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #lines: Interface;

  constructor(name: string, process: ChildProcess, lines: Interface) {
    this.name = name;
    this.#process = process;
    this.#lines = lines;
  }

  async steps(count: number): Promise<readonly number[]> {
    this.#process.stdin?.write(`${count}\n`);
    const [line] = await once(this.#lines, 'line');
    return JSON.parse(line);
  }

  async close(): Promise<void> {
    this.#process.stdin?.end();
    await once(this.#process, 'exit');
  }
}

/**
 * Starts a peer on one piece of work.
 * @returns the peer, or why there is none
 */
export async function openPeer(
  type: string,
  work: string,
  rows: number,
  threads: number,
): Promise<Peer | { readonly absent: string }> {
  if (python !== 'python3' && !existsSync(python)) return { absent: `${python} does not exist` };
  const child = spawn(python, [script, type, work, `${rows}`, `${threads}`], { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (data: Buffer) => {
    complaint = `${complaint}${data}`.slice(-2000);
  });
  const lines = createInterface({ input: child.stdout });
  const ready = once(lines, 'line').then(([line]) => line as string);
  const ended = once(child, 'close').then(() => undefined);
  const name = await Promise.race([ready, ended, once(child, 'error').then(() => undefined)]);
  return name
    ? new Peer(JSON.parse(name), child, lines)
    : { absent: complaint.trim().split('\n').at(-1) ?? 'it ended' };
}
