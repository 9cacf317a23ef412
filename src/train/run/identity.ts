import type { Json } from '../../core/chunk.ts';
import { placeOf } from '../../core/config.ts';
import type { Issue } from '../../core/error.ts';
import { formatValue } from '../../core/format.ts';
import type { Path } from '../../core/zod-issue.ts';

/**
 * Where what a run is differs from what it was when its checkpoint was written.
 * @param where what the places are in, for errors
 */
export function differencesOf(now: Json | undefined, before: Json | undefined, where: string): readonly Issue[] {
  const issues: Issue[] = [];
  const compare = (one: Json | undefined, other: Json | undefined, path: Path): void => {
    if (isParts(one) && isParts(other) && Array.isArray(one) === Array.isArray(other)) {
      for (const key of new Set([...Object.keys(one), ...Object.keys(other)]))
        compare(partOf(one, key), partOf(other, key), [...path, Array.isArray(one) ? Number(key) : key]);
      return;
    }
    if (one === other) return;
    issues.push({
      where: placeOf(path, where),
      expected: `${formatValue(other)}, as when it was begun`,
      found: formatValue(one),
    });
  };
  compare(now, before, []);
  return issues;
}

type Parts = readonly Json[] | { readonly [key: string]: Json };
const isParts = (value: Json | undefined): value is Parts => typeof value === 'object' && value !== null;
const partOf = (parts: Parts, key: string): Json | undefined => (parts as Readonly<Record<string, Json>>)[key];
