import type { LabelColumn } from '../core/chunk.ts';
import { type Sink, type SinkConfig, type SinkContext, type SinkRow, sinks } from '../sink/index.ts';
import type { Source } from '../source/source.ts';
import type { StreamChunk } from './item.ts';
import {
  boundOf,
  formOf,
  listOf,
  mapColumn,
  type RecordingForm,
  type RecordingOptions,
  weightOf,
} from './recording/form.ts';

/** How bounds are written: −1, 0 and 1 stand for what the truth is to the value. */
const bounds: Readonly<Record<number, string>> = { [-1]: '<', 0: '=', 1: '>' };

/** What a stream is recorded to: a row for each sample, as it is trained on. See `record`. */
export class Recording {
  readonly #sink: Sink<SinkRow>;
  readonly #form: RecordingForm;

  /** @param form whose columns the sink has */
  constructor(sink: Sink<SinkRow>, form: RecordingForm) {
    this.#sink = sink;
    this.#form = form;
  }

  /** Where it is once everything that was given to it so far is flushed; 0 while it is empty. */
  get place(): number {
    return this.#sink.place;
  }

  /** Resolves when the rows were taken. @throws TrunklineError when they can't be written */
  async take(item: StreamChunk): Promise<void> {
    await Promise.all(Array.from({ length: item.rows }, (_, row) => this.#sink.write(this.#row(item, row))));
  }

  #row({ inputs, labels, ids, timesMs, origins, flow }: StreamChunk, row: number): SinkRow {
    const { placed, heads, weights } = this.#form;
    const time = timesMs?.[row] ?? Number.NaN;
    const values: Record<string, unknown> = {
      id: ids?.[row],
      time: Number.isNaN(time) ? null : Math.round(time),
      source: flow.origins[origins?.[row] ?? 0]?.source,
    };
    for (const [name, column] of Object.entries(inputs)) values[name] = listOf(column, row, placed.has(name));
    if (heads === undefined) values[mapColumn] = mapOf(labels, row);
    for (const head of heads ?? []) {
      const label = labels[head];
      if (label?.present[row] !== 1) continue;
      values[head] = labelOf(label, row);
      const weight = label.weight?.[row] ?? 1;
      if (weights || weight !== 1) values[weightOf(head)] = weight;
      const bound = label.bound?.[(row * label.values.length) / label.present.length] ?? 0;
      if (bound !== 0) values[boundOf(head)] = bounds[bound];
    }
    return values;
  }

  /** Resolves when everything given so far outlasts a power cut. */
  async flush(): Promise<void> {
    await this.#sink.flush();
  }

  /** Forgets what came after a place. Nothing is to be recorded meanwhile. */
  truncate(place: number): Promise<void> {
    return this.#sink.truncate(place);
  }

  /** Flushes, and lets go of what it writes to. */
  close(): Promise<void> {
    return this.#sink.close();
  }
}

/** A label: a number, or several. */
function labelOf({ values, present }: LabelColumn, row: number): number | ArrayLike<number> {
  const size = values.length / present.length;
  return size === 1 ? (values[row] as number) : (values.subarray(row * size, (row + 1) * size) as Float32Array);
}

/** The labels of a row by head, as JSON. */
function mapOf(labels: StreamChunk['labels'], row: number): string {
  const present = Object.entries(labels).filter(([, label]) => label.present[row] === 1);
  const plain = (label: number | ArrayLike<number>) => (typeof label === 'number' ? label : Array.from(label));
  return JSON.stringify(Object.fromEntries(present.map(([head, label]) => [head, plain(labelOf(label, row))])));
}

/**
 * Opens what samples of a source are recorded to.
 * @param config of a sink, as `{ type: 'parquet', path: 'seen' }`; what it has is kept, and added to
 * @throws ConfigError when two of its columns would have one name; SourceError when it can't be written to
 */
export async function openRecording(
  source: Pick<Source, 'inputs' | 'heads' | 'mayHaveNewHeads'>,
  config: SinkConfig,
  options: RecordingOptions & Partial<Pick<SinkContext, 'where' | 'folder'>> = {},
): Promise<Recording> {
  const { where = 'record', folder } = options;
  const form = formOf(source, options, where);
  const context = { where, columns: form.columns, ...(folder === undefined ? {} : { folder }) };
  return new Recording(await sinks.build(config, context, where), form);
}
