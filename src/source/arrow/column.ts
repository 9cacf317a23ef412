import type * as Arrow from 'apache-arrow';
import type { RawColumn } from '../../core/table.ts';
import { listsOf, type Numbers, numbersIn, textsIn } from '../list.ts';
import type { TableColumn } from '../source.ts';

type Library = typeof Arrow;

/** The kind of column that a type of Arrow becomes. */
export function kindOfType({ DataType }: Library, type: Arrow.DataType): TableColumn['kind'] {
  const value = DataType.isDictionary(type) ? (type.dictionary as Arrow.DataType) : type;
  if (isNumber(DataType, value)) return 'number';
  if (DataType.isUtf8(value) || DataType.isLargeUtf8(value)) return 'text';
  if (DataType.isBinary(value) || DataType.isLargeBinary(value) || DataType.isFixedSizeBinary(value)) return 'bytes';
  if (value === type && (DataType.isList(type) || DataType.isFixedSizeList(type))) {
    const element = type.children[0]?.type as Arrow.DataType;
    if (isNumber(DataType, element)) return 'numbers';
    if (DataType.isUtf8(element)) return 'texts';
  }
  return 'mixed';
}

/** Copies a column of a batch. Times are milliseconds since 1970-01-01 UTC. */
export function columnOfVector(arrow: Library, vector: Arrow.Vector, kind: TableColumn['kind']): RawColumn {
  const rows = vector.length;
  switch (kind) {
    case 'number':
      return { kind, values: numbersOf(arrow, vector), valid: validOf(vector) };
    case 'text':
      return { kind, values: Array.from({ length: rows }, (_, row) => vector.get(row) as string | null) };
    case 'bytes':
      return {
        kind,
        values: Array.from({ length: rows }, (_, row) => {
          const bytes = vector.get(row) as Uint8Array | null;
          return bytes === null ? null : new Uint8Array(bytes);
        }),
      };
    case 'mixed':
      return { kind, values: Array.from({ length: rows }, (_, row) => plain(vector.get(row))) };
    case 'numbers':
    case 'texts': {
      const data = vector.data[0] as Arrow.Data;
      const child = vector.getChildAt(0) as Arrow.Vector;
      const size = arrow.DataType.isFixedSizeList(vector.type) ? vector.type.listSize : undefined;
      const ends = data.valueOffsets as Int32Array;
      const lists = listsOf(
        validOf(vector),
        (row) => (size === undefined ? (ends[row] as number) : row * size),
        (row) => size ?? (ends[row + 1] as number) - (ends[row] as number),
      );
      const { starts, valid } = lists;
      if (kind === 'numbers') return { kind, starts, values: numbersIn(lists, withoutNulls(arrow, child)), valid };
      const texts = Array.from({ length: child.length }, (_, row) => child.get(row) as string | null);
      return { kind, starts, values: textsIn(lists, texts), valid };
    }
  }
}

function isNumber(types: Library['DataType'], type: Arrow.DataType): boolean {
  return (
    types.isInt(type) ||
    types.isFloat(type) ||
    types.isBool(type) ||
    types.isDecimal(type) ||
    types.isDate(type) ||
    types.isTimestamp(type)
  );
}

function validOf(vector: Arrow.Vector): Uint8Array {
  const valid = new Uint8Array(vector.length).fill(1);
  if (vector.nullCount > 0) for (let row = 0; row < valid.length; row++) valid[row] = Number(vector.isValid(row));
  return valid;
}

/** The numbers of a column; whatever stands where it is null. */
function numbersOf({ DataType }: Library, vector: Arrow.Vector): Numbers {
  const { type } = vector;
  const values = vector.data.length === 1 ? (vector.data[0] as Arrow.Data).values : undefined;
  const isPlain = DataType.isInt(type) || (DataType.isFloat(type) && !(values instanceof Uint16Array));
  if (isPlain && (vector.data[0] as Arrow.Data).offset === 0) {
    if (
      values instanceof Float32Array ||
      values instanceof Float64Array ||
      values instanceof Int32Array ||
      values instanceof Uint32Array ||
      values instanceof Uint8Array
    )
      return values.slice(0, vector.length);
    if (values instanceof Int8Array || values instanceof Int16Array || values instanceof Uint16Array)
      return Int32Array.from(values.subarray(0, vector.length));
  }
  const scale = DataType.isDecimal(type) ? 10 ** -type.scale : undefined;
  return Float64Array.from({ length: vector.length }, (_, row) => {
    const value: unknown = vector.get(row);
    if (value === null) return 0;
    return scale === undefined ? Number(value) : Number(wholeOf(value as Uint32Array)) * scale;
  });
}

/** The numbers of lists, null as NaN. */
function withoutNulls(arrow: Library, vector: Arrow.Vector): Numbers {
  const numbers = numbersOf(arrow, vector);
  if (vector.nullCount === 0) return numbers;
  const values = numbers instanceof Float32Array ? numbers : Float64Array.from(numbers);
  for (let row = 0; row < values.length; row++) if (!vector.isValid(row)) values[row] = Number.NaN;
  return values;
}

/** A whole number out of its 32-bit words, the lowest first, in two's complement. */
function wholeOf(words: Uint32Array): bigint {
  const bits = words.reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n);
  return BigInt.asIntN(words.length * 32, bits);
}

/** A value as JSON has it, bytes aside. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value ?? null;
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, plain);
  if ('toJSON' in value && typeof value.toJSON === 'function') return plain(value.toJSON());
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}
