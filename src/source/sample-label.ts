import type { LabelColumn } from '../core/chunk.ts';
import { allocateArray } from '../core/dtype.ts';
import type { Moments } from '../feature/index.ts';
import { faultOfLabel } from '../loss/index.ts';
import type { RowFaults } from './sample-fault.ts';
import type { HeadRule } from './sample-rule.ts';

/** Collects the labels of one head over the samples of a chunk. */
export class LabelWriter {
  private readonly rule: HeadRule;
  private readonly faults: RowFaults;
  private readonly values: Float32Array;
  private readonly present: Uint8Array;
  private weight: Float32Array | undefined;
  private readonly bound: Float32Array | undefined;
  private readonly observe: Moments | undefined;
  private any = false;

  /** @param observe takes every good label, before it is moved: for fits */
  constructor(rule: HeadRule, samples: number, hasBound: boolean, faults: RowFaults, observe?: Moments) {
    this.rule = rule;
    this.faults = faults;
    this.observe = observe;
    this.values = allocateArray(rule.dtype, samples * rule.size) as Float32Array;
    this.present = new Uint8Array(samples);
    if (hasBound) this.bound = new Float32Array(samples * rule.size);
  }

  /** Labels of one number, as columns. The samples are the rows. */
  putAll(from: ArrayLike<number>, valid: Uint8Array, part: string, bounds: Float32Array | undefined): void {
    const { least, most, isWhole } = this.rule;
    const { values, present } = this;
    const { bad } = this.faults;
    const isPlain = this.rule.scale === undefined && this.observe === undefined && !this.rule.options.log10;
    const isSimple = isPlain && bounds === undefined && this.rule.spec?.values.kind !== 'distribution';
    for (let row = 0; row < valid.length; row++) {
      if (valid[row] === 0 || bad[row] === 1) continue;
      const value = from[row] as number;
      if (isSimple && value >= least && value <= most && (!isWhole || Number.isInteger(value))) {
        values[row] = value;
        present[row] = 1;
        this.any = true;
      } else this.put(row, row, [value], part, bounds?.[row] ?? 0);
    }
  }

  /** One label. @param row where it stands in the table */
  put(sample: number, row: number, label: ArrayLike<number>, part: string, bound: number): void {
    const { rule } = this;
    const { size, options, scale } = rule;
    if (options.missing === 'nan' && everyNaN(label)) return;
    if (Number.isNaN(bound)) return;
    if (!this.isGood(label, bound)) {
      this.reject(row, label, part, bound);
      return;
    }
    for (let place = 0; place < size; place++) {
      const value = options.log10 ? Math.log10(label[place] as number) : (label[place] as number);
      this.observe?.add(place, value);
      const at = sample * size + place;
      this.values[at] = scale ? (value - (scale.mean[place] as number)) / (scale.scale[place] as number) : value;
      if (this.bound) this.bound[at] = bound;
    }
    this.present[sample] = 1;
    this.any = true;
  }

  /** The factor of a sample's loss. */
  weigh(sample: number, weight: number): void {
    this.weight ??= new Float32Array(this.present.length).fill(1);
    this.weight[sample] = weight;
  }

  drop(sample: number): void {
    this.present[sample] = 0;
  }

  has(sample: number): boolean {
    return this.present[sample] === 1;
  }

  /** What was collected; undefined when no sample has a label. */
  finish(): LabelColumn | undefined {
    if (!this.any) return undefined;
    const { values, present, weight, bound } = this;
    return { values, present, ...(weight && { weight }), ...(bound && { bound }) };
  }

  private isGood(label: ArrayLike<number>, bound: number): boolean {
    const { size, least, most, isWhole, spec } = this.rule;
    if (label.length !== size) return false;
    for (let place = 0; place < size; place++) {
      const value = label[place] as number;
      if (!(value >= least && value <= most) || (isWhole && !Number.isInteger(value))) return false;
    }
    return spec === undefined || faultOfLabel(spec, label, this.boundsOf(bound)) === undefined;
  }

  private boundsOf(bound: number): readonly number[] {
    return Array.from({ length: this.rule.size }, () => bound);
  }

  private reject(row: number, label: ArrayLike<number>, part: string, bound: number): void {
    const { head, size, spec, options } = this.rule;
    const hasNaN = Array.from(label).some(Number.isNaN);
    const wrongLength = label.length !== size;
    const fault = wrongLength
      ? { expected: `${size} numbers`, found: `${label.length}` }
      : options.log10 && !hasNaN
        ? { expected: 'a number above 0, for its logarithm', found: Array.from(label).join(', ') }
        : ((spec && faultOfLabel(spec, label, this.boundsOf(bound))) ?? this.plainFault(label));
    this.faults.rejectLabel({
      row,
      head,
      part,
      reason: wrongLength ? 'badLength' : 'labelOutOfRange',
      ...fault,
      ...(!wrongLength && hasNaN && { hint: hintOfNaN(label) }),
    });
  }

  private plainFault(label: ArrayLike<number>): { readonly expected: string; readonly found: string } {
    const { isWhole, least, most } = this.rule;
    const found = Array.from(label).find(
      (value) => !(value >= least && value <= most && (!isWhole || Number.isInteger(value))),
    );
    const expected = isWhole ? `a class from 0 to ${most}` : 'a finite number that float32 can hold';
    return { expected, found: `${found}` };
  }
}

function everyNaN(label: ArrayLike<number>): boolean {
  for (let at = 0; at < label.length; at++) if (!Number.isNaN(label[at])) return false;
  return label.length > 0;
}

function hintOfNaN(label: ArrayLike<number>): string {
  return everyNaN(label)
    ? 'say missing: nan when NaN means that there is no label'
    : 'a label is there as a whole or not at all: make each number a head of its own';
}
