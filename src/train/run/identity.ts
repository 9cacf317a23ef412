import type { Json } from '../../core/chunk.ts';
import { placeOf } from '../../core/config.ts';
import { ConfigError, type Issue } from '../../core/error.ts';
import { formatValue } from '../../core/format.ts';
import type { Path } from '../../core/zod-issue.ts';

/** A place where a run is another than it was. */
export interface Difference {
  readonly path: Path;
  readonly before: Json | undefined;
  readonly now: Json | undefined;
}

/** Where what a run is differs from what it was when its checkpoint was written. */
export function differencesOf(now: Json | undefined, before: Json | undefined): readonly Difference[] {
  const found: Difference[] = [];
  const compare = (one: Json | undefined, other: Json | undefined, path: Path): void => {
    if (isParts(one) && isParts(other) && Array.isArray(one) === Array.isArray(other)) {
      for (const key of new Set([...Object.keys(one), ...Object.keys(other)]))
        compare(partOf(one, key), partOf(other, key), [...path, Array.isArray(one) ? Number(key) : key]);
      return;
    }
    if (one === other) return;
    found.push({ path, before: other, now: one });
  };
  compare(now, before, []);
  return found;
}

/** Differences that are not put up with. @param hint what to do about all of them */
export function refusals(differences: readonly Difference[], hint: string): ConfigError {
  return new ConfigError(
    differences.map(({ path, before, now }, at): Issue => {
      const expected = `${formatValue(before)}, as when it was begun`;
      const isLast = at === differences.length - 1;
      return { where: placeOf(path, ''), expected, found: formatValue(now), ...(isLast ? { hint } : {}) };
    }),
  );
}

type Parts = readonly Json[] | { readonly [key: string]: Json };
const isParts = (value: Json | undefined): value is Parts => typeof value === 'object' && value !== null;
const partOf = (parts: Parts, key: string): Json | undefined => (parts as Readonly<Record<string, Json>>)[key];
