import type { TypedArray } from '../core/dtype.ts';
import type { RawColumn } from '../core/table.ts';
import type { Faults } from './faults.ts';

/** Each row's numbers, one row after the other; NaN where one is null. `valid` is 0 where there is no list at all. */
export interface NumberLists {
  readonly starts: Int32Array;
  readonly values: Exclude<TypedArray, BigInt64Array> | Float64Array;
  readonly valid: Uint8Array;
}

/** A column's numbers as lists: a number is a list of one, bytes are numbers from 0 to 255. What is neither is a fault. */
export function numberLists(column: RawColumn, rows: number, name: string, faults: Faults): NumberLists {
  switch (column.kind) {
    case 'number': {
      const starts = Int32Array.from({ length: rows + 1 }, (_, row) => row);
      return { starts, values: plainNumbers(column.values), valid: column.valid };
    }
    case 'numbers':
      return { starts: column.starts, values: plainNumbers(column.values), valid: column.valid };
    default:
      return gatherLists(rows, (row) => {
        const value = column.kind === 'texts' ? textsOf(column, row) : column.values[row];
        const list = listOf(value);
        if (list === undefined) faults.add(row, name, 'badType', 'numbers', value);
        return list ?? null;
      });
  }
}

/** 64-bit integers as doubles; other arrays as they are. */
export function plainNumbers(values: TypedArray | Float64Array): NumberLists['values'] {
  return values instanceof BigInt64Array ? Float64Array.from(values, Number) : values;
}

function textsOf(column: RawColumn & { readonly kind: 'texts' }, row: number): readonly (string | null)[] | null {
  return column.valid[row] ? column.values.slice(column.starts[row], column.starts[row + 1]) : null;
}

/** The numbers of a value of any kind; null for null, undefined when it is something else. */
function listOf(value: unknown): ArrayLike<number> | null | undefined {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return [value];
  if (typeof value === 'boolean') return [Number(value)];
  if (value instanceof Uint8Array) return value;
  if (!Array.isArray(value)) return undefined;
  const isPlain = value.every((x) => x === null || typeof x === 'number' || typeof x === 'boolean');
  return isPlain ? value.map((x) => (x === null ? Number.NaN : Number(x))) : undefined;
}

function gatherLists(rows: number, listAt: (row: number) => ArrayLike<number> | null): NumberLists {
  const starts = new Int32Array(rows + 1);
  const valid = new Uint8Array(rows);
  const lists: (ArrayLike<number> | null)[] = [];
  for (let row = 0; row < rows; row++) {
    const list = listAt(row);
    lists.push(list);
    valid[row] = Number(list !== null);
    starts[row + 1] = (starts[row] as number) + (list?.length ?? 0);
  }
  const values = new Float64Array(starts[rows] as number);
  lists.forEach((list, row) => {
    if (list !== null) values.set(list, starts[row]);
  });
  return { starts, values, valid };
}
