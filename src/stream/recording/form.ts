import type { Column } from '../../core/column.ts';
import { ConfigError } from '../../core/error.ts';
import { quote } from '../../core/format.ts';
import { sizeOf } from '../../core/shape.ts';
import type { LabelSpec } from '../../loss/index.ts';
import type { SinkColumn, SinkKind } from '../../sink/index.ts';
import type { Source } from '../../source/source.ts';

/** What a recording is told of the samples, beside where they are from. */
export interface RecordingOptions {
  /** What labels are, by head: `labelsOf(model)`. A head that is not named has one float32 number. */
  readonly labels?: ReadonlyMap<string, LabelSpec>;
  /** Whether labels have weights. true when left out; false saves a column for each head. */
  readonly weights?: boolean;
}

/** What a recording has of each sample, and in which columns. */
export interface RecordingForm {
  readonly columns: readonly SinkColumn[];
  /** Inputs whose places are written, and not all of their zeros and ones. */
  readonly placed: ReadonlySet<string>;
  /** Heads with columns of their own; undefined where labels are written as a map, because heads may come later. */
  readonly heads: readonly string[] | undefined;
  readonly weights: boolean;
}

/** The column of labels by head, as JSON, where heads may come later. */
export const mapColumn = 'labels';

/** Columns beside those of inputs and heads. */
const always: readonly SinkColumn[] = [
  { name: 'id', kind: 'text' },
  { name: 'time', kind: 'time' },
  { name: 'source', kind: 'text' },
];

/** The columns of a head's weights and bounds. */
export const weightOf = (head: string): string => `${head}_weight`;
export const boundOf = (head: string): string => `${head}_bound`;

/**
 * The columns of a recording: `id`, `time`, `source`; a list for each input; for each head its label, and `_weight` and
 * `_bound` after its name. Where heads may come later there is one column for the labels of all, so that the columns stay
 * what they are; it has neither weights nor bounds.
 * @param where names the recording in errors
 * @throws ConfigError when two columns would have one name
 */
export function formOf(
  { inputs, heads, mayHaveNewHeads = false }: Pick<Source, 'inputs' | 'heads' | 'mayHaveNewHeads'>,
  { labels = new Map(), weights = true }: RecordingOptions,
  where: string,
): RecordingForm {
  const placed = Object.entries(inputs).filter(([, { kind, shape }]) => kind === 'multiHot' && shape.length === 1);
  const isPlaced = new Set(placed.map(([name]) => name));
  const columnsOf = (head: string): readonly SinkColumn[] => {
    const spec = labels.get(head);
    return [
      { name: head, kind: kindOf(spec) },
      ...(weights ? [{ name: weightOf(head), kind: 'float32' } as const] : []),
      ...(spec?.bound ? [{ name: boundOf(head), kind: 'text' } as const] : []),
    ];
  };
  const columns = [
    ...always,
    ...Object.entries(inputs).map(([name, { dtype }]): SinkColumn => {
      return { name, kind: isPlaced.has(name) || dtype === 'int32' ? 'ints' : 'floats' };
    }),
    ...(mayHaveNewHeads ? [{ name: mapColumn, kind: 'text' } as const] : heads.flatMap(columnsOf)),
  ];
  // Readers of Parquet do not tell capitals apart.
  const names = columns.map(({ name }) => name.toLowerCase());
  const twice = columns.filter(({ name }, at) => names.indexOf(name.toLowerCase()) !== at).map(({ name }) => name);
  if (twice.length > 0)
    throw new ConfigError({
      where,
      expected: mayHaveNewHeads
        ? "inputs of different names, capitals aside, none of them 'id', 'time', 'source' or 'labels'"
        : "inputs and heads of different names, capitals aside, none of them 'id', 'time' or 'source'",
      found: `${[...new Set(twice)].map(quote).join(', ')} twice`,
    });
  return { columns, placed: isPlaced, heads: mayHaveNewHeads ? undefined : heads, weights };
}

function kindOf(spec: LabelSpec | undefined): SinkKind {
  if (spec === undefined) return 'float32';
  const isList = sizeOf(spec.shape) > 1;
  if (spec.dtype === 'int32') return isList ? 'ints' : 'int32';
  return isList ? 'floats' : 'float32';
}

/** The numbers of a row of an input, as they are recorded. */
export function listOf(column: Column, row: number, isPlaced: boolean): ArrayLike<number> {
  if (column.kind === 'dense')
    return (column.values as Float32Array).subarray(row * column.size, (row + 1) * column.size);
  const [start, end] = [column.starts[row], column.starts[row + 1]];
  if (column.kind === 'sequence') return column.values.subarray(start, end);
  const places = column.places.subarray(start, end);
  if (isPlaced) return places;
  const all = new Uint8Array(column.size);
  for (const place of places) all[place] = 1;
  return all;
}
