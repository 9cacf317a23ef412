import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** What a failed process complained of: its last line that names an error, or else its last. */
export function reasonOf(complaint: string): string | undefined {
  const lines = complaint.trim().split('\n');
  return (lines.findLast((line) => /Error: /.test(line)) ?? lines.at(-1))?.trim() || undefined;
}

/** How a process ended: its exit code, or why it never began. */
export const endOf = (child: ChildProcess): Promise<number | null | Error> =>
  new Promise((resolve) => {
    child.once('close', resolve);
    child.once('error', resolve);
  });

/** What a process and those that it started took together. */
export interface Usage {
  readonly wallMs: number;
  /** Of the processor. Not a number where the system does not tell. */
  readonly cpuMs: number;
  /** The most memory at one time; what processes share counts once. Not a number where the system does not tell. */
  readonly peakBytes: number;
  readonly output: string;
}

const ticksPerSecond = 100;
const sampleMs = 100;

/** Processor time of this process's children that have ended, and of theirs. */
function childrensMs(): number {
  if (!existsSync('/proc/self/stat')) return Number.NaN;
  const [user, system] = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
    .slice(13, 15);
  return ((Number(user) + Number(system)) / ticksPerSecond) * 1000;
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It has ended.
    return otherwise;
  }
}

/** A process, and all that it started, by their numbers. */
function treeOf(root: number): readonly number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [
      Number(name),
      Number(
        readOr(`/proc/${name}/stat`, '')
          .replace(/^.*\) . /, '')
          .split(' ')[0],
      ),
    ]);
  const below = (pid: number): number[] => [
    pid,
    ...parents.filter(([, of]) => of === pid).flatMap(([one]) => below(one as number)),
  ];
  return below(root);
}

const memoryOf = (child: ChildProcess): number =>
  existsSync('/proc/self/smaps_rollup') && child.pid
    ? treeOf(child.pid).reduce((sum, pid) => {
        const kilobytes = /^Pss:\s+(\d+)/m.exec(readOr(`/proc/${pid}/smaps_rollup`, ''))?.[1];
        return sum + Number(kilobytes ?? 0) * 1024;
      }, 0)
    : Number.NaN;

/**
 * Runs a program to its end.
 * @returns what it took and wrote, or why it failed
 */
export async function runMeasured(
  [program = '', ...argv]: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<Usage | { readonly absent: string }> {
  const [cpuBefore, started] = [childrensMs(), performance.now()];
  const child = spawn(program, argv, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let complaint = '';
  child.stdout.on('data', (data: Buffer) => {
    output += data;
  });
  child.stderr.on('data', (data: Buffer) => {
    complaint = `${complaint}${data}`.slice(-4000);
  });
  let peakBytes = memoryOf(child);
  const sampling = setInterval(() => {
    peakBytes = Math.max(peakBytes, memoryOf(child));
  }, sampleMs);
  const code = await endOf(child);
  clearInterval(sampling);
  if (code instanceof Error) return { absent: code.message };
  if (code !== 0) return { absent: reasonOf(complaint) ?? `exit code ${code}` };
  return { wallMs: performance.now() - started, cpuMs: childrensMs() - cpuBefore, peakBytes, output };
}
