/** When a loss is far above what it usually is. */
export interface SpikeGuard {
  /** How many times the usual distance from the mean a loss may be above it. */
  readonly factor: number;
  /** Steps of a head over which mean and distance are taken, about; none of its losses is a spike before that. */
  readonly window: number;
}

/** What is remembered of one head's losses: plain data, for checkpoints. */
export interface UsualLoss {
  /** Losses that were looked at: those of the steps that the head was trained in. */
  readonly count: number;
  readonly mean: number;
  /** Mean distance from the mean. */
  readonly distance: number;
  /** Losses in a row, up to now, that were spikes. */
  readonly spikes: number;
}

const nothing: UsualLoss = { count: 0, mean: 0, distance: 0, spikes: 0 };

/** The highest loss that is no spike; Infinity while too little is known. */
export function limitOf({ factor, window }: SpikeGuard, usual: UsualLoss = nothing): number {
  return usual.count < window ? Number.POSITIVE_INFINITY : usual.mean + factor * usual.distance;
}

/** What is usual after a loss that was no spike: exponential means over the window. */
export function afterLoss({ window }: SpikeGuard, loss: number, usual: UsualLoss = nothing): UsualLoss {
  const count = usual.count + 1;
  const share = 1 / Math.min(count, window);
  const mean = usual.mean + share * (loss - usual.mean);
  return { count, mean, distance: usual.distance + share * (Math.abs(loss - mean) - usual.distance), spikes: 0 };
}

/** What is usual after a spike: the same. */
export const afterSpike = (usual: UsualLoss = nothing): UsualLoss => ({ ...usual, spikes: usual.spikes + 1 });
