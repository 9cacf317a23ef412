import { createRequire } from 'node:module';
import type { Tensor } from '@tensorflow/tfjs-core';

type Operation = (...args: never[]) => Tensor;
type Operations = Record<string, Operation>;

const core = createRequire(import.meta.url)('@tensorflow/tfjs-core') as Operations & { readonly fused: Operations };

/** TensorFlow.js's operations where its layers look them up: the exports of its CommonJS build, which can be replaced. */
export const replaceableOperations: Operations = core;

/** The same for those of `tf.fused`. */
export const replaceableFused: Operations = core.fused;
