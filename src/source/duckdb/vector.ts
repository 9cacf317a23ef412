import type { DuckDBVector } from '@duckdb/node-api';
import type { RawColumn } from '../../core/table.ts';
import { listsOf, type Numbers, numbersIn, textsIn } from '../list.ts';
import type { TableColumn } from '../source.ts';

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
      const lists = listsOf(
        validOf(from),
        (row) => from.getEntryOffset(row),
        (row) => from.getEntryLength(row),
      );
      const values = numbersOf(from.childVector as unknown as Vector);
      return { kind, starts: lists.starts, values: numbersIn(lists, values), valid: lists.valid };
    }
    case 'texts': {
      const lists = listsOf(
        validOf(from),
        (row) => from.getEntryOffset(row),
        (row) => from.getEntryLength(row),
      );
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
