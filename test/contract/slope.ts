import type { TypedArray } from '../../src/core/dtype.ts';
import type { Batch } from '../../src/step/batch.ts';
import type { StepRunner } from '../../src/step/runner.ts';
import { fractions } from './plan.ts';

/** How the merged loss changes along one direction: by the gradient of a step, and by finite differences. */
export interface Slopes {
  readonly slope: number;
  readonly difference: number;
  /** The loss where both are taken. */
  readonly loss: number;
}

/**
 * Slopes along a direction that follows from names: of all that any head trains, and that is in no frozen branch.
 * @param runner trains by sgd at a rate of 1, so that what a step moves is the gradient
 */
export async function slopesOf(runner: StepRunner, batch: Batch, distance = 5e-3): Promise<Slopes> {
  const names = runner.spec.groups
    .filter(({ heads, branch }) => heads.length > 0 && !runner.frozen.has(branch))
    .flatMap(({ parameters }) => parameters)
    .filter(({ variable }) => variable.trainable)
    .map(({ name }) => `parameter/${name}`);
  const start = new Map(
    names.map((name) => [name, (runner.state().arrays[name] as TypedArray).slice() as Float32Array]),
  );
  const direction = new Map(
    names.map((name, at) => [name, fractions(start.get(name)?.length ?? 0, at).map((value) => value - 0.5)]),
  );
  const lossAt = async (way: number): Promise<number> => {
    const arrays = names.map((name) => [
      name,
      start.get(name)?.map((value, at) => value + way * (direction.get(name)?.[at] as number)),
    ]);
    runner.adopt({ ...runner.state(), arrays: Object.fromEntries(arrays) });
    const report = await runner.take(batch);
    return 'loss' in report ? report.loss : Number.NaN;
  };
  const loss = await lossAt(0);
  const moved = runner.state().arrays;
  let slope = 0;
  for (const name of names)
    start.get(name)?.forEach((value, at) => {
      slope += (value - Number(moved[name]?.[at])) * (direction.get(name)?.[at] as number);
    });
  const difference = ((await lossAt(distance)) - (await lossAt(-distance))) / (2 * distance);
  return { slope, difference, loss };
}
