import type { Line } from './daemon.ts';

/** What a daemon says, for those who wait for something. */
export class Heard {
  readonly #waiting = new Set<(line: Line) => void>();

  hear(line: Line): void {
    for (const look of this.#waiting) look(line);
  }

  /** Resolves with the next line of some kind. */
  next(is: (line: Line) => boolean): Promise<Line> {
    return new Promise((resolve) => {
      const look = (line: Line): void => {
        if (!is(line)) return;
        this.#waiting.delete(look);
        resolve(line);
      };
      this.#waiting.add(look);
    });
  }
}
