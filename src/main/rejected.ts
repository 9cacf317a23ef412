import { ConfigError, type Issue } from '../core/error.ts';
import type { Reasons } from '../pipeline/probe.ts';
import { formatCount } from '../report/format.ts';

/** What was rejected, by its reason: how often, and the first one. @param located gives issues their places in the file */
export function reasonLines(reasons: Reasons, located: (error: unknown) => unknown): readonly string[] {
  const textOf = (issue: Issue): string => (located(new ConfigError(issue)) as ConfigError).message;
  return [...reasons].map(
    ([reason, { count, first }]) => `  ${reason} × ${formatCount(count)}: ${textOf(first.issue)}`,
  );
}
