import type { Chunk, LabelColumn } from '../../core/chunk.ts';
import type { Column } from '../../core/column.ts';
import { bytesOf, elementBytes, formOf, labelForm } from './form.ts';
import type { Names } from './names.ts';

/** Bytes before the columns of a sample: its form, key, origin and time. */
export const sampleHeader = 18;
/** Bytes before a label: its form. */
export const labelHeader = 2;

/** A column of which rows are copied. */
interface Copied {
  readonly bytes: Uint8Array;
  /** Bytes of a row; 0 where they differ. */
  readonly stride: number;
  /** Where rows begin and end, where they differ. */
  readonly starts?: Int32Array;
}

interface CopiedLabels {
  readonly form: number;
  readonly present: Uint8Array;
  readonly parts: readonly Copied[];
  readonly sizeBytes: number;
}

interface Plan {
  readonly form: number;
  readonly columns: readonly Copied[];
  readonly labels: ReadonlyMap<string, CopiedLabels>;
}

/** Makes one piece of bytes of each row, for a store. What is alike in all rows is kept once, under a number. */
export class RowEncoder {
  readonly #forms: Names;
  readonly #plans = new WeakMap<Chunk, Plan>();

  constructor(forms: Names) {
    this.#forms = forms;
  }

  /** A row without its labels. */
  sample(chunk: Chunk, row: number): Buffer {
    const { form, columns } = this.#plan(chunk);
    let length = sampleHeader;
    for (const { stride, starts } of columns) length += starts ? 4 + 4 * countAt(starts, row) : stride;
    const target = Buffer.allocUnsafe(length);
    target.writeUInt16LE(form, 0);
    target.writeInt32LE(chunk.keys[row] as number, 2);
    target.writeInt32LE(chunk.origins?.[row] ?? 0, 6);
    target.writeDoubleLE(chunk.timesMs?.[row] ?? Number.NaN, 10);
    let at = sampleHeader;
    for (const { bytes, stride, starts } of columns) {
      const count = starts ? countAt(starts, row) : 0;
      if (starts) at = target.writeUInt32LE(count, at);
      const first = starts ? 4 * (starts[row] as number) : row * stride;
      const size = starts ? 4 * count : stride;
      target.set(bytes.subarray(first, first + size), at);
      at += size;
    }
    return target;
  }

  /** Labels of a row that are there: of these heads. */
  labels(chunk: Chunk, row: number, heads: readonly string[]): Buffer {
    const { labels } = this.#plan(chunk);
    const found = heads.map((head) => labels.get(head) as CopiedLabels);
    const target = Buffer.allocUnsafe(found.reduce((sum, { sizeBytes }) => sum + labelHeader + sizeBytes, 0));
    let at = 0;
    for (const { form, parts } of found) {
      at = target.writeUInt16LE(form, at);
      for (const { bytes, stride } of parts) {
        target.set(bytes.subarray(row * stride, (row + 1) * stride), at);
        at += stride;
      }
    }
    return target;
  }

  /** Heads that a row has a label of, sorted: chunks may name them in any order. */
  headsAt(chunk: Chunk, row: number): readonly string[] {
    const heads: string[] = [];
    for (const [head, { present }] of this.#plan(chunk).labels) if (present[row]) heads.push(head);
    return heads;
  }

  #plan(chunk: Chunk): Plan {
    const known = this.#plans.get(chunk);
    if (known) return known;
    const form = formOf(chunk);
    const labels = Object.entries(chunk.labels)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([head, column]) => [head, this.#copiedLabels(head, column, chunk.rows)] as const);
    const plan = {
      form: this.#forms.number(JSON.stringify(form)),
      columns: form.inputs.map(({ name }) => copied(chunk.inputs[name] as Column)),
      labels: new Map(labels),
    };
    this.#plans.set(chunk, plan);
    return plan;
  }

  #copiedLabels(head: string, column: LabelColumn, rows: number): CopiedLabels {
    const form = labelForm(head, column, rows);
    const { values, present, weight, bound } = column;
    const parts = [
      { bytes: bytesOf(values), stride: form.size * elementBytes(form.array) },
      ...(weight ? [{ bytes: bytesOf(weight), stride: 4 }] : []),
      ...(bound ? [{ bytes: bytesOf(bound), stride: 4 * form.size }] : []),
    ];
    const sizeBytes = parts.reduce((sum, { stride }) => sum + stride, 0);
    return { form: this.#forms.number(JSON.stringify(form)), present, parts, sizeBytes };
  }
}

function copied(column: Column): Copied {
  if (column.kind === 'dense')
    return { bytes: bytesOf(column.values), stride: column.size * column.values.BYTES_PER_ELEMENT };
  const values = column.kind === 'multiHot' ? column.places : column.values;
  return { bytes: bytesOf(values), stride: 0, starts: column.starts };
}

const countAt = (starts: Int32Array, row: number): number => (starts[row + 1] as number) - (starts[row] as number);
