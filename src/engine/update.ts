import type { TypedArray } from '../core/dtype.ts';
import { type Region, viewRegion } from './arena.ts';
import { type KernelFunctions, type OptimizerType, optimizerKernels } from './kernel/index.ts';

/** A parameter with what moves it. */
export interface UpdateParameter {
  readonly parameter: Region;
  readonly gradient: Region;
  /** The optimizer's state for it, in the order of the optimizer's slot names. */
  readonly slots: readonly Region[];
}

/** Parameters that move together: those of a layer, a branch or a head. */
export interface UpdateGroup {
  readonly name: string;
  /** Groups of one name here have one norm when gradients are clipped by norm. */
  readonly clippedWith: string;
  readonly parameters: readonly UpdateParameter[];
  /** Values computed by the program that replace others when the step is taken, such as moving statistics. */
  readonly assignments: readonly { readonly from: Region; readonly to: Region }[];
  /** int32 `[]`: steps in which the group was present. */
  readonly clock: Region;
}

/** How parameters follow their gradients. Plain data: it crosses to the worker once. */
export interface UpdatePlan {
  readonly optimizer: { readonly type: OptimizerType; readonly settings: Readonly<Record<string, number>> };
  readonly groups: readonly UpdateGroup[];
}

/** What may change from step to step. */
export interface StepSettings {
  /** Whether each group of the plan has a label in this batch. Nothing of an absent group moves. */
  readonly present: readonly boolean[];
  /** Learning rate of each group of the plan. */
  readonly learningRates: readonly number[];
  /** Limits on gradients: of each element, of the norm over all present groups, of the norm of those clipped together; in this order. */
  readonly clip?: { readonly value?: number; readonly globalNorm?: number; readonly norm?: number };
  /**
   * Whether the step is only to be taken when the trainer's step before it was. Otherwise nothing is computed, and the
   * report says `held`: so that a step can be asked for before it is known what became of the one before.
   */
  readonly following?: boolean;
}

/** What came of a step's second half. */
export interface UpdateOutcome {
  /**
   * Names of what held NaN or infinities and kept the step from being taken: the merged loss, gradients and assigned
   * values of present groups. When there are any, nothing was moved, and named losses that were not finite follow.
   */
  readonly nonFinite: readonly string[];
  /** Norm of each group's gradient, after clipping by value and before clipping by norm; 0 for absent groups. */
  readonly gradientNorms: readonly number[];
  /** Whether the step was not computed because the one before it was not taken. */
  readonly held?: boolean;
}

/** What is reported of a step that was not computed because the one before it was not taken. */
export const heldStep = { nonFinite: [], gradientNorms: [], held: true, computeMs: 0, updateMs: 0 } as const;

/** Scalars a step computed. */
export interface LossRegions {
  readonly merged: Region | undefined;
  /** Each head's own: an absent head's may be anything. */
  readonly named: readonly Region[];
}

/** Sorts a step's scalars by their names: `loss`, `loss/head`. */
export function lossRegions(regions: Readonly<Record<string, Region>>): LossRegions {
  const named = Object.entries(regions).filter(([name]) => name.startsWith('loss/'));
  return { merged: regions.loss, named: named.map(([, region]) => region) };
}

/** Numbers that are looked at in each step: making a view takes longer than reading it. */
const scalars = new WeakMap<Region, TypedArray>();

function scalarIn(memory: WebAssembly.Memory, region: Region): TypedArray {
  const known = scalars.get(region);
  if (known) return known;
  const view = viewRegion(memory, region);
  scalars.set(region, view);
  return view;
}

/**
 * Moves the parameters of the present groups along their gradients, ticks their clocks and takes over assigned values.
 * Moves nothing when the merged loss, or a gradient or assigned value of a present group, is not finite.
 */
