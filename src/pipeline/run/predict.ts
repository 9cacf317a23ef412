import { rename, rm } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { TypedArray } from '../../core/dtype.ts';
import { ConfigError } from '../../core/error.ts';
import { formatValue } from '../../core/format.ts';
import { type Sink, type SinkColumn, type SinkRow, sinks } from '../../sink/index.ts';
import type { SampleSource } from '../../source/index.ts';
import { inferenceRows } from '../../train/evaluate-source.ts';
import { batchesOf } from '../../train/source-batches.ts';
import { PredictionReader } from './prediction.ts';
import type { TrainedPipeline } from './trained.ts';

export interface Predicted {
  readonly rows: number;
  /** Records that could not be samples: they have no prediction. */
  readonly rejected: number;
}

/**
 * Writes what every head predicts for all of a source: probabilities where the head is a classifier, otherwise numbers
 * on the scale that labels have in the source.
 * @param out ends in .parquet, .csv or .ndjson; what is there is replaced
 * @throws ConfigError when it ends in something else
 */
export async function predict(
  { runner, pipeline }: TrainedPipeline,
  source: SampleSource,
  out: string,
  signal: AbortSignal,
): Promise<Predicted> {
  const reader = new PredictionReader(pipeline);
  const row = source.mapping.id === undefined ? 'row' : 'id';
  let target: Target | undefined;
  let [rows, rejected] = [0, 0];
  const onRejected = (list: readonly { readonly head?: string }[]): void => {
    rejected += list.filter(({ head }) => head === undefined).length;
  };
  for await (const chunk of batchesOf(source, { rows: inferenceRows, signal, onRejected })) {
    const predicted = await runner.predict(chunk.rows, chunk.inputs);
    const columns = reader.heads.map((head) => ({ head, values: predicted[head] as TypedArray }));
    target ??= await openTarget(out, [
      { name: row, kind: row === 'id' ? 'text' : 'int32' },
      ...columns.map(
        ({ head, values }): SinkColumn => ({
          name: head,
          kind: values.length === chunk.rows ? 'float32' : 'floats',
        }),
      ),
    ]);
    for (let at = 0; at < chunk.rows; at++) {
      const line: Record<string, unknown> = { [row]: chunk.ids?.[at] ?? rows + at };
      for (const { head, values } of columns) line[head] = reader.of(head, values, at, chunk.rows);
      await target.sink.write(line);
    }
    rows += chunk.rows;
  }
  await target?.close();
  return { rows, rejected };
}

interface Target {
  readonly sink: Sink<SinkRow>;
  close(): Promise<void>;
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
  await rm(writing, { recursive: true, force: true });
  const sink = await sinks.build({ type, path: writing }, { where: '--out', columns }, '--out');
  return {
    sink,
    close: async () => {
      await sink.flush();
      await sink.close();
      await rm(out, { recursive: true, force: true });
      // Parquet is written as a folder of parts: here there is one.
      await rename(type === 'parquet' ? join(writing, 'part-000000.parquet') : writing, out);
      await rm(writing, { recursive: true, force: true });
    },
  };
}
