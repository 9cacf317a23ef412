import { add, concat, customGrad, matMul, reshape, type Tensor, where, zerosLike } from '@tensorflow/tfjs-core';
import type { ModelNode } from '../model/spec.ts';

/**
 * x · kernel, whose gradient in x takes the columns of the chosen heads only: weights of an absent head reach nothing,
 * be they infinite.
 * @param x `[rows, width]`
 * @param kernel `[width, columns]`
 * @param chosen `[columns]` bool
 */
function productOf(x: Tensor, kernel: Tensor, chosen: Tensor): Tensor {
  const compute = (...given: unknown[]) => {
    const [a, b, save] = given as [Tensor, Tensor, (kept: Tensor[]) => void];
    save([a, b, chosen]);
    return {
      value: matMul(a, b),
      gradFunc: (dy: Tensor, [keptA, keptB, columns]: Tensor[]) => [
        matMul(dy, where(columns as Tensor, keptB as Tensor, zerosLike(keptB as Tensor)), false, true),
        matMul(keptA as Tensor, dy, true, false),
      ],
    };
  };
  // TensorFlow.js's type knows tensors only, not the function that it gives as the last argument.
  return customGrad(compute as unknown as Parameters<typeof customGrad>[0])(x, kernel);
}

/**
 * Several dense layers on one activation, as one matrix product.
 * @param x `[rows, width]`
 * @param present `[heads]` bool: heads with a label in the batch
 * @returns `[rows, heads · units]`
 */
export function denseTogether(dense: readonly ModelNode['layer'][], x: Tensor, present: Tensor): Tensor {
  const weights = dense.map((layer) => layer.weights.map((weight) => weight.read()));
  const units = weights[0]?.[0]?.shape[1] as number;
  const heads = dense.length;
  const chosen = units === 1 ? present : reshape(repeated(present, units), [heads * units]);
  const product = productOf(
    x,
    concat(
      weights.map(([kernel]) => kernel as Tensor),
      1,
    ),
    reshape(chosen, [1, -1]),
  );
  const biases = weights.flatMap(([, bias]) => (bias ? [bias] : []));
  return biases.length > 0 ? add(product, concat(biases, 0)) : product;
}

/** Each of `[n]` values `times` times in a row: `[n, times]`. */
function repeated(values: Tensor, times: number): Tensor {
  const column = reshape(values, [-1, 1]);
  return concat(new Array<Tensor>(times).fill(column), 1);
}
