import type { Variable } from '@tensorflow/tfjs-core';
import { ConfigError, EngineError, type Issue } from '../core/error.ts';
import { formatValue, oneOf, quote } from '../core/format.ts';
import { formatShape } from '../core/shape.ts';
import { didYouMean } from '../core/suggest.ts';
import { nameOf } from '../trace/name.ts';
import type { InputSpecs } from '../trace/record.ts';
import { type OptimizerType, optimizerKernels } from './kernel/index.ts';
import type { Between, GroupSpec, TrainerSpec } from './trainer.ts';
import type { StepSettings } from './update.ts';

function fail(issues: readonly Issue[]): void {
  if (issues.length > 0) throw new ConfigError(issues);
}

/** @throws ConfigError when groups or variables share a name, or a variable belongs to two groups */
export function checkGroups(groups: readonly GroupSpec[]): void {
  const owner = new Map<Variable, string>();
  const issues: Issue[] = [];
  const seen = new Set<string>();
  const named = new Map<string, Variable>();
  for (const { name, variables } of groups) {
    if (seen.has(name)) issues.push({ where: 'groups', expected: 'names that differ', found: `two named '${name}'` });
    seen.add(name);
    for (const variable of variables) {
      const other = owner.get(variable);
      if (other !== undefined)
        issues.push({
          where: `groups: variable '${nameOf(variable)}'`,
          expected: 'it in one group',
          found: `it in '${other}' and '${name}'`,
        });
      owner.set(variable, name);
      if (other === undefined && named.has(nameOf(variable)))
        issues.push({
          where: 'groups',
          expected: 'variables whose names differ',
          found: `two named '${nameOf(variable)}'`,
        });
      named.set(nameOf(variable), variable);
    }
  }
  fail(issues);
}

/** What every setting of an optimizer must be, by name. */
const settingRanges: Readonly<
  Record<string, { readonly expected: string; readonly holds: (value: number) => boolean }>
> = {
  epsilon: { expected: 'a number above 0', holds: (value) => value > 0 },
  l2: { expected: 'a number, 0 or more', holds: (value) => value >= 0 },
  decay: { expected: 'a number, 0 or more', holds: (value) => value >= 0 },
};
const fraction = { expected: 'a number from 0 to below 1', holds: (value: number) => value >= 0 && value < 1 };

/** @throws ConfigError when there is no such optimizer, or a setting it does not have or that cannot be */
export function checkOptimizer(optimizer: TrainerSpec['optimizer'] | undefined): void {
  const types = Object.keys(optimizerKernels);
  const type: unknown = optimizer?.type;
  if (typeof type !== 'string' || !(type in optimizerKernels))
    throw new ConfigError({
      where: 'optimizer.type',
      expected: oneOf(types),
      found: formatValue(type),
      ...didYouMean(String(type), types),
    });
  const known = Object.keys(optimizerKernels[type as OptimizerType].settings);
  const issues: Issue[] = [];
  for (const [name, value] of Object.entries(optimizer?.settings ?? {})) {
    const where = `optimizer.settings.${name}`;
    if (!known.includes(name)) {
      issues.push({ where, expected: oneOf(known), found: formatValue(name), ...didYouMean(name, known) });
      continue;
    }
    const { expected, holds } = settingRanges[name] ?? fraction;
    if (!Number.isFinite(value) || !holds(value)) issues.push({ where, expected, found: formatValue(value) });
  }
  fail(issues);
}

const inputTypes = ['float32', 'int32', 'bool'];

/**
 * @param stages how many stages there may be
 * @throws ConfigError when a shape, type or stage of an input cannot be
 */
export function checkSpecs(specs: InputSpecs, stages: number): void {
  const issues: Issue[] = [];
  for (const [name, { shape, dtype = 'float32', stage = 0 }] of Object.entries(specs)) {
    if (!Array.isArray(shape) || !shape.every((size) => Number.isInteger(size) && size >= 0))
      issues.push({
        where: `inputs.${name}.shape`,
        expected: 'a list of whole numbers, 0 or more',
        found: Array.isArray(shape) ? `[${shape.map(formatValue).join(', ')}]` : formatValue(shape),
      });
    if (!inputTypes.includes(dtype))
      issues.push({
        where: `inputs.${name}.dtype`,
        expected: oneOf(inputTypes),
        found: formatValue(dtype),
        ...didYouMean(dtype, inputTypes),
      });
    if (!Number.isInteger(stage) || stage < 0 || stage >= stages)
      issues.push({
        where: `inputs.${name}.stage`,
        expected: stages === 1 ? '0: nothing decides between stages here' : '0 or 1',
        found: formatValue(stage),
      });
  }
  fail(issues);
}

