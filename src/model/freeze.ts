import { ConfigError } from '../core/error.ts';
import { oneOf } from '../core/format.ts';
import { didYouMean } from '../core/suggest.ts';
import type { Branch } from './branch.ts';
import { segmentOf } from './place.ts';
import type { ModelSpec } from './spec.ts';

/**
 * Branches with parameters, which can be kept as they are.
 * @throws ConfigError naming all that are not among the model's
 */
export function knownBranches({ groups }: ModelSpec, given: readonly (string | Branch)[]): readonly string[] {
  const branches = given.map((branch) => (typeof branch === 'string' ? branch : segmentOf(branch.tensor)));
  const names = [...new Set(groups.map(({ branch }) => branch))];
  const issues = branches
    .filter((branch) => !names.includes(branch))
    .map((branch) => ({
      where: 'freeze',
      expected: names.length > 0 ? oneOf(names) : 'a branch with parameters, which the model does not have',
      found: `'${branch}'`,
      ...didYouMean(branch, names),
    }));
  if (issues.length > 0) throw new ConfigError(issues);
  return branches;
}
