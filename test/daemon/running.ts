import { type Line, RunningDaemon } from '../../scripts/chaos/daemon.ts';

/** A daemon, its lines, and how to wait for one of them. */
export function daemonOf(...pipelines: readonly string[]) {
  const lines: Line[] = [];
  const waiting = new Set<() => void>();
  const daemon = new RunningDaemon(pipelines, (line) => {
    lines.push(line);
    for (const look of waiting) look();
  });
  const until = (is: (line: Line) => boolean): Promise<Line> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = lines.find(is);
        if (!found) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  return { daemon, lines, until };
}
