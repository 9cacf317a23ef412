import type { RawColumn } from '../../core/table.ts';
import type { TableColumn } from '../source.ts';
import { normal, type Random, randomOf } from './random.ts';

/** What an assay's samples are like. */
export interface AssayOptions {
  readonly seed: number;
  /** Numbers of a sample. */
  readonly size: number;
  readonly heads: number;
  /** Share of labels that are unknown: of all heads, or of each. */
  readonly missing: number | readonly number[];
  /** Share of yes-or-no labels that are wrong; deviation of the noise of values, in deviations of the truth. */
  readonly noise: number;
  readonly task: 'binary' | 'value';
  /** Whether the truth stands beside the labels, without noise and never unknown. */
  readonly truth: boolean;
}

/** How many traits of a sample decide about all heads: fewer than heads, so that heads have much in common. */
const traits = 8;

/**
 * Samples as a panel of assays gives them. A sample has `x`, normal numbers; a few traits, each a hyperbolic tangent of a
 * mixture of them; and for each head a mixture of the traits as its truth: the number itself, or whether it is above 0.
 */
export class Assay {
  private readonly options: AssayOptions;
  private readonly mixtures: readonly Float64Array[];
  private readonly directions: readonly Float64Array[];
  private readonly missing: readonly number[];
  readonly names: readonly string[];

  constructor(options: AssayOptions) {
    this.options = options;
    const { seed, size, heads, missing } = options;
    // Rows count up from 0: before it is where no row draws.
    const random = randomOf(seed, -2);
    const vectors = (count: number, length: number): Float64Array[] =>
      Array.from({ length: count }, () => unit(Float64Array.from({ length }, () => normal(random))));
    this.mixtures = vectors(traits, size);
    this.directions = vectors(heads, traits);
    this.missing = typeof missing === 'number' ? Array.from({ length: heads }, () => missing) : missing;
    const digits = String(heads).length;
    this.names = Array.from({ length: heads }, (_, head) => `head${String(head + 1).padStart(digits, '0')}`);
  }

  columns(): readonly TableColumn[] {
    const value: Omit<TableColumn, 'name'> = { kind: 'number', type: 'FLOAT' };
    return [
      { name: 'id', kind: 'number', type: 'DOUBLE' },
      { name: 'x', kind: 'numbers', type: 'FLOAT[]' },
      ...this.names.map((name) => ({ name, ...value })),
      ...(this.options.truth ? this.names.map((name) => ({ name: truthOf(name), ...value })) : []),
    ];
  }

  /** All columns of rows with these numbers. */
  read(rows: readonly number[]): ReadonlyMap<string, RawColumn> {
    const { size, truth, seed } = this.options;
    const x = new Float32Array(rows.length * size);
    const labels = this.names.map(() => numbers(rows.length));
    const truths = this.names.map(() => numbers(rows.length));
    rows.forEach((row, at) => {
      const random = randomOf(seed, row);
      const own = x.subarray(at * size, (at + 1) * size);
      for (let place = 0; place < size; place++) own[place] = normal(random);
      const found = this.mixtures.map((mixture) => Math.tanh(1.5 * dot(mixture, own)));
      this.directions.forEach((direction, head) => {
        const value = dot(direction, found);
        const known = this.isBinary ? Number(value > 0) : value;
        put(truths[head] as NumberColumn, at, known, true);
        put(labels[head] as NumberColumn, at, this.noisy(known, random), random() >= (this.missing[head] ?? 0));
      });
    });
    const entries: [string, RawColumn][] = [
      ['id', { kind: 'number', values: Float64Array.from(rows), valid: new Uint8Array(rows.length).fill(1) }],
      [
        'x',
        {
          kind: 'numbers',
          starts: Int32Array.from({ length: rows.length + 1 }, (_, row) => row * size),
          values: x,
          valid: new Uint8Array(rows.length).fill(1),
        },
      ],
    ];
    this.names.forEach((name, head) => {
      entries.push([name, labels[head] as NumberColumn]);
      if (truth) entries.push([truthOf(name), truths[head] as NumberColumn]);
    });
    return new Map(entries);
  }

  private get isBinary(): boolean {
    return this.options.task === 'binary';
  }

  /** The label of a truth. Both tasks draw as many numbers whatever the truth is. */
  private noisy(truth: number, random: Random): number {
    const { noise } = this.options;
    if (this.isBinary) return random() < noise ? 1 - truth : truth;
    // The truth's own deviation is that of a mixture of traits: about 0.7.
    return truth + noise * 0.7 * normal(random);
  }
}

type NumberColumn = RawColumn & { readonly kind: 'number' };

function numbers(rows: number): NumberColumn {
  return { kind: 'number', values: new Float32Array(rows), valid: new Uint8Array(rows) };
}

function put({ values, valid }: NumberColumn, row: number, value: number, isKnown: boolean): void {
  if (!isKnown) return;
  values[row] = value;
  valid[row] = 1;
}

function truthOf(name: string): string {
  return name.replace('head', 'truth');
}

function unit(vector: Float64Array): Float64Array {
  const length = Math.sqrt(dot(vector, vector));
  return vector.map((value) => value / length);
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] as number) * (b[at] as number);
  return sum;
}
