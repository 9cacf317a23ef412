import type { TypedArray } from '../core/dtype.ts';

/** One head's column of what is stored for several: `size` numbers for each row. */
export function putColumn(
  target: TypedArray | undefined,
  values: ArrayLike<number> | number,
  { rows, column, columns, size }: { rows: number; column: number; columns: number; size: number },
): void {
  if (!target) return;
  const array = target as Float32Array;
  const [first, stride] = [column * size, columns * size];
  if (typeof values !== 'number') {
    if (columns === 1) array.set(values);
    else if (size === 1)
      for (let row = 0, at = first; row < rows; row++, at += stride) array[at] = values[row] as number;
    else
      for (let row = 0; row < rows; row++)
        for (let at = 0; at < size; at++) array[row * stride + first + at] = values[row * size + at] as number;
  } else if (columns === 1) array.fill(values);
  else for (let row = 0; row < rows; row++) array.fill(values, row * stride + first, row * stride + first + size);
}

/** One head's part of what a program gives for its group. */
export function columnOf(values: TypedArray, column: number, columns: number, size: number): TypedArray {
  if (columns === 1) return values;
  const rows = values.length / (columns * size);
  return Float32Array.from(
    { length: rows * size },
    (_, at) => values[(Math.floor(at / size) * columns + column) * size + (at % size)] as number,
  );
}
