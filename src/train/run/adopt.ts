import type { EventSink } from '../../core/event.ts';
import type { StepRunner } from '../../step/runner.ts';
import type { StepState } from '../../step/state.ts';
import { parametersOf } from '../state-tensors.ts';

/**
 * Lets a model go on from what another had learned, where both have a parameter of one name and size, and says what that
 * was. What schedules and merging remember must be theirs: leave out of the state what is not.
 */
export function adoptByName(runner: StepRunner, state: Partial<StepState>, events: EventSink): void {
  const { arrays: learned = {} } = state;
  const sizes = new Map(parametersOf(runner.spec).map(({ name, variable }) => [name, variable.size]));
  const fits = (parameter: string): boolean => sizes.get(parameter) === learned[`parameter/${parameter}`]?.length;
  const arrays = Object.entries(learned).filter(([path]) => {
    const [kind, ...rest] = path.split('/');
    return kind === 'clock' || kind === 'window' || fits((kind === 'slot' ? rest.slice(1) : rest).join('/'));
  });
  runner.adopt({ ...state, arrays: Object.fromEntries(arrays) });
  const before = Object.keys(learned).flatMap((path) => /^parameter\/(.*)$/s.exec(path)?.[1] ?? []);
  events({
    type: 'modelAdopted',
    parameters: [...sizes.keys()].filter(fits).length,
    fresh: [...sizes.keys()].filter((name) => !fits(name)),
    left: before.filter((name) => !fits(name)),
  });
}
