import { realpath, rename, rm, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Rejected } from '../../core/chunk.ts';
import type { TypedArray } from '../../core/dtype.ts';
import { ConfigError, type Issue } from '../../core/error.ts';
import { formatValue } from '../../core/format.ts';
import { type Sink, type SinkColumn, type SinkRow, sinks } from '../../sink/index.ts';
import type { SampleSource } from '../../source/index.ts';
import { inferenceRows } from '../../train/evaluate-source.ts';
import { batchesOf } from '../../train/source-batches.ts';
import { countReasons, type Reasons } from '../probe.ts';
import { columnsOf, headReaders } from './prediction.ts';
import type { TrainedPipeline } from './trained.ts';

export interface Predicted {
  readonly rows: number;
  /** Records that could not be samples: they have no prediction. */
  readonly rejected: number;
  /** Why not. */
  readonly reasons: Reasons;
}

/**
 * Writes what every head predicts for all of a source: probabilities where the head is a classifier, otherwise numbers
 * on the scale that labels have in the source. A head whose labels are classes has a column with the likeliest one, and one
 * with the probability of each, called `head.class`.
 * @param out ends in .parquet, .csv or .ndjson; a file that is there is replaced
 * @throws ConfigError when it ends in something else, is a folder or a file of the source, columns would have one name, or
 *   there are no rows
 */
export async function predict(
  { runner, pipeline }: TrainedPipeline,
  source: SampleSource,
  out: string,
  signal: AbortSignal,
): Promise<Predicted> {
  const readers = headReaders(pipeline);
  const row = source.mapping.id === undefined ? 'row' : 'id';
  const columns = columnsOf(readers, { name: row, kind: row === 'id' ? 'text' : 'int32' });
  await refuseLosing(out, source);
  const target = await openTarget(out, columns);
  let [rows, rejected] = [0, 0];
  let reasons: Reasons = new Map();
  const onRejected = (list: readonly Rejected[]): void => {
    const whole = list.filter(({ head }) => head === undefined);
    rejected += whole.length;
    reasons = countReasons(whole, reasons);
  };
  try {
    for await (const chunk of batchesOf(source, { rows: inferenceRows, signal, onRejected })) {
      const predicted = await runner.predict(chunk.rows, chunk.inputs);
      for (let at = 0; at < chunk.rows; at++) {
        const line: Record<string, unknown> = { [row]: chunk.ids?.[at] ?? rows + at };
        for (const reader of readers)
          Object.assign(line, reader.cells(predicted[reader.name] as TypedArray, at, chunk.rows));
        await target.sink.write(line);
      }
      rows += chunk.rows;
    }
    if (rows === 0) throw new ConfigError(nothingIn(source, rejected));
    await target.close();
    return { rows, rejected, reasons };
  } catch (error) {
    await target.discard();
    throw error;
  }
}

const nothingIn = ({ name }: SampleSource, rejected: number): Issue => ({
  where: name,
  expected: 'rows to predict',
  found: rejected === 0 ? 'none' : `none: ${rejected} records could not be read`,
});

/** @throws ConfigError when writing would take away what is read, or a folder with all that is in it */
async function refuseLosing(out: string, source: SampleSource): Promise<void> {
  const there = await stat(out).catch(() => undefined);
  if (!there) return;
  if (there.isDirectory())
    throw new ConfigError({ where: '--out', expected: 'a file', found: `a folder, ${formatValue(out)}` });
  const place = await realpath(out);
  for (const file of await source.files())
    if ((await realpath(file).catch(() => file)) === place)
      throw new ConfigError({
        where: '--out',
        expected: 'another file than those that are read',
        found: formatValue(out),
      });
}

interface Target {
  readonly sink: Sink<SinkRow>;
  /** Puts what was written in its place. */
  close(): Promise<void>;
  discard(): Promise<void>;
}

async function openTarget(out: string, columns: readonly SinkColumn[]): Promise<Target> {
  const type = extname(out).slice(1).toLowerCase();
  if (type !== 'parquet' && type !== 'csv' && type !== 'ndjson')
    throw new ConfigError({
      where: '--out',
      expected: 'a file that ends in .parquet, .csv or .ndjson',
      found: formatValue(out),
    });
  const writing = `${out}.writing`;
  const clear = (): Promise<void> => rm(writing, { recursive: true, force: true });
  await clear();
  // Parquet is written as a folder of parts: here there is one.
  const whole = type === 'parquet' ? { partRows: Number.MAX_SAFE_INTEGER } : {};
  const sink = await sinks.build({ type, path: writing, ...whole }, { where: '--out', columns }, '--out');
  return {
    sink,
    discard: async () => {
      await sink.close().catch(() => {});
      await clear();
    },
    close: async () => {
      await sink.flush();
      await sink.close();
      await rm(out, { recursive: true, force: true });
      await rename(type === 'parquet' ? join(writing, 'part-000000.parquet') : writing, out);
      await clear();
    },
  };
}
