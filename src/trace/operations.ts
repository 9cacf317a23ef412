import { createRequire } from 'node:module';
import type { Tensor } from '@tensorflow/tfjs-core';

type Operation = (...args: never[]) => Tensor;

/** TensorFlow.js's operations where its layers look them up: the exports of its CommonJS build, which can be replaced. */
export const replaceableOperations = createRequire(import.meta.url)('@tensorflow/tfjs-core') as Record<
  string,
  Operation
>;
