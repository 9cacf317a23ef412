import { z } from 'zod';
import { parseConfig } from '../core/config.ts';
import { allocateArray, type DType, type TypedArray } from '../core/dtype.ts';
import type { Issue } from '../core/error.ts';
import { didYouMean } from '../core/suggest.ts';
import type { ModelSpec } from '../model/spec.ts';
import type { Batch, HeadLabels } from '../step/batch.ts';
import type { TrainedHead } from '../step/head-group.ts';
import { issueOfIds } from '../step/ids.ts';
import { type LabelOptions, type LabelsOf, labelsOf } from './labels.ts';
import { failOn, formatGiven, isFlat, isTensor, type Rows, rowsOf } from './rows.ts';

/** Samples: by input, or those of the only input. */
export type Features = Rows | Readonly<Record<string, Rows>>;
/** Labels: by head, in the order of the heads, or those of the only head. null where nothing is known. */
export type Labels = Readonly<Record<string, LabelsOf>> | readonly LabelsOf[] | LabelsOf;
/** Factor of each row's loss, for all heads or by head. */
export type Weights = ArrayLike<number> | Readonly<Record<string, ArrayLike<number>>>;

/** Which labels count, and how much. */
export interface DatasetOptions extends LabelOptions {
  /** What each row's loss is multiplied by, 0 or more. A label of weight 0 counts as one all the same. */
  readonly sampleWeight?: Weights;
  /** The heads whose labels count; by default all. */
  readonly heads?: readonly string[];
}

/** How one step is taken. */
export interface StepOptions extends DatasetOptions {
  /**
   * Whether rows without any label take part: they train nothing, but count in the statistics of batch normalisation and
   * in denominators by the batch. Each number of rows that takes part is compiled once. false when left out.
   */
  readonly keepUnlabelled?: boolean;
}

export const datasetFields = {
  missing: z.enum(['null', 'nan']).optional(),
  sampleWeight: z.unknown().optional(),
  heads: z.array(z.string()).optional(),
};
const schema = z.strictObject(datasetFields);

/** @throws ConfigError with everything that is wrong with the options */
export function checkOptions(options: DatasetOptions, where: string): void {
  parseConfig(schema, options, where);
}

const stepSchema = z.strictObject({ ...datasetFields, keepUnlabelled: z.boolean().default(false) });

/** @throws ConfigError with everything that is wrong with the options */
export function checkStep(options: StepOptions): StepOptions & { readonly keepUnlabelled: boolean } {
  const { keepUnlabelled } = parseConfig(stepSchema, options, 'options');
  return { ...options, keepUnlabelled };
}

type ByName<T> = ReadonlyMap<string, T>;

function isNamed(given: unknown): given is Readonly<Record<string, unknown>> {
  const plain = typeof given === 'object' && given !== null && !Array.isArray(given) && !ArrayBuffer.isView(given);
  return plain && !isTensor(given) && !isFlat(given);
}

/** Gives what belongs to each name: from an object by name, from a list by position, else to the only one there is. */
function byName<T>(
  given: unknown,
  names: readonly string[],
  what: string,
  issues: Issue[],
  listed: boolean,
): ByName<T> {
  const expected = (some: string): string => (names.length > 0 ? some : 'none, as no output has a loss');
  const masked = isNamed(given) && 'values' in given && !names.includes('values');
  if (isNamed(given) && !masked) {
    for (const name of Object.keys(given))
      if (!names.includes(name))
        issues.push({
          where: `${what} '${name}'`,
          expected: expected(`one of ${names.map((known) => `'${known}'`).join(', ')}`),
          found: `'${name}'`,
          ...didYouMean(name, names),
        });
    return new Map(Object.entries(given as Record<string, T>));
  }
  if (names.length === 1) return new Map([[names[0] as string, given as T]]);
  if (listed && Array.isArray(given)) {
    if (given.length === names.length) return new Map(names.map((name, at) => [name, given[at] as T]));
    issues.push({
      where: `${what}s`,
      expected: expected(`a list of ${names.length}: ${names.join(', ')}`),
      found: `a list of ${given.length}`,
      ...(names.length > 0 && { hint: 'give null for what is not known, or an object by name' }),
    });
    return new Map();
  }
  issues.push({
    where: `${what}s`,
    expected: expected(`an object with ${names.join(', ')}`),
    found: formatGiven(given),
  });
  return new Map();
}

function isIssues(found: HeadLabels | readonly Issue[] | undefined): found is readonly Issue[] {
  return Array.isArray(found);
}

/** Samples with their labels as columns, checked as a whole. */
export class Dataset implements Batch {
  readonly rows: number;
  readonly inputs: Readonly<Record<string, TypedArray>>;
  readonly labels: Readonly<Record<string, HeadLabels>>;
  readonly #types: ReadonlyMap<string, { readonly size: number; readonly dtype: DType }>;

