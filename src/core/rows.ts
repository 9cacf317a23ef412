import type { Chunk, LabelColumn } from './chunk.ts';
import { type Column, columnBytes, gatherColumn, gatherValues, type Runs, sliceColumn } from './column.ts';
import type { TypedArray } from './dtype.ts';
import { type Issue, ShapeError } from './error.ts';

/** Rows of some chunks, in an order: row `rows[i]` of chunk `of[i]`. */
export interface RowRefs {
  readonly of: ArrayLike<number>;
  readonly rows: ArrayLike<number>;
}

/** A chunk without rows. */
export const emptyChunk: Chunk = { rows: 0, inputs: {}, labels: {}, keys: new Int32Array(0) };

/** Bytes that a chunk takes up, about: texts count two for each character. */
export function chunkBytes({ inputs, labels, keys, ids, timesMs, origins, repeats }: Chunk): number {
  let bytes = keys.byteLength + (timesMs?.byteLength ?? 0) + (origins?.byteLength ?? 0) + (repeats?.byteLength ?? 0);
  for (const column of Object.values(inputs)) bytes += columnBytes(column);
  for (const { values, present, weight, bound } of Object.values(labels))
    bytes += values.byteLength + present.byteLength + (weight?.byteLength ?? 0) + (bound?.byteLength ?? 0);
  for (const id of ids ?? []) bytes += 2 * id.length;
  return bytes;
}

/** The rows from `start` up to `end`, as views, and nothing else that came with the chunk. */
export function sliceChunk(chunk: Chunk, start: number, end: number): Chunk {
  const { rows, inputs, labels, keys, ids, timesMs, origins, repeats } = chunk;
  const label = ({ values, present, weight, bound }: LabelColumn): LabelColumn => {
    const size = values.length / rows;
    return {
      values: values.subarray(start * size, end * size),
      present: present.subarray(start, end),
      ...(weight ? { weight: weight.subarray(start, end) } : {}),
      ...(bound ? { bound: bound.subarray(start * size, end * size) } : {}),
    };
  };
  return {
    rows: end - start,
    inputs: mapValues(inputs, (column) => sliceColumn(column, start, end)),
    labels: mapValues(labels, label),
    keys: keys.subarray(start, end),
    ...(ids ? { ids: ids.slice(start, end) } : {}),
    ...(timesMs ? { timesMs: timesMs.subarray(start, end) } : {}),
    ...(origins ? { origins: origins.subarray(start, end) } : {}),
    ...(repeats ? { repeats: repeats.subarray(start, end) } : {}),
  };
}

/**
 * Copies of rows of several chunks, as one chunk: it keeps none of them from being freed.
 * @throws ShapeError when the chunks they are in have different inputs, or labels of different sizes
 */
export function gatherRows(all: readonly Chunk[], refs: RowRefs): Chunk {
  if (refs.of.length === 0) return emptyChunk;
  const numbers = new Map<number, number>();
  for (let at = 0; at < refs.of.length; at++) {
    const chunk = refs.of[at] as number;
    if (!numbers.has(chunk)) numbers.set(chunk, numbers.size);
  }
  const chunks = [...numbers.keys()].map((chunk) => all[chunk] as Chunk);
  const runs = runsOf(refs, numbers);
  const [first] = chunks as [Chunk];
  checkAlike(chunks);
  const heads = new Set(chunks.flatMap(({ labels }) => Object.keys(labels)));
  const column = (name: string): Column =>
    gatherColumn(
      chunks.map(({ inputs }) => inputs[name] as Column),
      runs,
    );
  const optional = <Values extends TypedArray | Float64Array>(of: (chunk: Chunk) => Values | undefined) => {
    const values = chunks.map(of);
    return values.some((array) => array) ? gatherValues(values, 1, runs) : undefined;
  };
  const [origins, repeats] = [optional((chunk) => chunk.origins), optional((chunk) => chunk.repeats)];
  const timesMs =
    chunks.some((chunk) => chunk.timesMs) &&
    optional((chunk) => chunk.timesMs ?? filled(Float64Array, chunk.rows, Number.NaN));
  return {
    rows: runs.rows,
    inputs: Object.fromEntries(Object.keys(first.inputs).map((name) => [name, column(name)])),
    labels: Object.fromEntries([...heads].map((head) => [head, gatherLabels(chunks, head, runs)])),
    keys: gatherValues(
      chunks.map(({ keys }) => keys),
      1,
      runs,
    ),
    ...(chunks.some(({ ids }) => ids) ? { ids: gatherIds(all, refs) } : {}),
    ...(timesMs ? { timesMs } : {}),
    ...(origins ? { origins } : {}),
    ...(repeats ? { repeats } : {}),
  };
}

