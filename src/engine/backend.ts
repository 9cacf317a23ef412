import type { Evaluate, TrunklineBackend } from '../trace/backend.ts';
import { registerTrunkline } from '../trace/register.ts';
import { evaluator } from './evaluate.ts';
import { openRunner } from './runner/index.ts';

let evaluate: Evaluate | undefined;

/**
 * The TensorFlow.js backend `trunkline`, registered at the first call. The native library is loaded when the eager
 * mode first computes something.
 */
export function trunklineBackend(): TrunklineBackend {
  return registerTrunkline((values) => {
    evaluate ??= evaluator(openRunner({ threads: 1 }).runner);
    return evaluate(values);
  });
}
