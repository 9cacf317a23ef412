/** Arrays that numbers of columns stand in. */
export type Numbers = Uint8Array | Int32Array | Uint32Array | Float32Array | Float64Array;

/** Lists as they are to stand in a column: one after the other. */
export interface Lists {
  readonly starts: Int32Array;
  readonly valid: Uint8Array;
  /** rows: where each list begins among a driver's values. */
  readonly offsets: Float64Array;
  /** How far all lists are from where they are to stand; undefined when they do not stand one after the other. */
  readonly shift: number | undefined;
}

/** Lists of rows, each `lengthOf(row)` values from `offsetOf(row)` on; of what is null there are none. */
export function listsOf(
  valid: Uint8Array,
  offsetOf: (row: number) => number,
  lengthOf: (row: number) => number,
): Lists {
  const rows = valid.length;
  const starts = new Int32Array(rows + 1);
  const offsets = new Float64Array(rows);
  const shifts = new Set<number>();
  for (let row = 0; row < rows; row++) {
    const start = starts[row] as number;
    const length = valid[row] === 1 ? lengthOf(row) : 0;
    starts[row + 1] = start + length;
    if (length === 0) continue;
    const offset = offsetOf(row);
    offsets[row] = offset;
    shifts.add(offset - start);
  }
  const [shift = 0] = shifts;
  return { starts, valid, offsets, shift: shifts.size > 1 ? undefined : shift };
}

/** A copy of the lists' numbers, in order. */
export function numbersIn({ starts, offsets, shift }: Lists, values: Numbers): Numbers {
  const total = starts.at(-1) as number;
  if (shift !== undefined) return values.slice(shift, shift + total);
  const gathered = new (values.constructor as new (length: number) => Numbers)(total);
  for (let row = 0; row < offsets.length; row++) {
    const [start, offset] = [starts[row] as number, offsets[row] as number];
    gathered.set(values.subarray(offset, offset + (starts[row + 1] as number) - start), start);
  }
  return gathered;
}

/** The lists' texts, in order. */
export function textsIn({ starts, offsets, shift }: Lists, values: (string | null)[]): (string | null)[] {
  if (shift !== undefined) return values.slice(shift, shift + (starts.at(-1) as number));
  return Array.from(offsets).flatMap((offset, row) =>
    values.slice(offset, offset + (starts[row + 1] as number) - (starts[row] as number)),
  );
}
