import type { Chunk, Json, LabelColumn } from '../core/chunk.ts';
import type { Column } from '../core/column.ts';
import type { TypedArray } from '../core/dtype.ts';
import { emptyChunk, gatherRows } from '../core/rows.ts';
import type { LedgerState } from './ledger.ts';
import type { FlowState, HeldRows, StreamState } from './state.ts';

/** Plain data and arrays by name, as they are written to files. */
export interface Encoded {
  readonly json: Json;
  readonly arrays: Readonly<Record<string, TypedArray>>;
}

type Arrays = Readonly<Record<string, TypedArray>>;

/** A chunk as JSON, and arrays under `prefix`. What a view shows is copied. */
export function encodeChunk(chunk: Chunk, prefix: string): Encoded {
  const arrays: Record<string, TypedArray> = {};
  const put = (path: string, values: TypedArray): void => {
    arrays[`${prefix}/${path}`] = values.slice();
  };
  const inputs = Object.entries(chunk.inputs).map(([name, column]): readonly [string, Json] => {
    const path = `input/${name}`;
    if (column.kind === 'dense') {
      put(`${path}/values`, column.values);
      return [name, { kind: 'dense', size: column.size }];
    }
    const { starts } = column;
    const [first = 0, last = 0] = [starts[0], starts.at(-1)];
    put(
      `${path}/starts`,
      starts.map((start) => start - first),
    );
    if (column.kind === 'multiHot') {
      put(`${path}/places`, column.places.subarray(first, last));
      return [name, { kind: 'multiHot', size: column.size }];
    }
    put(`${path}/values`, column.values.subarray(first, last));
    return [name, { kind: 'sequence', lengths: column.lengths, padding: column.padding }];
  });
  for (const [head, labels] of Object.entries(chunk.labels))
    for (const [part, values] of Object.entries(labels)) put(`label/${head}/${part}`, values);
  const { rows, keys, ids, timesMs, origins, repeats } = chunk;
  put('keys', keys);
  if (timesMs) put('timesMs', new Uint8Array(timesMs.slice().buffer));
  if (origins) put('origins', origins);
  if (repeats) put('repeats', repeats);
  const heads = Object.keys(chunk.labels);
  return { json: { rows, inputs: Object.fromEntries(inputs), heads, ...(ids ? { ids } : {}) }, arrays };
}

/** The chunk that was encoded. @param known heads that there are; labels of others are left out. All when left out */
export function decodeChunk(json: Json, arrays: Arrays, prefix: string, known?: ReadonlySet<string>): Chunk {
  const { rows, inputs, heads, ids } = json as unknown as {
    readonly rows: number;
    readonly inputs: Readonly<Record<string, Column>>;
    readonly heads: readonly string[];
    readonly ids?: readonly string[];
  };
  const get = <Values extends TypedArray>(path: string): Values | undefined =>
    arrays[`${prefix}/${path}`] as Values | undefined;
  const column = (name: string, own: Column): Column => {
    const parts = ['starts', 'places', 'values'].map((part) => [part, get(`input/${name}/${part}`)]);
    return { ...own, ...Object.fromEntries(parts.filter(([, values]) => values)) } as Column;
  };
  const labels = (head: string): LabelColumn => {
    const parts = ['values', 'present', 'weight', 'bound'].map((part) => [part, get(`label/${head}/${part}`)]);
    return Object.fromEntries(parts.filter(([, values]) => values)) as LabelColumn;
  };
  const [times, origins, repeats] = [
    get<Uint8Array>('timesMs'),
    get<Int32Array>('origins'),
    get<Uint8Array>('repeats'),
  ];
  return {
    rows,
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, own]) => [name, column(name, own)])),
    labels: Object.fromEntries(heads.flatMap((head) => (known?.has(head) === false ? [] : [[head, labels(head)]]))),
    keys: get<Int32Array>('keys') as Int32Array,
    ...(ids ? { ids } : {}),
    ...(times ? { timesMs: new Float64Array(times.slice().buffer) } : {}),
    ...(origins ? { origins } : {}),
    ...(repeats ? { repeats } : {}),
  };
}

interface EncodedFlow {
  readonly place: Json;
  readonly ledger: LedgerState;
  /** By operator, in their order: its own data, and by name the rows that it holds. */
  readonly operators: readonly {
    readonly name: string;
    readonly json: Json;
    readonly rows: Readonly<Record<string, Json>>;
  }[];
}

/** A stream's state, for a file: rows that operators hold are gathered only now. */
export function encodeState(state: StreamState): Encoded {
  const arrays: Record<string, TypedArray> = {};
  const rowsOf = (held: HeldRows, prefix: string): Json => {
    const encoded = encodeChunk(gatherRows(held.chunks, held), prefix);
    Object.assign(arrays, encoded.arrays);
    return encoded.json;
  };
  const flows = Object.entries(state).map(([flow, { place, ledger, operators }]) => {
    const encoded = operators.map(({ name, state: { json, rows } }, at) => {
      const held = Object.entries(rows).map(([part, own]) => [part, rowsOf(own, `${flow}/${at}/${part}`)]);
      return { name, json, rows: Object.fromEntries(held) };
    });
    return [flow, { place, ledger, operators: encoded }];
  });
  return { json: Object.fromEntries(flows), arrays };
}

/**
 * The state that was encoded.
 * @param heads that there are: rows may have been read when there were others, which were retired. All when left out
 */
export function decodeState({ json, arrays }: Encoded, heads?: readonly string[]): StreamState {
  const known = heads && new Set(heads);
  const held = (rows: Json, prefix: string): HeldRows => {
    const chunk = decodeChunk(rows, arrays, prefix, known);
    if (chunk.rows === 0) return { chunks: [emptyChunk], of: new Int32Array(0), rows: new Int32Array(0) };
    const places = Int32Array.from({ length: chunk.rows }, (_, row) => row);
    return { chunks: [chunk], of: new Int32Array(chunk.rows), rows: places };
  };
  const flows = Object.entries(json as unknown as Readonly<Record<string, EncodedFlow>>);
  return Object.fromEntries(
    flows.map(([flow, { place, ledger, operators }]): [string, FlowState] => {
      const decoded = operators.map(({ name, json: own, rows }, at) => {
        const parts = Object.entries(rows).map(([part, data]) => [part, held(data, `${flow}/${at}/${part}`)]);
        return { name, state: { json: own, rows: Object.fromEntries(parts) } };
      });
      return [flow, { place, ledger, operators: decoded }];
    }),
  );
}
