import { add, ones, type Tensor } from '@tensorflow/tfjs-core';
import { CompileError } from '../core/error.ts';
import { formatShape, sameShape } from '../core/shape.ts';
import { engineInternals, type TapeNode } from './internals.ts';

/** Kernel calls made by one run of a function, in order. */
export type Tape = readonly TapeNode[];

/**
 * Runs `compute` and keeps what is needed to differentiate it, any number of times, from any of its results.
 * TensorFlow.js differentiates one result once; per-head gradients need one forward pass and many backward ones.
 * @returns the result of `use`, which is given the tape; the tape is released afterwards
 */
export function withTape<Result, Used>(compute: () => Result, use: (result: Result, tape: Tape) => Used): Used {
  const engine = engineInternals();
  engine.startTape();
  try {
    let result: Result;
    try {
      result = compute();
    } finally {
      engine.endTape();
    }
    return use(result, engine.state.activeTape ?? []);
  } finally {
    if (engine.state.gradientDepth === 0) {
      for (const node of engine.state.activeTape ?? []) for (const tensor of node.saved) tensor.dispose();
      engine.state.activeTape = null;
    }
  }
}

/** Tensors that depend on `sources`, by id. */
function dependents(tape: Tape, sources: readonly Tensor[]): ReadonlySet<number> {
  const ids = new Set(sources.map(({ id }) => id));
  for (const { inputs, outputs } of tape)
    if (Object.values(inputs).some((tensor) => ids.has(tensor.id))) for (const { id } of outputs) ids.add(id);
  return ids;
}

/**
 * Gradients of `result` in each source: variables, or any tensor computed on the tape.
 * @param seed gradient of what is minimised in `result`; ones by default
 * @returns a gradient of each source's shape, `undefined` where `result` does not depend on it
 * @throws CompileError naming the kernel when an operation on the way has no gradient
 */
export function gradientsOf(
  tape: Tape,
  result: Tensor,
  sources: readonly Tensor[],
  seed?: Tensor,
): (Tensor | undefined)[] {
  const varying = dependents(tape, sources);
  const gradients = new Map<number, Tensor>([[result.id, seed ?? ones(result.shape)]]);
  for (const node of tape.toReversed()) {
    const outputGradients = node.outputs.map(({ id }) => gradients.get(id));
    const varyingInputs = Object.entries(node.inputs).filter(([, tensor]) => varying.has(tensor.id));
    if (varyingInputs.length === 0 || outputGradients.every((gradient) => gradient === undefined)) continue;
    if (!node.gradient)
      throw new CompileError({
        where: `gradient of ${node.kernelName}`,
        expected: 'an operation that can be differentiated',
        found: 'one without a gradient between a loss and a variable',
        hint: 'use a differentiable operation, or take the branch out of the loss',
      });
    const inputGradients = node.gradient(outputGradients);
    for (const [name, source] of varyingInputs) {
      const gradient = inputGradients[name]?.();
      if (!gradient || !sameShape(gradient.shape, source.shape))
        throw new CompileError({
          where: `gradient of ${node.kernelName} in its input '${name}'`,
          expected: `a tensor ${formatShape(source.shape)}`,
          found: gradient ? `a tensor ${formatShape(gradient.shape)}` : 'none',
        });
      const sum = gradients.get(source.id);
      gradients.set(source.id, sum ? add(sum, gradient) : gradient);
    }
  }
  return sources.map(({ id }) => gradients.get(id));
}
