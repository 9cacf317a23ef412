import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import type { ParquetCompression, ParquetSchema, ParquetWriter, SchemaDefinition } from '@dsnp/parquetjs';
import type { SinkColumn, SinkKind, SinkRow } from './row.ts';

/** How the options name parquetjs's compressions. */
export const codecs = { snappy: 'SNAPPY', gzip: 'GZIP', brotli: 'BROTLI', none: 'UNCOMPRESSED' } as const;

/** The library, loaded when the first part is made. */
const library = (): Promise<typeof import('@dsnp/parquetjs')> => import('@dsnp/parquetjs');

const primitive = {
  text: 'UTF8',
  float32: 'FLOAT',
  float64: 'DOUBLE',
  int32: 'INT32',
  bool: 'BOOLEAN',
  time: 'TIMESTAMP_MILLIS',
} as const;
const element = { floats: 'FLOAT', ints: 'INT32', texts: 'UTF8' } as const;

/** The schema of parts with these columns. */
export async function partSchema(
  columns: readonly SinkColumn[],
  compression: ParquetCompression,
): Promise<ParquetSchema> {
  const { default: parquet } = await library();
  // Without statistics: those of NaN would mislead readers.
  const options = { compression, statistics: false } as const;
  const fields = columns.map(({ name, kind }): [string, SchemaDefinition[string]] => {
    if (!isList(kind)) return [name, { type: primitive[kind], optional: true, ...options }];
    return [name, parquet.ParquetFieldBuilder.createListField(element[kind], true, { optional: true, ...options })];
  });
  return new parquet.ParquetSchema(Object.fromEntries(fields));
}

function isList(kind: SinkKind): kind is keyof typeof element {
  return kind in element;
}

/**
 * The end of a file, as parquetjs writes to it. It does not wait for each of its writes, so they are put in order here,
 * and it is never told of a failure, which nobody would catch there: `all` says so instead.
 */
class Writes {
  /** Rejects when a write failed. */
  all: Promise<void> = Promise.resolve();
  private readonly file: FileHandle;

  constructor(file: FileHandle) {
    this.file = file;
  }

  write(bytes: Uint8Array, done: () => void): boolean {
    this.all = this.all.then(() => this.file.appendFile(bytes));
    this.all.then(
      () => done(),
      () => done(),
    );
    return true;
  }

  /** The file is synced before it is closed, which a stream would not do. */
  end(done: () => void): void {
    this.all.then(
      () => done(),
      () => done(),
    );
  }
}

/** One Parquet file while it is written: whole, and with its name, only once it is finished. */
export class ParquetPart {
  /** Rows that were appended. */
  rows = 0;
  private readonly path: string;
  private readonly file: FileHandle;
  private readonly writes: Writes;
  private readonly writer: ParquetWriter;
  private readonly columns: readonly SinkColumn[];

  private constructor(
    path: string,
    file: FileHandle,
    writes: Writes,
    writer: ParquetWriter,
    columns: readonly SinkColumn[],
  ) {
    this.path = path;
    this.file = file;
    this.writes = writes;
    this.writer = writer;
    this.columns = columns;
  }

  static async open(
    path: string,
    schema: ParquetSchema,
    columns: readonly SinkColumn[],
    groupRows: number,
  ): Promise<ParquetPart> {
    const { default: parquet } = await library();
    const file = await open(path, 'w');
    const writes = new Writes(file);
    const writer = await parquet.ParquetWriter.openStream(schema, writes as never, { rowGroupSize: groupRows });
    return new ParquetPart(path, file, writes, writer, columns);
  }

  async append(row: SinkRow): Promise<void> {
    const values: Record<string, unknown> = {};
    for (const { name, kind } of this.columns) {
      const value = row[name] ?? null;
      if (value === null) continue;
      values[name] = isList(kind)
        ? { list: Array.from(value as ArrayLike<unknown>, (x) => (x === null ? {} : { element: x })) }
        : kind === 'time'
          ? new Date(value as number)
          : value;
    }
    await this.writer.appendRow(values);
    await this.writes.all;
    this.rows++;
  }

  /** Ends the file, makes it outlast a power cut, and gives it its name. */
  async finish(path: string): Promise<void> {
    try {
      await this.writer.close();
      await this.writes.all;
      await this.file.sync();
    } finally {
      await this.file.close();
    }
    await rename(this.path, path);
  }

  /** Takes the file away. */
  async discard(): Promise<void> {
    await this.file.close();
    await rm(this.path, { force: true });
  }
}
