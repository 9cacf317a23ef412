import type { Clock } from '../../core/clock.ts';
import type { EventSink, TrunklineEvent } from '../../core/event.ts';
import { MetricLines } from '../../report/metrics-file.ts';
import { AppendFile } from '../../sink/append-file.ts';

/** Steps that one line is about, at first. */
const stepsPerLine = 20;

export interface MetricsFileOptions {
  readonly clock: Clock;
  readonly events: EventSink;
}

/** The file of a run's metrics. That it can't be written is no reason to end a run: it is told once, and left alone. */
export class MetricsFile {
  readonly #file: AppendFile;
  readonly #lines: MetricLines;
  readonly #events: EventSink;
  #hasFailed = false;

  private constructor(file: AppendFile, { clock, events }: MetricsFileOptions) {
    this.#file = file;
    this.#events = events;
    this.#lines = new MetricLines({
      clock,
      everySteps: stepsPerLine,
      write: (line) => {
        file.append(JSON.stringify(line)).catch((error: unknown) => this.#failed(error));
      },
    });
  }

  /** @throws SourceError when there can be no such file */
  static async open(path: string, options: MetricsFileOptions): Promise<MetricsFile> {
    return new MetricsFile(await AppendFile.open(path), options);
  }

  readonly event = (event: TrunklineEvent): void => this.#lines.event(event);

  /** Resolves when everything was written, or was found not to be writable. */
  async close(): Promise<void> {
    await this.#file.close().catch((error: unknown) => this.#failed(error));
  }

  #failed(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#events({ type: 'metricsFailed', message: error instanceof Error ? error.message : String(error) });
  }
}
