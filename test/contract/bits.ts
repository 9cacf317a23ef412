import type { TypedArray } from '../../src/core/dtype.ts';
import type { StepRunner } from '../../src/step/runner.ts';

type State = Readonly<Record<string, readonly number[]>>;

/** Arrays bit by bit, so that −0 is not 0 and a NaN equals itself. */
export function bits(
  arrays: Readonly<Record<string, TypedArray>>,
  keep: (name: string) => boolean = () => true,
): State {
  return Object.fromEntries(
    Object.entries(arrays)
      .filter(([name]) => keep(name))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, values]) => [name, [...new Uint32Array(values.slice().buffer)]]),
  );
}

/** A state of its own, which later steps leave as it is. */
export const copied = (runner: StepRunner): ReturnType<StepRunner['state']> => {
  const state = runner.state();
  const arrays = Object.fromEntries(Object.entries(state.arrays).map(([name, values]) => [name, values.slice()]));
  return { ...state, arrays: arrays as Record<string, TypedArray> };
};
