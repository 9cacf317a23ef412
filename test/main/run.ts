import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** What Node is given to run the command line. */
export const loader = ['--import', './scripts/typescript.js', 'src/main.ts'];

/** What `trunkline …` printed, and its exit code. */
export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line as a user would, in a process of its own. */
export function trunkline(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Ran {
  const flags = [...loader, ...args];
  const env = { ...process.env, ...environment };
  const { status, stdout, stderr } = spawnSync(process.execPath, flags, { cwd: root, encoding: 'utf8', env });
  return { status, stdout, stderr };
}

/** The same while this process goes on, so that it may answer what is asked. */
export async function trunklineBeside(args: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [...loader, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data: Buffer) => {
    stdout += data;
  });
  child.stderr.on('data', (data: Buffer) => {
    stderr += data;
  });
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout, stderr };
}
