import type { DuckDBVector } from '@duckdb/node-api';
import type { RawColumn } from '../../core/table.ts';
import type { TableColumn } from '../source.ts';

type Numbers = Uint8Array | Int32Array | Uint32Array | Float32Array | Float64Array;

/** What we read of the driver's vectors. It is private in the driver's types only; reading values one by one is slow. */
interface Vector {
  readonly items: Numbers;
  readonly validity: { readonly data: BigUint64Array | null };
  readonly itemCount: number;
  readonly childVector: DuckDBVector;
  getItem(row: number): unknown;
  getEntryOffset(row: number): number;
  getEntryLength(row: number): number;
}

/** Copies a vector into a column, which outlives the driver's chunk. */
export function columnOf(vector: DuckDBVector, kind: TableColumn['kind']): RawColumn {
  const from = vector as unknown as Vector;
  switch (kind) {
    case 'number':
      return { kind, values: from.items.slice(), valid: validOf(from) };
    case 'text':
      return { kind, values: itemsOf(from) as (string | null)[] };
    case 'bytes':
      return {
        kind,
        values: itemsOf(from).map((item) =>
          item === null ? null : new Uint8Array((item as { bytes: Uint8Array }).bytes),
        ),
      };
    case 'mixed':
      return { kind, values: itemsOf(from).map((item) => (item === null ? null : jsonValue(item as string))) };
    case 'numbers': {
      const lists = listsOf(from);
      const values = numbersOf(from.childVector as unknown as Vector);
      return { kind, starts: lists.starts, values: numbersIn(lists, values), valid: lists.valid };
    }
    case 'texts': {
      const lists = listsOf(from);
      const values = itemsOf(from.childVector as unknown as Vector) as (string | null)[];
      return { kind, starts: lists.starts, values: textsIn(lists, values), valid: lists.valid };
    }
  }
}

/** What JSON says. DuckDB also writes NaN and Infinity, which JSON has no word for: a value with them stays text. */
function jsonValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function itemsOf(vector: Vector): unknown[] {
  return Array.from({ length: vector.itemCount }, (_, row) => vector.getItem(row));
}

/** 1 where a row is not null, from the driver's bits. */
function validOf({ validity: { data }, itemCount }: Vector): Uint8Array {
  const valid = new Uint8Array(itemCount);
  if (data === null) return valid.fill(1);
  const bits = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  for (let row = 0; row < itemCount; row++) valid[row] = ((bits[row >> 3] as number) >> (row & 7)) & 1;
  return valid;
}

/** Values of lists, null as NaN. */
function numbersOf(vector: Vector): Numbers {
  if (vector.validity.data === null) return vector.items;
  const valid = validOf(vector);
  if (!valid.includes(0)) return vector.items;
  const values = vector.items instanceof Float32Array ? vector.items.slice() : Float64Array.from(vector.items);
  for (let at = 0; at < valid.length; at++) if (valid[at] === 0) values[at] = Number.NaN;
  return values;
}

/** Lists as they are to stand: one after the other. */
interface Lists {
  readonly starts: Int32Array;
  readonly valid: Uint8Array;
  /** rows: where each list begins among the driver's values. */
  readonly offsets: Float64Array;
  /** How far all lists are from where they are to stand; undefined when they do not stand one after the other. */
  readonly shift: number | undefined;
}

function listsOf(vector: Vector): Lists {
  const rows = vector.itemCount;
  const valid = validOf(vector);
  const starts = new Int32Array(rows + 1);
  const offsets = new Float64Array(rows);
  const shifts = new Set<number>();
  for (let row = 0; row < rows; row++) {
    const start = starts[row] as number;
    const length = valid[row] === 1 ? vector.getEntryLength(row) : 0;
    starts[row + 1] = start + length;
    if (length === 0) continue;
    const offset = vector.getEntryOffset(row);
    offsets[row] = offset;
    shifts.add(offset - start);
  }
  const [shift = 0] = shifts;
  return { starts, valid, offsets, shift: shifts.size > 1 ? undefined : shift };
}

function numbersIn({ starts, offsets, shift }: Lists, values: Numbers): Numbers {
  const total = starts.at(-1) as number;
  if (shift !== undefined) return values.slice(shift, shift + total);
  const gathered = new (values.constructor as new (length: number) => Numbers)(total);
  for (let row = 0; row < offsets.length; row++) {
    const [start, offset] = [starts[row] as number, offsets[row] as number];
    gathered.set(values.subarray(offset, offset + (starts[row + 1] as number) - start), start);
  }
  return gathered;
}

function textsIn({ starts, offsets, shift }: Lists, values: (string | null)[]): (string | null)[] {
  if (shift !== undefined) return values.slice(shift, shift + (starts.at(-1) as number));
  return Array.from(offsets).flatMap((offset, row) =>
    values.slice(offset, offset + (starts[row + 1] as number) - (starts[row] as number)),
  );
}
