import type { TypedArray } from '../core/dtype.ts';
import { ConfigError, type Issue } from '../core/error.ts';
import { assignValues } from '../engine/assignment.ts';
import type { Trainer } from '../engine/trainer.ts';
import type { ModelSpec } from '../model/spec.ts';
import type { StepState } from './state.ts';

type Arrays = StepState['arrays'];

/** @throws ConfigError naming every parameter that a state lacks, or has with another size; nothing is restored then */
export function checkArrays(spec: ModelSpec, arrays: Arrays, all: boolean): void {
  const issues = spec.groups
    .flatMap(({ parameters }) => parameters)
    .flatMap(({ name, variable }): Issue[] => {
      const values = arrays[`parameter/${name}`];
      if (values?.length === variable.size || (!values && !all)) return [];
      const found = values ? `${values.length}` : 'none';
      return [{ where: `state, parameter '${name}'`, expected: `${variable.size} values`, found }];
    });
  if (issues.length > 0) throw new ConfigError(issues);
}

/**
 * What a state holds that belongs to a model trained by an optimizer: parameters, their slots and the clocks of groups.
 * @param slots those that the optimizer has
 */
export function ownArrays(spec: ModelSpec, slots: readonly string[], arrays: Arrays): Record<string, TypedArray> {
  const parameters = new Set(spec.groups.flatMap((group) => group.parameters.map(({ name }) => name)));
  const groups = new Set(spec.groups.filter(({ heads }) => heads.length > 0).map(({ name }) => name));
  return Object.fromEntries(
    Object.entries(arrays).filter(([path]) => {
      const [kind, ...rest] = path.split('/');
      if (kind === 'clock') return groups.has(rest.join('/'));
      if (kind === 'slot') return slots.includes(rest[0] as string) && parameters.has(rest.slice(1).join('/'));
      return kind === 'parameter' && parameters.has(rest.join('/'));
    }),
  );
}

/** The arrays of a state without the slots and clocks of groups that never moved: all of those are 0. */
export function movedArrays(spec: ModelSpec, arrays: Arrays): Arrays {
  const still = spec.groups.filter(({ name }) => !arrays[`clock/${name}`]?.[0]);
  const names = new Set(still.flatMap(({ parameters }) => parameters.map(({ name }) => name)));
  const clocks = new Set(still.map(({ name }) => `clock/${name}`));
  const isMoved = (path: string): boolean =>
    !clocks.has(path) && !(path.startsWith('slot/') && names.has(path.split('/').slice(2).join('/')));
  return Object.fromEntries(Object.entries(arrays).filter(([path]) => isMoved(path)));
}

/** Slots and clocks that a trainer has and a state does not name, as they are before the first step. */
export function unnamed(trainer: Trainer, arrays: Arrays): Record<string, TypedArray> {
  return Object.fromEntries(
    Object.entries(trainer.state())
      .filter(([path]) => !path.startsWith('parameter/') && !(path in arrays))
      .map(([path, values]) => [path, (values.slice() as Float32Array).fill(0)]),
  );
}

/** Gives variables that no trainer holds the values of a state: those of outputs that are not trained. */
export function assignUntrained(spec: ModelSpec, arrays: Arrays): void {
  for (const { heads, parameters } of spec.groups)
    for (const { name, variable } of heads.length === 0 ? parameters : []) {
      const values = arrays[`parameter/${name}`];
      if (values) assignValues(variable, values);
    }
}
