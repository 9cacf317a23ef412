import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SourceError } from '../core/error.ts';

/** Text is kept until there is so much of it, or it is flushed. */
const bufferedBytes = 64 * 1024;
/** As long as it can't be written it is kept, up to so much. */
const keptBytes = 64 * 2 ** 20;

/**
 * A file of lines that grows at its end. Places in it are numbers of bytes. What a crash left of a line is closed by a
 * line break before anything is added, so that it spoils no other line. What can't be
 * written, as on a disk that is full, is kept, and is an error of every call until it was written after all.
 */
export class AppendFile {
  readonly path: string;
  private readonly file: FileHandle;
  private size: number;
  private endsInLine: boolean;
  private waiting: string[] = [];
  private waitingBytes = 0;
  /** Bytes of lines that were given and are not in the file yet. */
  private givenBytes = 0;
  /** Why nothing can be known of the file any more. */
  private failed: unknown;
  /** Why what waits could not be written, and how much there must be before that is tried again. */
  private unwritten: { readonly error: SourceError; readonly nextBytes: number } | undefined;
  /** Calls run one after the other, whoever waits for them. */
  private last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, file: FileHandle, size: number, endsInLine: boolean) {
    this.path = path;
    this.file = file;
    this.size = size;
    this.endsInLine = endsInLine;
  }

  /** @throws SourceError when there can be no such file */
  static async open(path: string): Promise<AppendFile> {
    try {
      await mkdir(dirname(path), { recursive: true });
      const file = await open(path, 'a+');
      const { size } = await file.stat();
      await syncDirectory(dirname(path));
      return new AppendFile(path, file, size, await endsInLine(file, size));
    } catch (error) {
      throw failure(path, 'a file to write', error);
    }
  }

  /** Whether nothing was written yet, or everything was forgotten. */
  get isEmpty(): boolean {
    return this.size === 0 && this.waitingBytes === 0;
  }

  /** Bytes that the file has when all that was given is in it. */
  get place(): number {
    return this.size + this.givenBytes + (this.endsInLine || this.givenBytes === 0 ? 0 : 1);
  }

  /** Adds a line; its line break is put there. @throws SourceError when something could not be written: it is kept */
  append(line: string): Promise<void> {
    this.waiting.push(line);
    this.waitingBytes += line.length + 1;
    this.givenBytes += Buffer.byteLength(line) + 1;
    if (this.waitingBytes >= (this.unwritten?.nextBytes ?? bufferedBytes)) return this.inTurn(() => this.drain());
    return this.check(this.failed ?? this.unwritten?.error);
  }

  /** Resolves when everything outlasts a power cut. @returns the number of bytes */
  flush(): Promise<number> {
    return this.inTurn(async () => {
      await this.drain();
      await this.file.datasync();
      return this.size;
    });
  }

  /** Forgets everything after so many bytes. @throws SourceError when there are fewer */
  truncate(size: number): Promise<void> {
    return this.inTurn(async () => {
      await this.drain();
      if (!Number.isInteger(size) || size < 0 || size > this.size)
        throw new SourceError({
          where: this.path,
          expected: `at least the ${size} bytes that it had at the checkpoint`,
          found: `${this.size}`,
          hint: 'the file was changed or replaced since; put it back, or write to another',
        });
      await this.file.truncate(size);
      await this.file.datasync();
      this.size = size;
      this.endsInLine = await endsInLine(this.file, size);
    });
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.file.close();
    }
  }

  private async drain(): Promise<void> {
    if (this.waiting.length === 0) return;
    const count = this.waiting.length;
    const text = `${this.endsInLine ? '' : '\n'}${this.waiting.join('\n')}\n`;
    const bytes = Buffer.from(text);
    try {
      if (this.unwritten) await this.mend();
      await this.file.appendFile(bytes);
    } catch (error) {
      const failed = failure(this.path, 'a file that can be written', error);
      if (bytes.length > keptBytes) this.failed = failed;
      this.unwritten = { error: failed, nextBytes: this.waitingBytes + bufferedBytes };
      throw failed;
    }
    this.unwritten = undefined;
    this.waiting.splice(0, count);
    this.waitingBytes = this.waiting.reduce((sum, line) => sum + line.length + 1, 0);
    this.size += bytes.length;
    this.givenBytes -= bytes.length - (this.endsInLine ? 0 : 1);
    this.endsInLine = true;
  }

  /** Takes away what a write left that failed. */
  private async mend(): Promise<void> {
    if ((await this.file.stat()).size > this.size) await this.file.truncate(this.size);
  }

  private async check(failed = this.failed): Promise<void> {
    if (failed !== undefined) throw failed;
  }

  /** Runs after everything before it. After a flush that failed nothing is known of the file: all later calls fail too. */
  private inTurn<Result>(run: () => Promise<Result>): Promise<Result> {
    const result = this.last.then(async () => {
      await this.check();
      return run().catch((error: unknown) => {
        if (error instanceof SourceError) throw error;
        this.failed = failure(this.path, 'a file that can be written', error);
        throw this.failed;
      });
    });
    this.last = result.catch(() => {});
    return result;
  }
}

/** An error of the file system as ours. */
export function failure(path: string, expected: string, error: unknown): SourceError {
  const found = error instanceof Error ? error.message : String(error);
  return new SourceError({ where: path, expected, found }, { cause: error });
}

/** Makes names that were given or taken away in a directory outlast a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  // Windows has no such call, and needs none.
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function endsInLine(file: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return true;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === 10;
}
