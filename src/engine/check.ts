import type { Variable } from '@tensorflow/tfjs-core';
import { ConfigError, EngineError, type Issue } from '../core/error.ts';
import type { GroupSpec } from './trainer.ts';
import type { StepSettings } from './update.ts';

function fail(issues: readonly Issue[]): void {
  if (issues.length > 0) throw new ConfigError(issues);
}

/** @throws ConfigError when groups share a name, or a variable belongs to two of them */
export function checkGroups(groups: readonly GroupSpec[]): void {
  const owner = new Map<Variable, string>();
  const issues: Issue[] = [];
  const seen = new Set<string>();
  for (const { name, variables } of groups) {
    if (seen.has(name)) issues.push({ where: 'groups', expected: 'names that differ', found: `two named '${name}'` });
    seen.add(name);
    for (const variable of variables) {
      const other = owner.get(variable);
      if (other !== undefined)
        issues.push({
          where: `groups: variable '${variable.name}'`,
          expected: 'it in one group',
          found: `it in '${other}' and '${name}'`,
        });
      owner.set(variable, name);
    }
  }
  fail(issues);
}

/** @throws ConfigError when the step uses a trainable variable that no group would move */
export function checkOwned(groups: readonly GroupSpec[], used: Iterable<Variable>): void {
  const owned = new Set(groups.flatMap(({ variables }) => variables));
  const missing = [...used].filter((variable) => variable.trainable && !owned.has(variable));
  fail(
    missing.map(({ name }) => ({
      where: `variable '${name}'`,
      expected: 'every trainable variable the step uses in one of the groups',
      found: `it in none of ${groups.map((group) => `'${group.name}'`).join(', ')}`,
      hint: 'add it to a group, or make it untrainable if it is meant to stay as it is',
    })),
  );
}

/** @throws ConfigError when the settings do not fit the groups or the slot does not exist; EngineError after closing */
export function checkRun(
  groups: readonly GroupSpec[],
  slots: number,
  slot: number,
  { present, learningRates }: StepSettings,
  closed: boolean,
): void {
  if (closed) throw new EngineError({ where: 'trainer', expected: 'an open trainer', found: 'a closed one' });
  const names = `one for each of ${groups.length} groups (${groups.map(({ name }) => name).join(', ')})`;
  const issues: Issue[] = [];
  for (const [where, list] of Object.entries({ present, learningRates }))
    if (list.length !== groups.length) issues.push({ where, expected: names, found: `${list.length}` });
  learningRates.forEach((rate, at) => {
    if (!Number.isFinite(rate) || rate < 0)
      issues.push({ where: `learningRates[${at}]`, expected: 'a finite number, 0 or more', found: `${rate}` });
  });
  if (!Number.isInteger(slot) || slot < 0 || slot >= slots)
    issues.push({ where: 'slot', expected: `a whole number below ${slots}`, found: `${slot}` });
  fail(issues);
}
