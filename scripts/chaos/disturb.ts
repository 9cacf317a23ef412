import { type Line, RunningDaemon } from './daemon.ts';
import type { Draw } from './draw.ts';

/** What is done to a daemon. */
export interface Disturbance {
  readonly kills: number;
  readonly draw: Draw;
  /** Told of everything that the daemon says. */
  onLine(line: Line): void;
  /** Called when none of its processes is there, before it is started again. */
  between(): void;
  /** Called once, when the run goes on after the last kill. */
  afterwards(daemon: RunningDaemon): Promise<void>;
}

/** The longest that is waited at its moment before a kill. */
const longestMs = 800;

/** What a daemon has to have said, and how often since it was started, before it is killed: some kills come while it starts. */
const moments = [
  ['status', 1],
  ['runStarted', 1],
  ['checkpointWritten', 1],
  ['checkpointWritten', 3],
] as const;
const latest = moments[3];

/** Runs a daemon that is killed again and again, the supervisor and the pipeline's process in turn. @returns what is wrong */
export async function disturb(
  pipeline: string,
  { kills, draw, onLine, between, afterwards }: Disturbance,
): Promise<readonly string[]> {
  let killed = 0;
  let after: Promise<void> | undefined;
  for (;;) {
    let timer: NodeJS.Timeout | undefined;
    let said = 0;
    const drawn = (): (typeof moments)[number] =>
      moments[Math.floor(draw() * moments.length)] as (typeof moments)[number];
    // The first leaves more than one checkpoint behind.
    let [type, times] = killed === 0 ? latest : drawn();
    const daemon = new RunningDaemon(
      [pipeline],
      (line) => {
        onLine(line);
        if (killed === kills && line.type === 'runStarted') after ??= afterwards(daemon);
        if (line.type !== type || ++said < times || timer || killed === kills) return;
        timer = setTimeout(() => {
          timer = undefined;
          daemon.kill(killed % 2 === 0 ? 'supervisor' : 'pipeline');
          killed++;
          said = 0;
          [type, times] = drawn();
        }, draw() * longestMs);
      },
      { isTimeJumping: true },
    );
    const code = await daemon.ended();
    clearTimeout(timer);
    if (code === null) {
      await daemon.gone();
      between();
      continue;
    }
    const faults = code === 0 ? [] : [`the daemon ended with code ${code}: ${daemon.errors}`];
    if (killed < kills) return [...faults, `the run ended ${kills - killed} kills too early`];
    if (!after) return [...faults, 'the run ended before anything else was done to it'];
    await after;
    return faults;
  }
}