export function update(
  kernels: KernelFunctions,
  memory: WebAssembly.Memory,
  plan: UpdatePlan,
  settings: StepSettings,
  losses: LossRegions,
): UpdateOutcome {
  const { present, learningRates, clip = {} } = settings;
  const holds = (loss: Region): boolean => Number.isFinite(scalarIn(memory, loss)[0] as number);
  const bad: Region[] = losses.merged && !holds(losses.merged) ? [losses.merged] : [];
  const squares = plan.groups.map((group, index) => {
    if (!present[index]) return [];
    for (const { from } of group.assignments)
      if (from.dtype === 'float32' && !kernels.allFinite(from.byteOffset, lengthOf(from))) bad.push(from);
    return squaredNorms(kernels, group, clip.value, bad);
  });
  const gradientNorms = squares.map(rootOfSum);
  if (bad.length > 0) {
    const nonFinite = [...bad, ...losses.named.filter((loss) => !holds(loss))].map(({ name }) => name);
    return { nonFinite, gradientNorms };
  }
  const factors = clipFactors(plan, squares, clip);
  plan.groups.forEach((group, index) => {
    if (!present[index]) return;
    const clock = scalarIn(memory, group.clock);
    clock[0] = (clock[0] as number) + 1;
    move(kernels, group, plan.optimizer, learningRates[index] as number, factors[index] as number, clock[0]);
  });
  return { nonFinite: [], gradientNorms };
}

const lengthOf = (region: Region): number => region.byteLength / Float32Array.BYTES_PER_ELEMENT;

/** The sum of squares of each parameter's gradient. */
function squaredNorms(
  kernels: KernelFunctions,
  { parameters }: UpdateGroup,
  largest: number | undefined,
  bad: Region[],
): readonly number[] {
  return parameters.map(({ gradient }) => {
    let squares = kernels.squaredNorm(gradient.byteOffset, lengthOf(gradient));
    if (!Number.isFinite(squares)) bad.push(gradient);
    else if (largest !== undefined && squares > largest * largest) {
      kernels.clampValues(gradient.byteOffset, lengthOf(gradient), largest);
      squares = kernels.squaredNorm(gradient.byteOffset, lengthOf(gradient));
    }
    return squares;
  });
}

/** Added up by size, so that how parameters are grouped changes no bit of it. */
function rootOfSum(squares: readonly number[]): number {
  return Math.sqrt([...squares].sort((one, other) => one - other).reduce((sum, square) => sum + square, 0));
}

/** The factor that brings each group's gradient within the limits on norms. */
function clipFactors(
  { groups }: UpdatePlan,
  squares: readonly (readonly number[])[],
  { norm, globalNorm }: NonNullable<StepSettings['clip']>,
): readonly number[] {
  const total = globalNorm === undefined ? 0 : rootOfSum(squares.flat());
  const shared = globalNorm !== undefined && total > globalNorm ? globalNorm / total : 1;
  if (norm === undefined) return squares.map(() => shared);
  const together = new Map<string, number[]>();
  groups.forEach(({ clippedWith }, index) => {
    const known = together.get(clippedWith) ?? [];
    together.set(clippedWith, [...known, ...(squares[index] as readonly number[])]);
  });
  const factors = new Map(
    [...together].map(([name, all]) => {
      const own = rootOfSum(all);
      return [name, own * shared > norm ? norm / own : shared] as const;
    }),
  );
  return groups.map(({ clippedWith }) => factors.get(clippedWith) as number);
}

function move(
  kernels: KernelFunctions,
  group: UpdateGroup,
  { type, settings }: UpdatePlan['optimizer'],
  learningRate: number,
  scale: number,
  clock: number,
): void {
  for (const { parameter, gradient, slots } of group.parameters)
    optimizerKernels[type].apply(kernels, {
      parameter: parameter.byteOffset,
      gradient: gradient.byteOffset,
      slots: slots.map((slot) => slot.byteOffset),
      length: lengthOf(parameter),
      learningRate,
      scale,
      clock,
      settings,
    });
  for (const { from, to } of group.assignments) kernels.copy(to.byteOffset, from.byteOffset, from.byteLength);
}
