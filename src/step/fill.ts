import { type Column, writeColumn } from '../core/column.ts';
import type { TypedArray } from '../core/dtype.ts';
import { sizeOf } from '../core/shape.ts';
import { randomRowsInput } from '../trace/record.ts';
import { type Batch, inputSize } from './batch.ts';
import { putColumn } from './column.ts';
import type { HeadGroup, TrainedHead } from './head-group.ts';
import type { ModelProgram } from './program.ts';
import type { Settings } from './settings.ts';

/** Inputs of a prepared program, by name. What the program turned out not to need is not among them. */
type Slot = Readonly<Record<string, TypedArray>>;

/** Where a program takes what it is told of one group's heads. */
interface GroupPlaces {
  readonly heads: readonly TrainedHead[];
  readonly label: TypedArray | undefined;
  readonly present: TypedArray | undefined;
  readonly bound: TypedArray | undefined;
  readonly weight: TypedArray | undefined;
  readonly denominator: TypedArray | undefined;
  readonly known: TypedArray | undefined;
  readonly limit: TypedArray | undefined;
  readonly factor: TypedArray | undefined;
}

/** Places in the slots that were written before: looking them up by name takes longer than writing them. */
const places = new WeakMap<Slot, readonly GroupPlaces[]>();

function placesIn(slot: Slot, groups: readonly HeadGroup[]): readonly GroupPlaces[] {
  const found = places.get(slot);
  if (found) return found;
  const made = groups.map(({ name, heads }): GroupPlaces => {
    const at = (kind: string): TypedArray | undefined => slot[`${kind}/${name}`];
    return {
      heads,
      label: at('label'),
      present: at('present'),
      bound: at('bound'),
      weight: at('weight'),
      denominator: at('denominator'),
      known: at('known'),
      limit: at('limit'),
      factor: at('factor'),
    };
  });
  places.set(slot, made);
  return made;
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
  for (const { heads, present, label, bound, weight } of placesIn(slot, groups))
    for (const [column, head] of heads.entries()) {
      const labels = batch.labels[head.name];
      const ofRows = { rows: batch.rows, column, columns: heads.length, size: 1 };
      putColumn(present, labels?.present ?? 0, ofRows);
      if (!labels) continue;
      const ofLabels = { ...ofRows, size: sizeOf(head.label.shape) };
      putColumn(label, labels.values as Float32Array, ofLabels);
      if (labels.bound) putColumn(bound, labels.bound, ofLabels);
      putColumn(weight, labels.weight ?? 1, ofRows);
    }
  const keys = slot[randomRowsInput] as Int32Array | undefined;
  keys?.set(batch.keys ?? Int32Array.from({ length: batch.rows }, (_, row) => row));
}

/** What is known of one head before a step. */
export interface HeadInputs {
  readonly name: string;
  readonly denominator: number;
  /** The highest loss that is no spike, where that is looked at. */
  readonly limit?: number;
}

/** Writes the scalars of a step: of the present heads, and that the others are absent. */
export function fillHeads(slot: Slot, program: ModelProgram, rows: number, present: readonly HeadInputs[]): void {
  const inputs = new Map<string, HeadInputs>();
  for (const head of present) inputs.set(head.name, head);
  for (const group of placesIn(slot, program.groups))
    for (const [column, { name }] of group.heads.entries()) {
      const head = inputs.get(name);
      if (group.denominator) group.denominator[column] = head?.denominator ?? 1;
      if (group.limit) group.limit[column] = head?.limit ?? Number.POSITIVE_INFINITY;
      if (group.known) group.known[column] = Number(head !== undefined);
      if (!head) putColumn(group.present, 0, { rows, column, columns: group.heads.length, size: 1 });
    }
  for (const [input, heads] of program.sets) {
    const any = slot[input];
    if (any) any[0] = Number(heads.some((head) => inputs.has(head)));
  }
}

/** Writes which batch normalisation is frozen in a step. */
export function fillFrozen(slot: Slot, program: ModelProgram, settings: Settings): void {
  for (const [input, group] of program.normalized) {
    const frozen = slot[input];
    if (frozen) frozen[0] = Number(settings.isFrozen(group));
  }
}

/** Writes the factor of each present head's loss. */
export function fillFactors(
  slot: Slot,
  program: ModelProgram,
  present: readonly HeadInputs[],
  factors: readonly number[],
): void {
  const known = new Map<string, number>();
  for (const [at, { name }] of present.entries()) known.set(name, factors[at] as number);
  for (const { heads, factor } of placesIn(slot, program.groups))
    if (factor) for (const [column, { name }] of heads.entries()) factor[column] = known.get(name) ?? 0;
}
