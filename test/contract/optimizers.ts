import fc from 'fast-check';
import { type OptimizerConfig, optimizers } from '../../src/optimizer/index.ts';

/** Learning rates, and schedules that change within a few steps. */
export const rates = fc.constantFrom<NonNullable<OptimizerConfig['learningRate']>>(
  0.01,
  { type: 'step', base: 0.02, every: 1, factor: 0.5 },
  { type: 'exponential', base: 0.02, steps: 2 },
  { type: 'cosine', base: 0.02, steps: 4, warmupSteps: 1 },
  { type: 'plateau', base: 0.02, window: 1, patience: 0, factor: 0.5 },
);
const limits = fc.constantFrom({}, { value: 0.02 }, { norm: 0.05 }, { globalNorm: 0.05 });

/** Every optimizer, with decay of its kind, schedules and limits on gradients. */
export const optimizerConfigs = fc
  .record({ plugin: fc.constantFrom(...optimizers.plugins), learningRate: rates, clip: limits })
  .map(({ plugin, learningRate, clip }) => {
    const decay = 'weightDecay' in plugin.fields.shape ? { weightDecay: 0.1 } : { l2: 0.1 };
    return { type: plugin.type, learningRate, clip, ...decay } as OptimizerConfig;
  });