/** A name for inputs alike, however they are written down. */
export function formatSpecs(specs: InputSpecs): string {
  return Object.entries(specs)
    .map(
      ([name, { shape, dtype = 'float32', stage = 0 }]) =>
        `${quote(name)} ${dtype} ${formatShape(shape)}${stage > 0 ? ` stage ${stage}` : ''}`,
    )
    .sort()
    .join(', ');
}

const clipLimits = ['value', 'norm', 'globalNorm'];

function clipIssues(clip: StepSettings['clip']): readonly Issue[] {
  return Object.entries(clip ?? {}).flatMap(([name, limit]) => {
    const where = `clip.${name}`;
    if (!clipLimits.includes(name))
      return [{ where, expected: oneOf(clipLimits), found: formatValue(name), ...didYouMean(name, clipLimits) }];
    return typeof limit === 'number' && limit > 0
      ? []
      : [{ where, expected: 'a number above 0', found: formatValue(limit) }];
  });
}

/**
 * @param used variables whose values the step takes
 * @param assigned names of those it gives other values
 * @throws ConfigError when one of them would have to move, and no group moves it
 */
export function checkOwned(
  groups: readonly GroupSpec[],
  used: Iterable<Variable>,
  assigned: Iterable<string> = [],
): void {
  const owned = new Set(groups.flatMap(({ variables }) => variables));
  const names = new Set([...owned].map(nameOf));
  const found = `it in none of ${groups.map((group) => `'${group.name}'`).join(', ')}`;
  const trained = [...new Set(used)].filter((variable) => variable.trainable && !owned.has(variable)).map(nameOf);
  const others = [...assigned].filter((name) => !names.has(name) && !trained.includes(name));
  fail([
    ...trained.map((name) => ({
      where: `variable '${name}'`,
      expected: 'every trainable variable the step uses in one of the groups',
      found,
      hint: 'add it to a group, or make it untrainable if it is meant to stay as it is',
    })),
    ...others.map((name) => ({
      where: `variable '${name}'`,
      expected: 'every variable the step assigns in one of the groups',
      found,
      hint: 'add it to the group whose labels it follows',
    })),
  ]);
}

/** @throws EngineError when a trainer is closed */
export function checkOpen(closed: boolean): void {
  if (closed) throw new EngineError({ where: 'trainer', expected: 'an open trainer', found: 'a closed one' });
}

/** What a prepared step is asked to take, and on what. */
export interface Run {
  readonly slot: number;
  readonly settings: StepSettings;
  readonly between: Between | undefined;
}

/** Names of the inputs that are known only after the first stage. */
export function lateInputs(specs: InputSpecs): readonly string[] {
  return Object.keys(specs).filter((name) => (specs[name]?.stage ?? 0) > 0);
}

/**
 * @param late inputs of the second stage
 * @param slots of the prepared step
 * @throws ConfigError when the settings do not fit the groups, the slot does not exist, or nobody would write the
 *   inputs of the second stage
 */
export function checkRun(
  groups: readonly GroupSpec[],
  late: readonly string[],
  slots: number,
  { slot, settings: { present, learningRates, clip }, between }: Run,
): void {
  const issues: Issue[] = [...clipIssues(clip)];
  for (const [where, list] of Object.entries({ present, learningRates }))
    if (!Array.isArray(list) || list.length !== groups.length)
      issues.push({
        where,
        expected: `one for each of ${groups.length} groups (${groups.map(({ name }) => name).join(', ')})`,
        found: Array.isArray(list) ? `${list.length}` : formatValue(list),
      });
  if (Array.isArray(learningRates))
    learningRates.forEach((rate, at) => {
      if (!Number.isFinite(rate) || rate < 0)
        issues.push({ where: `learningRates[${at}]`, expected: 'a finite number, 0 or more', found: `${rate}` });
    });
  if (!Number.isInteger(slot) || slot < 0 || slot >= slots)
    issues.push({ where: 'slot', expected: `a whole number below ${slots}`, found: `${slot}` });
  if (!between && late.length > 0)
    issues.push({
      where: 'between',
      expected: `a function that writes ${late.map(quote).join(', ')}, known only after the first stage`,
      found: formatValue(between),
    });
  fail(issues);
}

/** @throws EngineError when a step with this slot has not settled yet */
export function takeSlot(busy: Set<number>, slot: number): void {
  if (busy.has(slot))
    throw new EngineError({
      where: `slot ${slot}`,
      expected: 'a slot whose last step has settled',
      found: 'one that is being computed',
      hint: 'await that step, or alternate the slots',
    });
  busy.add(slot);
}
