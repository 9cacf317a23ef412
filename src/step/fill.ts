import { type Column, writeColumn } from '../core/column.ts';
import type { TypedArray } from '../core/dtype.ts';
import { sizeOf } from '../core/shape.ts';
import { randomRowsInput } from '../trace/record.ts';
import { type Batch, inputSize } from './batch.ts';
import { putColumn } from './column.ts';
import type { HeadGroup } from './head-group.ts';
import type { ModelProgram } from './program.ts';

/** Inputs of a prepared program, by name. What the program turned out not to need is not among them. */
type Slot = Readonly<Record<string, TypedArray>>;

function put(slot: Slot, name: string, values: ArrayLike<number> | TypedArray): void {
  (slot[name] as Float32Array | undefined)?.set(values as ArrayLike<number>);
}

/** Writes what a program computes with for a batch: features, and labels with their presence. */
export function fillBatch(slot: Slot, program: ModelProgram, groups: readonly HeadGroup[], batch: Batch): void {
  for (const input of program.spec.inputs) {
    const target = slot[`x/${input.name}`];
    const given = batch.inputs[input.name] as TypedArray | Column;
    if (!target) continue;
    if ('kind' in given) writeColumn(target, given, inputSize(input, batch));
    else (target as Float32Array).set(given as Float32Array);
  }
  for (const { name, heads } of groups)
    heads.forEach((head, column) => {
      const labels = batch.labels[head.name];
      const ofRows = { rows: batch.rows, column, columns: heads.length, size: 1 };
      putColumn(slot[`present/${name}`], labels?.present ?? 0, ofRows);
      if (!labels) return;
      const ofLabels = { ...ofRows, size: sizeOf(head.label.shape) };
      putColumn(slot[`label/${name}`], labels.values as Float32Array, ofLabels);
      if (labels.bound) putColumn(slot[`bound/${name}`], labels.bound, ofLabels);
      putColumn(slot[`weight/${name}`], labels.weight ?? 1, ofRows);
    });
  if (slot[randomRowsInput])
    put(slot, randomRowsInput, batch.keys ?? Int32Array.from({ length: batch.rows }, (_, row) => row));
}

/** What is known of one head before a step. */
export interface HeadInputs {
  readonly name: string;
  readonly denominator: number;
}

/** Writes the scalars of a step: of the present heads, and that the others are absent. */
export function fillHeads(slot: Slot, program: ModelProgram, rows: number, present: readonly HeadInputs[]): void {
  const known = new Map(present.map((head) => [head.name, head]));
  for (const { name, heads } of program.groups) {
    const of = heads.map((head) => known.get(head.name));
    put(
      slot,
      `denominator/${name}`,
      of.map((head) => head?.denominator ?? 1),
    );
    put(
      slot,
      `known/${name}`,
      of.map((head) => Number(head !== undefined)),
    );
    of.forEach((head, column) => {
      if (!head) putColumn(slot[`present/${name}`], 0, { rows, column, columns: heads.length, size: 1 });
    });
  }
  for (const [input, heads] of program.sets) put(slot, input, [heads.some((head) => known.has(head)) ? 1 : 0]);
}

/** Writes the factor of each present head's loss. */
export function fillFactors(
  slot: Slot,
  program: ModelProgram,
  present: readonly HeadInputs[],
  factors: readonly number[],
): void {
  const known = new Map(present.map(({ name }, at) => [name, factors[at] as number]));
  for (const { name, heads } of program.groups)
    put(
      slot,
      `factor/${name}`,
      heads.map((head) => known.get(head.name) ?? 0),
    );
}
