import type { ColumnProfile } from './profile.ts';

/** A column of numbers, computed from one of texts in which they stand. */
export interface Derived {
  readonly name: string;
  /** The column of texts. */
  readonly from: string;
  /** What stands beside the numbers; empty where that are commas alone. */
  readonly unit: string;
  readonly sql: string;
}

/** Columns of numbers, for those whose texts are numbers with commas or a unit. */
export function derivedOf(profiles: readonly ColumnProfile[]): readonly Derived[] {
  const taken = new Set(profiles.map(({ name }) => name.toLowerCase()));
  return profiles.flatMap(({ name: from, unit }): readonly Derived[] => {
    const name = `${from} (number)`;
    return unit === undefined || taken.has(name.toLowerCase()) ? [] : [{ name, from, unit, sql: numberIn(from) }];
  });
}

/** SQL for the number in a text; null where there is none. */
const numberIn = (column: string): string =>
  `TRY_CAST(regexp_replace("${column.replaceAll('"', '""')}"::VARCHAR, '[^0-9.+-]', '', 'g') AS DOUBLE)`;
