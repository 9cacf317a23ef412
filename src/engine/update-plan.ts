import { nameOf } from '../trace/name.ts';
import type { Region } from './arena.ts';
import { optimizerKernels } from './kernel/index.ts';
import type { TrainerSpec } from './trainer.ts';
import type { UpdateGroup, UpdatePlan } from './update.ts';

/** The region of that name: `clock/group`, `parameter/w`, `gradient/w`, `slot/velocity/w`, `update/w`. */
export type RegionOf = (name: string, dtype: 'float32' | 'int32', shape: readonly number[]) => Region;

/**
 * Says in which regions a trainer's groups, slots and clocks live.
 * @param computed names of what a step computes: a variable without a gradient among them is not moved
 */
export function updatePlan(
  { groups, optimizer }: TrainerSpec,
  computed: ReadonlySet<string>,
  regionOf: RegionOf,
): UpdatePlan {
  const { type, settings = {} } = optimizer;
  return {
    optimizer: { type, settings },
    groups: groups.map(({ name, variables }): UpdateGroup => {
      const named = variables.map((variable) => {
        const of = (prefix: string): Region => regionOf(`${prefix}/${nameOf(variable)}`, 'float32', variable.shape);
        return { name: nameOf(variable), of };
      });
      return {
        name,
        clock: regionOf(`clock/${name}`, 'int32', []),
        parameters: named
          .filter((variable) => computed.has(`gradient/${variable.name}`))
          .map(({ of }) => ({
            parameter: of('parameter'),
            gradient: of('gradient'),
            slots: optimizerKernels[type].slots.map((slot) => of(`slot/${slot}`)),
          })),
        assignments: named
          .filter((variable) => computed.has(`update/${variable.name}`))
          .map(({ of }) => ({ from: of('update'), to: of('parameter') })),
      };
    }),
  };
}
