import type { StepReport } from '../engine/trainer.ts';
import type { ParameterGroup } from '../model/spec.ts';
import type { HeadInputs } from './fill.ts';
import type { ModelProgram } from './program.ts';

/** Heads whose loss is above its limit, and that loss. */
export function spiking(
  { outputs }: Pick<StepReport, 'outputs'>,
  program: ModelProgram,
  present: readonly HeadInputs[],
): ReadonlyMap<string, string> {
  return new Map(
    present.flatMap(({ name, limit = Number.POSITIVE_INFINITY }): [string, string][] => {
      const loss = program.lossIn(outputs, name);
      return loss > limit
        ? [[name, `a spike: loss ${formatNumber(loss)}, and ${formatNumber(limit)} at most before`]]
        : [];
    }),
  );
}

const formatNumber = (value: number): string => String(Number(value.toPrecision(4)));

/**
 * Heads that a step is to be repeated without, and why: those with a loss that is not finite, else those whose own
 * parameters have such a gradient, else all that were present.
 */
export function blamed(
  { nonFinite, outputs }: Pick<StepReport, 'nonFinite' | 'outputs'>,
  program: ModelProgram,
  groups: readonly ParameterGroup[],
  present: readonly string[],
): ReadonlyMap<string, string> {
  const byLoss = present.filter((head) => !Number.isFinite(program.lossIn(outputs, head)));
  if (byLoss.length > 0) return new Map(byLoss.map((head) => [head, `loss ${program.lossIn(outputs, head)}`]));
  const bad = new Set(nonFinite);
  const byGradient = groups.flatMap(({ heads, parameters }): [string, string][] => {
    const found = parameters.find(({ name }) => bad.has(`gradient/${name}`) || bad.has(`update/${name}`));
    const [only, ...others] = heads;
    return found && others.length === 0 ? [[only as string, `gradient of '${found.name}' is not finite`]] : [];
  });
  if (byGradient.length > 0) return new Map(byGradient);
  return new Map(present.map((head) => [head, `${nonFinite[0]} is not finite`]));
}
