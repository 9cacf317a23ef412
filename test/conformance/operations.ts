import * as operations from '@tensorflow/tfjs-core';

/** Stands for `src/trace/operations.ts` in the bundle. */
export const replaceableOperations = { ...operations };
export const replaceableFused = { ...operations.fused };
