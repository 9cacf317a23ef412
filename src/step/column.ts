import type { TypedArray } from '../core/dtype.ts';

/** One head's column of what is stored for several: `size` numbers for each row. */
export function putColumn(
  target: TypedArray | undefined,
  values: ArrayLike<number> | number,
  { rows, column, columns, size }: { rows: number; column: number; columns: number; size: number },
): void {
  if (!target) return;
  const array = target as Float32Array;
  if (columns === 1) {
    if (typeof values === 'number') array.fill(values);
    else array.set(values);
    return;
  }
  for (let row = 0; row < rows; row++)
    for (let at = 0; at < size; at++)
      array[(row * columns + column) * size + at] =
        typeof values === 'number' ? values : (values[row * size + at] as number);
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
