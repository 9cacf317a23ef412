import { type FileHandle, open } from 'node:fs/promises';
import type * as Arrow from 'apache-arrow';
import { SourceError } from '../../core/error.ts';
import { bytesOf } from '../file/bytes.ts';
import { verifyData } from './data.ts';
import { footerOf, isArrowFile, verifyAt } from './file.ts';
import { messagesOf } from './message.ts';

export interface BatchOptions {
  /** The first batch that is wanted; those before it are passed over. */
  readonly from: number;
  readonly maxBytes: number;
  readonly signal: AbortSignal | undefined;
}

/** What an Arrow file or stream holds. */
export interface Batches {
  readonly schema: Arrow.Schema;
  /** Batches from the wanted one on, with their numbers. */
  batches(): AsyncIterable<readonly [batch: Arrow.RecordBatch, number: number]>;
  close(): Promise<void>;
}

/** The library, loaded when it is first needed. */
export function loadArrow(): Promise<typeof Arrow> {
  return import('apache-arrow');
}

/**
 * Opens an Arrow file, in which each batch is found at once, or a stream of batches, also packed by gzip.
 * @throws SourceError, or what the library throws
 */
export async function openBatches(path: string, options: BatchOptions): Promise<Batches> {
  const file = await open(path).catch((error: Error) => {
    throw new SourceError({ where: path, expected: 'a file that can be read', found: error.message }, { cause: error });
  });
  let isKept = false;
  try {
    isKept = await isArrowFile(file);
    return isKept ? await openFile(file, options.from) : await openStream(path, options);
  } catch (error) {
    isKept = false;
    throw error;
  } finally {
    if (!isKept) await file.close();
  }
}

async function openFile(file: FileHandle, from: number): Promise<Batches> {
  const library = await loadArrow();
  const { batches: offsets } = await footerOf(file);
  const reader = await library.RecordBatchReader.from(file);
  await reader.open();
  return {
    schema: reader.schema,
    batches: async function* () {
      for (let number = from; number < offsets.length; number++) {
        await verifyAt(file, offsets[number] as number, 'recordBatch');
        const batch = await reader.readRecordBatch(number);
        if (batch === null) throw new Error(`no batch ${number + 1} of ${offsets.length}`);
        verifyData(library, batch.data, batch.numRows);
        yield [batch, number] as const;
      }
    },
    close: () => file.close(),
  };
}

async function openStream(path: string, { from, maxBytes, signal }: BatchOptions): Promise<Batches> {
  const library = await loadArrow();
  const bytes = bytesOf(path, { from: 0, maxBytes, signal });
  async function* wanted(): AsyncGenerator<Buffer> {
    let number = 0;
    for await (const message of messagesOf(bytes))
      if (message.kind !== 'recordBatch' || number++ >= from) yield message.bytes;
  }
  const reader = await library.RecordBatchReader.from(wanted());
  await reader.open();
  if (reader.schema === undefined) throw new Error('nothing');
  return {
    schema: reader.schema,
    batches: async function* () {
      let number = from;
      for await (const batch of reader as AsyncIterable<Arrow.RecordBatch>) {
        // The library makes up a batch without columns where a stream has none.
        if (batch.numRows > 0) verifyData(library, batch.data, batch.numRows);
        yield [batch, number++] as const;
      }
    },
    close: async () => {
      await bytes.return(undefined);
    },
  };
}
