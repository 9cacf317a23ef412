import type { Chunk, LabelColumn } from '../../core/chunk.ts';
import type { Column } from '../../core/column.ts';
import type { TypedArray } from '../../core/dtype.ts';
import { ShapeError } from '../../core/error.ts';
import { gatherRows } from '../../core/rows.ts';
import { labelHeader, sampleHeader } from './encoder.ts';
import { allocate, bytesOf, type ColumnForm, elementBytes, type LabelForm, type SampleForm } from './form.ts';
import type { Names } from './names.ts';

/** A sample that goes on, with the labels that it does so with. */
export interface Match {
  readonly id: string;
  readonly sample: Buffer;
  /** Of two labels of one head the first is meant. */
  readonly labels: readonly Buffer[];
  readonly isRepeat: boolean;
}

type Growing = { values: TypedArray; present: Uint8Array; weight?: Float32Array; bound?: Float32Array };

/** Makes chunks of rows that a store gave back. */
export class RowDecoder {
  readonly #forms: Names;
  readonly #parsed = new Map<number, SampleForm | LabelForm>();

  readonly #heads: ReadonlySet<string>;

  /** @param heads that there are: labels may have been kept when there were others, which were retired */
  constructor(forms: Names, heads: readonly string[]) {
    this.#forms = forms;
    this.#heads = new Set(heads);
  }

  /**
   * Samples with their labels, in their order.
   * @throws ShapeError when their inputs, or labels of one head, are not alike
   */
  chunk(matches: readonly Match[]): Chunk {
    const byForm = new Map<number, number[]>();
    matches.forEach(({ sample }, at) => {
      const form = sample.readUInt16LE(0);
      const places = byForm.get(form);
      if (places) places.push(at);
      else byForm.set(form, [at]);
    });
    const groups = [...byForm];
    const chunks = groups.map(([form, places]) =>
      this.#samples(
        this.#form(form) as SampleForm,
        places.map((at) => (matches[at] as Match).sample),
      ),
    );
    const [first] = chunks as [Chunk];
    const refs = { of: new Int32Array(matches.length), rows: new Int32Array(matches.length) };
    groups.forEach(([, places], of) => {
      places.forEach((at, row) => {
        refs.of[at] = of;
        refs.rows[at] = row;
      });
    });
    return {
      ...(chunks.length === 1 ? first : gatherRows(chunks, refs)),
      labels: this.#labels(matches),
      ids: matches.map(({ id }) => id),
      ...(matches.some(({ isRepeat }) => isRepeat)
        ? { repeats: Uint8Array.from(matches, ({ isRepeat }) => Number(isRepeat)) }
        : {}),
    };
  }

  #form(number: number): SampleForm | LabelForm {
    const form = this.#parsed.get(number) ?? (JSON.parse(this.#forms.text(number)) as SampleForm | LabelForm);
    this.#parsed.set(number, form);
    return form;
  }

  #samples({ inputs, isTimed, hasOrigins }: SampleForm, rows: readonly Buffer[]): Chunk {
    const at = new Int32Array(rows.length).fill(sampleHeader);
    const columns = inputs.map((form) => [form.name, readColumn(form, rows, at)] as const);
    return {
      rows: rows.length,
      inputs: Object.fromEntries(columns),
      labels: {},
      keys: Int32Array.from(rows, (row) => row.readInt32LE(2)),
      ...(hasOrigins ? { origins: Int32Array.from(rows, (row) => row.readInt32LE(6)) } : {}),
      ...(isTimed ? { timesMs: Float64Array.from(rows, (row) => row.readDoubleLE(10)) } : {}),
    };
  }

  #labels(matches: readonly Match[]): Record<string, LabelColumn> {
    const columns: Record<string, Growing> = {};
    matches.forEach(({ labels }, row) => {
      for (const bytes of labels)
        for (let at = 0; at < bytes.length; ) {
          const form = this.#form(bytes.readUInt16LE(at)) as LabelForm;
          if (!this.#heads.has(form.head)) {
            at += labelHeader + labelBytes(form);
            continue;
          }
          columns[form.head] ??= {
            values: allocate(form.array, matches.length * form.size),
            present: new Uint8Array(matches.length),
          };
          at = readLabel(form, bytes, at + labelHeader, columns[form.head] as Growing, row);
        }
    });
    return columns;
  }
}

/** Reads a column of rows, each from its place on; places move to where it ends. */
function readColumn(form: ColumnForm, rows: readonly Buffer[], at: Int32Array): Column {
  if (form.kind === 'dense') {
    const { kind, size, array } = form;
    const values = allocate(array, rows.length * size);
    const target = bytesOf(values);
    const stride = size * elementBytes(array);
    rows.forEach((row, place) => {
      const from = at[place] as number;
      target.set(row.subarray(from, from + stride), place * stride);
      at[place] = from + stride;
    });
    return { kind, size, values };
  }
  const starts = new Int32Array(rows.length + 1);
  rows.forEach((row, place) => {
    starts[place + 1] = (starts[place] as number) + row.readUInt32LE(at[place] as number);
  });
  const array = form.kind === 'multiHot' ? 'Int32Array' : form.array;
  const values = allocate(array, starts.at(-1) as number) as Int32Array;
  const target = bytesOf(values);
  rows.forEach((row, place) => {
    const from = (at[place] as number) + 4;
    const end = from + 4 * ((starts[place + 1] as number) - (starts[place] as number));
    target.set(row.subarray(from, end), 4 * (starts[place] as number));
    at[place] = end;
  });
  if (form.kind === 'multiHot') return { kind: 'multiHot', size: form.size, starts, places: values };
  return { kind: 'sequence', lengths: form.lengths, padding: form.padding, starts, values };
}

/** Bytes of a label, after its header. */
const labelBytes = ({ array, size, isWeighted, isBounded }: LabelForm): number =>
  size * elementBytes(array) + (isWeighted ? 4 : 0) + (isBounded ? 4 * size : 0);

/** Puts a label into its column, unless there is one. @returns where the next begins */
function readLabel(form: LabelForm, bytes: Buffer, at: number, column: Growing, row: number): number {
  const { head, array, size, isWeighted, isBounded } = form;
  const rows = column.present.length;
  if (column.values.length !== rows * size || column.values.constructor.name !== array)
    throw new ShapeError({
      where: `labels of '${head}'`,
      expected: `${column.values.length / rows} numbers (${column.values.constructor.name}), as in an earlier row`,
      found: `${size} (${array})`,
    });
  const stride = size * elementBytes(array);
  const weightAt = at + stride;
  const boundAt = weightAt + (isWeighted ? 4 : 0);
  const end = boundAt + (isBounded ? 4 * size : 0);
  if (column.present[row]) return end;
  column.present[row] = 1;
  bytesOf(column.values).set(bytes.subarray(at, weightAt), row * stride);
  if (isWeighted) {
    column.weight ??= new Float32Array(rows).fill(1);
    column.weight[row] = bytes.readFloatLE(weightAt);
  }
  if (isBounded) {
    column.bound ??= new Float32Array(rows * size);
    bytesOf(column.bound).set(bytes.subarray(boundAt, end), row * 4 * size);
  }
  return end;
}
