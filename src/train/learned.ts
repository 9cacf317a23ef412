import type { TypedArray } from '../core/dtype.ts';
import type { ModelSpec } from '../model/index.ts';
import type { StepState } from '../step/state.ts';
import type { Plan } from './plan.ts';

/** Where a model was when its last runner ended. Its parameters are in its layers. */
export interface Learned {
  readonly spec: ModelSpec;
  readonly plan: Plan;
  readonly state: StepState;
}

/**
 * What another runner takes over for a model that may have changed. It belongs to variables and layers, not to their
 * names: what another one of the same name had learned is none of it.
 * @param forgotten heads that were retired since, also when there is a new one of that name
 */
export function carried(
  { spec: before, plan: planBefore, state }: Learned,
  spec: ModelSpec,
  plan: Plan,
  forgotten: ReadonlySet<string>,
): Partial<StepState> {
  const forgets = plan.forgets(planBefore);
  const groups = new Map(before.groups.map(({ layer, name }) => [layer, name]));
  const parameters = new Map(before.groups.flatMap((group) => group.parameters.map((of) => [of.variable, of.name])));
  const slots = slotsBy(state.arrays);
  const arrays: Record<string, TypedArray> = {};
  const schedules: Record<string, StepState['schedules'][string]> = {};
  for (const { layer, name, parameters: own } of spec.groups) {
    const known = groups.get(layer);
    if (known === undefined || forgets.optimizer) continue;
    const [clock, schedule] = [state.arrays[`clock/${known}`], state.schedules[known]];
    if (clock) arrays[`clock/${name}`] = clock;
    if (schedule && !forgets.schedule) schedules[name] = schedule;
    for (const parameter of own)
      for (const [slot, values] of slots.get(parameters.get(parameter.variable) ?? '') ?? [])
        arrays[`slot/${slot}/${parameter.name}`] = values;
  }
  for (const [path, rows] of Object.entries(state.arrays)) {
    const head = /^window\/(.*)$/s.exec(path)?.[1];
    if (head !== undefined && !forgotten.has(head)) arrays[path] = rows;
  }
  const keeps = <Of>(byHead: Readonly<Record<string, Of>>): Record<string, Of> =>
    Object.fromEntries(Object.entries(byHead).filter(([head]) => !forgotten.has(head)));
  return {
    steps: state.steps,
    arrays,
    schedules,
    heads: keeps(state.heads),
    merge: forgets.merge ? {} : keeps(state.merge),
  };
}

/** Slots of each parameter, by its name. */
function slotsBy(arrays: StepState['arrays']): ReadonlyMap<string, readonly (readonly [string, TypedArray])[]> {
  const found = new Map<string, (readonly [string, TypedArray])[]>();
  for (const [path, values] of Object.entries(arrays)) {
    const [kind, slot = '', ...rest] = path.split('/');
    if (kind !== 'slot') continue;
    const parameter = rest.join('/');
    found.set(parameter, [...(found.get(parameter) ?? []), [slot, values]]);
  }
  return found;
}
