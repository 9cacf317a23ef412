import type { Column } from '../../src/core/column.ts';
import type { RawColumn } from '../../src/core/table.ts';
import type { Feature, FeatureFault } from '../../src/feature/feature.ts';
import { type FeatureConfig, features, parseFeatures } from '../../src/feature/index.ts';

/** A column as media give it, from plain values; of a kind that values fit, unless a kind is said. */
export function columnOf(values: readonly unknown[], kind: RawColumn['kind'] = kindOf(values)): RawColumn {
  const valid = Uint8Array.from(values, (value) => Number(value !== null));
  switch (kind) {
    case 'number':
      return { kind, valid, values: Float64Array.from(values, (value) => (value === null ? 77 : Number(value))) };
    case 'numbers':
    case 'texts': {
      const lists = values.map((value) => (value ?? []) as unknown[]);
      const starts = new Int32Array(lists.length + 1);
      lists.forEach((list, row) => {
        starts[row + 1] = (starts[row] as number) + list.length;
      });
      const flat = lists.flat();
      return kind === 'texts'
        ? { kind, starts, valid, values: flat as string[] }
        : { kind, starts, valid, values: Float64Array.from(flat, (x) => (x === null ? Number.NaN : (x as number))) };
    }
    default:
      return { kind, values } as RawColumn;
  }
}

function kindOf(values: readonly unknown[]): RawColumn['kind'] {
  const kinds = new Set(values.filter((value) => value !== null).map(kindOfValue));
  return kinds.size === 1 ? ([...kinds][0] as RawColumn['kind']) : 'mixed';
}

function kindOfValue(value: unknown): RawColumn['kind'] {
  if (typeof value === 'number') return 'number';
  if (typeof value === 'string') return 'text';
  if (value instanceof Uint8Array) return 'bytes';
  return Array.isArray(value)
    ? value.length > 0 && value.every((x) => typeof x === 'string')
      ? 'texts'
      : 'numbers'
    : 'mixed';
}

/** A feature of these columns, for the input `x`. */
export function build(config: FeatureConfig, columns: Readonly<Record<string, RawColumn>>): Feature {
  const parsed = parseFeatures({ x: config }, 'features').x;
  const known = Object.entries(columns).map(([name, { kind }]) => ({ name, kind }));
  return features.create(parsed as NonNullable<typeof parsed>, { where: 'features.x', columns: known });
}

export interface Outcome {
  /** One list of numbers for each row without a fault; null for others. Sequences are not filled up. */
  readonly rows: readonly (readonly number[] | null)[];
  readonly faults: readonly FeatureFault[];
  readonly column: Column;
}

/** Builds, fits where needed, and transforms. */
export async function run(config: FeatureConfig, columns: Readonly<Record<string, RawColumn>>): Promise<Outcome> {
  const feature = build(config, columns);
  const [rows, list] = [rowsOf(Object.values(columns)[0] as RawColumn), Object.values(columns)];
  if (feature.needsFit) {
    feature.fit(list, rows);
    feature.finishFit();
  }
  return transformed(feature, list, rows);
}

export async function transformed(feature: Feature, columns: readonly RawColumn[], rows: number): Promise<Outcome> {
  const { column, faults } = await feature.transform(columns, rows);
  const bad = new Set(faults.map(({ row }) => row));
  const all = Array.from({ length: rows }, (_, row) => (bad.has(row) ? null : numbersOf(column, row)));
  return { rows: all, faults, column };
}

export function rowsOf(column: RawColumn): number {
  return 'starts' in column ? column.starts.length - 1 : column.values.length;
}

/** The numbers of one row. */
export function numbersOf(column: Column, row: number): readonly number[] {
  if (column.kind === 'dense') return [...column.values.slice(row * column.size, (row + 1) * column.size)] as number[];
  const [start, end] = [column.starts[row], column.starts[row + 1]];
  if (column.kind === 'sequence') return [...column.values.slice(start, end)];
  const numbers = Array.from({ length: column.size }, () => 0);
  for (const place of column.places.slice(start, end)) numbers[place] = (numbers[place] ?? Number.NaN) + 1;
  return numbers;
}
