import type { DType } from '../core/dtype.ts';
import { ConfigError } from '../core/error.ts';
import { nameOf } from '../trace/name.ts';
import type { Region } from './arena.ts';
import { optimizerKernels } from './kernel/index.ts';
import type { TrainerSpec } from './trainer.ts';
import type { UpdateGroup, UpdatePlan } from './update.ts';

/** The region of that name: `clock/group`, `parameter/w`, `gradient/w`, `slot/velocity/w`, `update/w`. */
export type RegionOf = (name: string, dtype: DType, shape: readonly number[]) => Region;

/**
 * Says in which regions a trainer's groups, slots and clocks live.
 * @param computed names of what a step computes: a variable without a gradient among them is not moved
 * @throws ConfigError when a variable with a gradient is not of float32
 */
export function updatePlan(
  { groups, optimizer }: TrainerSpec,
  computed: ReadonlySet<string>,
  regionOf: RegionOf,
): UpdatePlan {
  const { type, settings = {} } = optimizer;
  return {
    optimizer: { type, settings },
    groups: groups.map(({ name, variables, clippedWith = name }): UpdateGroup => {
      const named = variables.map((variable) => {
        const dtype = variable.dtype as DType;
        const of = (prefix: string): Region => regionOf(`${prefix}/${nameOf(variable)}`, dtype, variable.shape);
        return { name: nameOf(variable), dtype, of };
      });
      return {
        name,
        clippedWith,
        clock: regionOf(`clock/${name}`, 'int32', []),
        parameters: named
          .filter((variable) => computed.has(`gradient/${variable.name}`))
          .map(({ name: variable, dtype, of }) => {
            if (dtype !== 'float32') throw notTrainable(variable, dtype);
            return {
              parameter: of('parameter'),
              gradient: of('gradient'),
              slots: optimizerKernels[type].slots.map((slot) => of(`slot/${slot}`)),
            };
          }),
        assignments: named
          .filter((variable) => computed.has(`update/${variable.name}`))
          .map(({ of }) => ({ from: of('update'), to: of('parameter') })),
      };
    }),
  };
}

function notTrainable(variable: string, found: string): ConfigError {
  return new ConfigError({
    where: `variable '${variable}'`,
    expected: 'float32 values to train',
    found,
    hint: 'make it of float32, or untrainable',
  });
}
