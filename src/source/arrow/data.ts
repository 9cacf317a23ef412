import { isUtf8 } from 'node:buffer';
import type * as Arrow from 'apache-arrow';

/**
 * Checks that what a column's offsets lead to is there: lists, texts and bytes lie in what holds them, and texts are some.
 * @throws Error where they don't
 */
export function verifyData(library: typeof Arrow, data: Arrow.Data, rows: number): void {
  const { DataType } = library;
  const { type } = data;
  if (data.length < rows) throw new Error('a column that is too short');
  if (data.nullBitmap && data.nullCount > 0 && data.nullBitmap.length * 8 < rows)
    throw new Error('a column that is too short');
  const { children } = data;
  if (DataType.isStruct(type)) for (const child of children) verifyData(library, child, rows);
  else if (DataType.isFixedSizeList(type)) {
    if (!(type.listSize >= 0)) throw new Error('lists of impossible length');
    verifyData(library, children[0] as Arrow.Data, rows * type.listSize);
  } else if (DataType.isList(type) || DataType.isMap(type)) {
    const child = children[0] as Arrow.Data;
    verifyOffsets(data.valueOffsets, rows, child.length);
    verifyData(library, child, child.length);
  } else if (
    DataType.isUtf8(type) ||
    DataType.isBinary(type) ||
    DataType.isLargeUtf8(type) ||
    DataType.isLargeBinary(type)
  ) {
    verifyOffsets(data.valueOffsets, rows, data.values.length);
    if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) verifyTexts(data, rows);
  } else if (DataType.isUnion(type)) for (const child of children) verifyData(library, child, child.length);
  else if (DataType.isFixedSizeBinary(type)) {
    if (!(type.byteWidth >= 0) || data.values.length < rows * type.byteWidth)
      throw new Error('a column that is too short');
  } else if (DataType.isBool(type)) {
    if (data.values.length * 8 < rows) throw new Error('a column that is too short');
  } else if (!DataType.isNull(type) && data.values.length < rows) throw new Error('a column that is too short');
  if (DataType.isDictionary(type) && data.dictionary)
    for (const inner of data.dictionary.data) verifyData(library, inner, inner.length);
}

function verifyOffsets(offsets: ArrayLike<number | bigint> | undefined, rows: number, size: number): void {
  if (rows === 0) return;
  if (offsets === undefined || offsets.length <= rows) throw new Error('a column that is too short');
  let last = 0;
  for (let row = 0; row <= rows; row++) {
    const offset = Number(offsets[row]);
    if (offset < last) throw new Error('lists of impossible length');
    last = offset;
  }
  if (last > size) throw new Error('lists that end outside of their column');
}

/** The library would put U+FFFD in the place of what is no text. */
function verifyTexts(data: Arrow.Data, rows: number): void {
  const { values, valueOffsets } = data;
  const at = (row: number): number => Number(valueOffsets[row]);
  const isText = (start: number, end: number): boolean => isUtf8(values.subarray(start, end));
  const isWithin = (offset: number): boolean => offset < values.length && (values[offset] & 0xc0) === 0x80;
  let isWhole = rows === 0 || isText(at(0), at(rows));
  for (let row = 1; isWhole && row < rows; row++) isWhole = !isWithin(at(row));
  if (isWhole) return;
  // Anything may stand where a text is null.
  for (let row = 0; row < rows; row++)
    if (data.getValid(row) && !isText(at(row), at(row + 1))) throw new Error('text that is not in UTF-8');
}