function gatherLabels(chunks: readonly Chunk[], head: string, runs: Runs): LabelColumn {
  const columns = chunks.map(({ labels }) => labels[head]);
  const from = columns.findIndex((labels) => labels);
  const size = (columns[from] as LabelColumn).values.length / (chunks[from] as Chunk).rows;
  const bounds = columns.map((labels) => labels?.bound);
  const weigh = (): Float32Array => {
    const weights = columns.map((labels, at) => labels?.weight ?? filled(Float32Array, chunks[at]?.rows ?? 0, 1));
    return gatherValues(weights, 1, runs);
  };
  return {
    values: gatherValues(
      columns.map((labels) => labels?.values),
      size,
      runs,
    ),
    present: gatherValues(
      columns.map((labels) => labels?.present),
      1,
      runs,
    ),
    ...(columns.some((labels) => labels?.weight) ? { weight: weigh() } : {}),
    ...(bounds.some((bound) => bound) ? { bound: gatherValues(bounds, size, runs) } : {}),
  };
}

function gatherIds(chunks: readonly Chunk[], { of, rows }: RowRefs): readonly string[] {
  return Array.from(rows, (row, at) => chunks[of[at] as number]?.ids?.[row] ?? '');
}

/** Rows that stand together in their chunk, as runs. @param numbers of the chunks */
function runsOf({ of, rows }: RowRefs, numbers: ReadonlyMap<number, number>): Runs {
  const runs = { of: new Int32Array(of.length), first: new Int32Array(of.length), count: new Int32Array(of.length) };
  let run = 0;
  for (let at = 0; at < of.length; run++) {
    const [chunk, first] = [of[at] as number, rows[at] as number];
    let count = 1;
    while (at + count < of.length && of[at + count] === chunk && rows[at + count] === first + count) count++;
    runs.of[run] = numbers.get(chunk) as number;
    runs.first[run] = first;
    runs.count[run] = count;
    at += count;
  }
  const part = (array: Int32Array) => array.subarray(0, run);
  return { rows: of.length, of: part(runs.of), first: part(runs.first), count: part(runs.count) };
}

function checkAlike(chunks: readonly Chunk[]): void {
  const [first] = chunks as [Chunk];
  const inputs = Object.keys(first.inputs);
  const issues = new Map<string, Issue>();
  const differ = (where: string, expected: string, found: string): void => {
    if (!issues.has(where)) issues.set(where, { where, expected: `${expected}, as in an earlier chunk`, found });
  };
  const labels = new Map<string, number>();
  for (const chunk of chunks) {
    for (const name of [...inputs, ...Object.keys(chunk.inputs)]) {
      const [expected, found] = [first.inputs[name], chunk.inputs[name]];
      if (expected !== found && !sameForm(expected, found))
        differ(`input '${name}'`, formatForm(expected), formatForm(found));
    }
    for (const [head, { values }] of Object.entries(chunk.labels)) {
      const size = values.length / chunk.rows;
      const expected = labels.get(head) ?? size;
      labels.set(head, expected);
      if (expected !== size) differ(`labels of '${head}'`, `${expected} numbers`, `${size}`);
    }
  }
  if (issues.size > 0) throw new ShapeError([...issues.values()]);
}

/** Whether rows of two columns can stand in one. */
function sameForm(one: Column | undefined, other: Column | undefined): boolean {
  if (one?.kind === 'sequence' && other?.kind === 'sequence')
    return one.lengths.join() === other.lengths.join() && one.values.constructor === other.values.constructor;
  if (one?.kind === 'dense' && other?.kind === 'dense')
    return one.size === other.size && one.values.constructor === other.values.constructor;
  return one?.kind === 'multiHot' && other?.kind === 'multiHot' && one.size === other.size;
}

function formatForm(column: Column | undefined): string {
  if (!column) return 'nothing';
  if (column.kind === 'multiHot') return `multiHot of ${column.size}`;
  const type = column.values.constructor.name;
  return column.kind === 'dense'
    ? `${column.size} numbers (${type})`
    : `a sequence of ${column.lengths.join(' or ')} (${type})`;
}

/** An array that holds one number everywhere. */
function filled<Values extends Float32Array | Float64Array>(
  type: new (length: number) => Values,
  length: number,
  value: number,
): Values {
  return new type(length).fill(value) as Values;
}

function mapValues<In, Out>(record: Readonly<Record<string, In>>, map: (value: In) => Out): Record<string, Out> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
