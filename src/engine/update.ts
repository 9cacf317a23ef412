import { type Region, viewRegion } from './arena.ts';
import { type KernelFunctions, type OptimizerType, optimizerKernels } from './kernel/index.ts';

/** A parameter with what moves it. */
export interface UpdateParameter {
  readonly parameter: Region;
  readonly gradient: Region;
  /** The optimizer's state for it, in the order of the optimizer's slot names. */
  readonly slots: readonly Region[];
}

/** Parameters that move together: those of a trunk, a branch or a head. */
export interface UpdateGroup {
  readonly name: string;
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
  /** Limits on gradients: of each element, of the norm over all present groups, of each group's norm; in this order. */
  readonly clip?: { readonly value?: number; readonly globalNorm?: number; readonly norm?: number };
}

/** What came of a step's second half. */
export interface UpdateOutcome {
  /** Names of losses and gradients that held NaN or infinities. When there are any, nothing was moved. */
  readonly nonFinite: readonly string[];
  /** Norm of each group's gradient, after clipping by value and before clipping by norm; 0 for absent groups. */
  readonly gradientNorms: readonly number[];
}

/**
 * Moves the parameters of the present groups along their gradients, ticks their clocks and takes over assigned values.
 * Moves nothing when a loss or a present group's gradient is not finite.
 * @param losses scalars that must be finite
 */
export function update(
  kernels: KernelFunctions,
  memory: WebAssembly.Memory,
  plan: UpdatePlan,
  settings: StepSettings,
  losses: readonly Region[],
): UpdateOutcome {
  const { present, learningRates, clip = {} } = settings;
  const nonFinite = losses
    .filter((loss) => !Number.isFinite(viewRegion(memory, loss)[0] as number))
    .map(({ name }) => name);
  const norms = plan.groups.map((group, index) =>
    present[index] ? gradientNorm(kernels, group, clip.value, nonFinite) : 0,
  );
  if (nonFinite.length > 0) return { nonFinite, gradientNorms: norms };
  const factors = clipFactors(norms, clip);
  plan.groups.forEach((group, index) => {
    if (!present[index]) return;
    const clock = viewRegion(memory, group.clock) as Int32Array;
    clock[0] = (clock[0] as number) + 1;
    move(kernels, group, plan.optimizer, learningRates[index] as number, factors[index] as number, clock[0]);
  });
  return { nonFinite, gradientNorms: norms };
}

const lengthOf = (region: Region): number => region.byteLength / Float32Array.BYTES_PER_ELEMENT;

/** The root of the sum of each parameter's sum of squares, so that how parameters are grouped changes no bit of them. */
function gradientNorm(
  kernels: KernelFunctions,
  { parameters }: UpdateGroup,
  largest: number | undefined,
  nonFinite: string[],
): number {
  let sum = 0;
  for (const { gradient } of parameters) {
    let squares = kernels.squaredNorm(gradient.byteOffset, lengthOf(gradient));
    if (!Number.isFinite(squares)) nonFinite.push(gradient.name);
    else if (largest !== undefined && squares > largest * largest) {
      kernels.clampValues(gradient.byteOffset, lengthOf(gradient), largest);
      squares = kernels.squaredNorm(gradient.byteOffset, lengthOf(gradient));
    }
    sum += squares;
  }
  return Math.sqrt(sum);
}

/** The factor that brings each group's gradient within the limits on norms. */
function clipFactors(
  norms: readonly number[],
  { norm, globalNorm }: NonNullable<StepSettings['clip']>,
): readonly number[] {
  const total = Math.hypot(...norms);
  const shared = globalNorm !== undefined && total > globalNorm ? globalNorm / total : 1;
  return norms.map((own) => (norm !== undefined && own * shared > norm ? norm / own : shared));
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
