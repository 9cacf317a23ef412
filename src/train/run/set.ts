import { ConfigError, type Issue } from '../../core/error.ts';
import { oneOf, quote } from '../../core/format.ts';
import type { BranchSetting, HeadSetting, RunSettings, SettingsChange } from '../../core/steering.ts';
import { didYouMean } from '../../core/suggest.ts';
import type { StepRunner } from '../../step/runner.ts';

/** What a model's heads and branches are set to. */
export function settingsOf(runner: StepRunner): RunSettings {
  const heads = [...runner.settings].map(([name, settings]) => [name, settings.choice()] as const);
  const branches = branchesOf(runner).map((name) => [name, runner.runtime.branch(name)] as const);
  return { heads: Object.fromEntries(heads), branches: Object.fromEntries(branches) };
}

/**
 * Sets heads and branches otherwise: all of a change, or nothing.
 * @throws ConfigError with every name that the model does not have, and every factor that can't be one
 */
export function setAll(runner: StepRunner, { heads, branches }: SettingsChange): void {
  const issues = [
    ...unknown('heads', Object.keys(heads), [...runner.settings.keys()]),
    ...unknown('branches', Object.keys(branches), branchesOf(runner)),
  ];
  if (issues.length > 0) throw new ConfigError(issues);
  const before = settingsOf(runner);
  try {
    for (const [name, change] of Object.entries(heads))
      runner.head(name).choose({ ...runner.head(name).choice(), ...change });
    for (const [name, change] of Object.entries(branches))
      runner.runtime.setBranch(name, { ...runner.runtime.branch(name), ...change });
  } catch (error) {
    for (const name of Object.keys(heads)) runner.head(name).choose(before.heads[name] as HeadSetting);
    for (const name of Object.keys(branches)) runner.runtime.setBranch(name, before.branches[name] as BranchSetting);
    throw error;
  }
}

/** Branches with parameters that are trained. */
const branchesOf = ({ spec }: StepRunner): readonly string[] => [
  ...new Set(spec.groups.filter(({ heads }) => heads.length > 0).map(({ branch }) => branch)),
];

/** Names that are listed where there is no such one. */
const listed = 20;

function unknown(what: 'heads' | 'branches', names: readonly string[], known: readonly string[]): readonly Issue[] {
  const expected =
    known.length > listed ? `one of the model's ${known.length} ${what}` : `${oneOf(known)}: ${what} of the model`;
  return names
    .filter((name) => !known.includes(name))
    .map((name) => ({ where: what, expected, found: quote(name), ...didYouMean(name, known) }));
}
