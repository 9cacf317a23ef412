import { AppendFile } from '../../sink/append-file.ts';
import type { StepItem } from '../../stream/item.ts';
import { keepLines } from './kept-lines.ts';

/** A line of the journal: the samples that a step learned from, by head. */
export interface JournalLine {
  readonly step: number;
  readonly heads: Readonly<Record<string, readonly string[]>>;
}

/** The file that says which step learned from which samples. */
export class Journal {
  readonly #file: AppendFile;

  private constructor(file: AppendFile) {
    this.#file = file;
  }

  /** @param step that the run goes on from: lines about later ones are forgotten, as those are taken once more */
  static async open(path: string, step: number): Promise<Journal> {
    await keepLines(path, (line) => (JSON.parse(line) as JournalLine).step <= step);
    return new Journal(await AppendFile.open(path));
  }

  take(item: StepItem): void {
    if (!('step' in item)) return;
    const { ids, labels, rows } = item.batch;
    const heads: Record<string, readonly string[]> = {};
    for (const head of Object.keys(item.heads)) {
      const present = labels[head]?.present;
      heads[head] = Array.from({ length: rows }, (_, row) => row).flatMap((row) =>
        present?.[row] ? (ids?.[row] ?? '') : [],
      );
    }
    // A failure to write is kept by the file, and thrown where it is flushed.
    this.#file.append(JSON.stringify({ step: item.step, heads } satisfies JournalLine)).catch(() => {});
  }

  /** Resolves when everything taken outlasts a power cut. */
  async flush(): Promise<void> {
    await this.#file.flush();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
