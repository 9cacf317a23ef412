import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { SourceError } from '../../core/error.ts';
import { formatValue } from '../../core/format.ts';
import { AppendFile } from '../../sink/append-file.ts';
import type { TableColumn } from '../source.ts';

/** A file that came. */
export interface Arrival {
  /** Its path inside of the folder. */
  readonly name: string;
  /** Its size when it was complete. */
  readonly bytes: number;
}

const columnsSchema = z.array(
  z.strictObject({
    name: z.string(),
    kind: z.enum(['number', 'text', 'bytes', 'numbers', 'texts', 'mixed']),
    type: z.string(),
  }),
);
const lineSchema = z.union([
  z.strictObject({ name: z.string(), bytes: z.number() }),
  z.strictObject({ columns: columnsSchema }),
]);

/**
 * The order in which files are read: that in which they were begun. It is kept in a file of the run, so that every restart
 * reads them in the same order, each once, whatever they are called and whenever they came.
 */
export class Arrivals {
  readonly #path: string | undefined;
  readonly #names: string[] = [];
  readonly #bytes: number[] = [];
  readonly #known = new Set<string>();
  #columns: readonly TableColumn[] | undefined;
  #file: AppendFile | undefined;
  /** Bytes of whole lines in the file. */
  #wholeBytes = 0;
  /** Files are begun one after the other, whoever asks. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string | undefined) {
    this.#path = path;
  }

  /**
   * What was written before. Nothing is written yet.
   * @param path of the file; nothing is kept beyond the process when left out
   * @throws SourceError when it is damaged
   */
  static async open(path?: string): Promise<Arrivals> {
    const arrivals = new Arrivals(path);
    if (path !== undefined) await arrivals.#read(path);
    return arrivals;
  }

  /** The columns that files have, once they were seen. */
  get columns(): readonly TableColumn[] | undefined {
    return this.#columns;
  }

  /** The file that is read as the `place`-th, from 0. */
  at(place: number): Arrival | undefined {
    const [name, bytes] = [this.#names[place], this.#bytes[place]];
    return name === undefined || bytes === undefined ? undefined : { name, bytes };
  }

  get length(): number {
    return this.#names.length;
  }

  has(name: string): boolean {
    return this.#known.has(name);
  }

  /** Keeps the columns, unless some are kept. */
  keepColumns(columns: readonly TableColumn[]): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#columns) return;
      await this.#write({ columns });
      this.#columns = columns;
    });
  }

  /** Says which file is read as the `place`-th, unless that is known. Resolves when it outlasts a power cut. */
  begin(place: number, arrival: Arrival): Promise<Arrival> {
    return this.#inTurn(async () => {
      const known = this.at(place);
      if (known) return known;
      await this.#write(arrival);
      this.#take(arrival);
      return arrival;
    });
  }

  #take({ name, bytes }: Arrival): void {
    this.#names.push(name);
    this.#bytes.push(bytes);
    this.#known.add(name);
  }

  async #read(path: string): Promise<void> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw new SourceError({ where: path, expected: 'a file that can be read', found: error.message });
    });
    // What a crash left of a line is of a file that was not begun.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    this.#wholeBytes = Buffer.byteLength(whole);
    for (const [at, line] of whole.split('\n').slice(0, -1).entries()) {
      const parsed = lineSchema.safeParse(parse(line));
      if (!parsed.success)
        throw new SourceError({
          where: `${path}:${at + 1}`,
          expected: 'a file that was begun: { name, bytes }',
          found: formatValue(line),
          hint: 'the order in which files were read is lost: begin a new run',
        });
      if ('columns' in parsed.data) this.#columns = parsed.data.columns;
      else this.#take(parsed.data);
    }
  }

  async #write(line: object): Promise<void> {
    if (this.#path === undefined) return;
    if (!this.#file) {
      const file = await AppendFile.open(this.#path);
      await file.truncate(this.#wholeBytes);
      this.#file = file;
    }
    await this.#file.append(JSON.stringify(line));
    await this.#file.flush();
  }

  #inTurn<Result>(run: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(run);
    this.#last = result.catch(() => {});
    return result;
  }

  /** Lets the file go; what comes later opens it again. */
  async close(): Promise<void> {
    await this.#inTurn(async () => {
      const file = this.#file;
      this.#file = undefined;
      if (!file) return;
      this.#wholeBytes = await file.flush();
      await file.close();
    });
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
