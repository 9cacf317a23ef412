import { map, type OperatorFunction } from 'rxjs';
import { type Branch, type MergeMode, merge as mergeBranches, type Origin } from '../../model/index.ts';
import type { Activation } from './activation.ts';

interface MergeOptions {
  /** Of the branch that begins with what was joined; by default theirs, with + between. */
  readonly name?: string;
}

/** Joins the tensors of an activation into one, as in a selector. */
export function merge(mode: MergeMode, options?: MergeOptions): OperatorFunction<Activation, Activation>;
/** Joins branches of a graph into one, and freezes them. */
export function merge(origins: readonly Origin[], mode: MergeMode, options?: MergeOptions): Branch;
export function merge(
  given: MergeMode | readonly Origin[],
  mode?: MergeMode | MergeOptions,
  options?: MergeOptions,
): OperatorFunction<Activation, Activation> | Branch {
  if (Array.isArray(given)) return mergeBranches(given as readonly Origin[], mode as MergeMode, options);
  const { name } = (mode ?? {}) as MergeOptions;
  return map((activation) => {
    const { interpreter, handles, branch, pending } = activation;
    const joined = interpreter.merge([...handles.values()], given as MergeMode, name ?? (pending ? branch : undefined));
    return activation.with(new Map([[name ?? [...handles.keys()].join('+'), joined]]));
  });
}