  /** @throws ShapeError with everything that does not fit the model */
  constructor(spec: ModelSpec, heads: readonly TrainedHead[], x: Features, y: Labels, options: DatasetOptions = {}) {
    const issues: Issue[] = [];
    const { rows, inputs } = readInputs(spec, x, issues);
    this.inputs = inputs;
    this.rows = rows;
    this.labels = issues.length > 0 ? {} : readLabels(heads, y, rows, options, issues);
    failOn(issues);
    this.#types = new Map([
      ...spec.inputs.map(({ name, dtype }) => [name, { size: (inputs[name]?.length ?? 0) / rows, dtype }] as const),
    ]);
  }

  /** The rows of these numbers, as a batch; random masks follow the rows. */
  batch(rows: Int32Array): Batch {
    const inputs = Object.entries(this.inputs).map(([name, values]) => {
      const { size, dtype } = this.#types.get(name) as { size: number; dtype: DType };
      return [name, gather(values, rows, size, dtype)] as const;
    });
    const labels = Object.entries(this.labels).map(([head, { values, present, weight, bound }]) => {
      const size = values.length / this.rows;
      const dtype = values instanceof Int32Array ? 'int32' : 'float32';
      const picked: HeadLabels = {
        values: gather(values, rows, size, dtype),
        present: Uint8Array.from(rows, (row) => present[row] as number),
        ...(weight ? { weight: Float32Array.from(rows, (row) => weight[row] as number) } : {}),
        ...(bound ? { bound: gather(bound, rows, size, 'float32') as Float32Array } : {}),
      };
      return [head, picked] as const;
    });
    return { rows: rows.length, inputs: Object.fromEntries(inputs), labels: Object.fromEntries(labels), keys: rows };
  }
}

/** Rows of a flat array, one after the other. */
export function gather(values: TypedArray, rows: Int32Array, size: number, dtype: DType): TypedArray {
  const picked = allocateArray(dtype, rows.length * size) as Float32Array;
  rows.forEach((row, at) => {
    picked.set((values as Float32Array).subarray(row * size, (row + 1) * size), at * size);
  });
  return picked;
}

/** Samples by input. */
export interface Inputs {
  readonly rows: number;
  readonly inputs: Readonly<Record<string, TypedArray>>;
}

/** Samples by input, all with the same number of rows. */
export function readInputs(spec: ModelSpec, x: Features, issues: Issue[]): Inputs {
  const names = spec.inputs.map(({ name }) => name);
  const given = byName<Rows>(x, names, 'input', issues, false);
  const inputs: Record<string, TypedArray> = {};
  let rows: number | undefined;
  for (const input of spec.inputs) {
    const { name, shape, dtype } = input;
    const found = rowsOf(given.get(name), shape, dtype, `input '${name}'`);
    if ('where' in found) issues.push(found);
    else if (rows !== undefined && found.rows !== rows)
      issues.push({ where: `input '${name}'`, expected: `${rows} rows, as the others have`, found: `${found.rows}` });
    else {
      rows = found.rows;
      inputs[name] = found.values;
      const unknown = issueOfIds(input, found.values, found.values.length / found.rows);
      if (unknown) issues.push(unknown);
    }
  }
  return { rows: rows ?? 0, inputs };
}

function readLabels(
  heads: readonly TrainedHead[],
  y: Labels,
  rows: number,
  { sampleWeight, heads: chosen, ...options }: DatasetOptions,
  issues: Issue[],
): Record<string, HeadLabels> {
  const names = heads.map(({ name }) => name);
  const given = byName<LabelsOf>(y, names, 'label', issues, true);
  const weights = sampleWeight === undefined ? undefined : weightsBy(sampleWeight, names, issues);
  for (const name of chosen ?? [])
    if (!names.includes(name))
      issues.push({
        where: 'heads',
        expected: `some of ${names.join(', ')}`,
        found: `'${name}'`,
        ...didYouMean(name, names),
      });
  const labels: Record<string, HeadLabels> = {};
  for (const head of heads) {
    if (chosen && !chosen.includes(head.name)) continue;
    const found = labelsOf(head, given.get(head.name), rows, options);
    const weight = weights?.get(head.name);
    if (weight && weight.length !== rows)
      issues.push({
        where: `weights of '${head.name}'`,
        expected: `one for each of ${rows} rows`,
        found: `${weight.length}`,
      });
    if (weight) issues.push(...faultsOfWeights(weight, head.name));
    if (isIssues(found)) issues.push(...found);
    else if (found) labels[head.name] = weight ? { ...found, weight: Float32Array.from(weight) } : found;
  }
  return labels;
}

function faultsOfWeights(weights: ArrayLike<number>, head: string): readonly Issue[] {
  const row = Array.from(weights).findIndex((weight) => !(weight >= 0 && Number.isFinite(Math.fround(weight))));
  if (row === -1) return [];
  return [{ where: `weights of '${head}', row ${row}`, expected: 'a number, 0 or more', found: `${weights[row]}` }];
}

function weightsBy(given: Weights, names: readonly string[], issues: Issue[]): ByName<ArrayLike<number>> {
  if (!isNamed(given)) return new Map(names.map((name) => [name, given as ArrayLike<number>]));
  return byName<ArrayLike<number>>(given, names, 'weights of', issues, false);
}
