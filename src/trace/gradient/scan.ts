import {
  add,
  type CumprodAttrs,
  type CumsumAttrs,
  cumprod,
  cumsum,
  type GradConfig,
  mul,
  pad,
  reverse,
  slice,
  type Tensor,
  util,
  zerosLike,
} from '@tensorflow/tfjs-core';

/** TensorFlow.js's has its axes mixed up unless the last one is summed. */
export const cumsumGradient: GradConfig = {
  kernelName: 'Cumsum',
  gradFunc: (dy, _, attrs) => {
    const { axis, exclusive, reverse: backward } = attrs as unknown as CumsumAttrs;
    return { x: () => cumsum(dy as Tensor, axis, exclusive, !backward) };
  },
};

/** Each element's `count`-th successor along the axis; zeros beyond the end. */
function successors(x: Tensor, axis: number, count: number): Tensor {
  const size = x.shape[axis] as number;
  const kept = slice(
    x,
    x.shape.map((_, at) => (at === axis ? count : 0)),
    x.shape.with(axis, size - count),
  );
  return pad(
    kept,
    x.shape.map((_, at): [number, number] => (at === axis ? [0, count] : [0, 0])),
  );
}

/**
 * `r` with rᵢ = gᵢ + fᵢ rᵢ₊₁, by taking in 1, 2, 4, … successors: exact where factors are 0, unlike a division.
 * @see Hillis and Steele, "Data parallel algorithms" (1986)
 */
function recurrence(g: Tensor, f: Tensor, axis: number): Tensor {
  let [sum, factor] = [g, f];
  for (let reach = 1; reach < (g.shape[axis] as number); reach *= 2) {
    sum = add(sum, mul(factor, successors(sum, axis, reach)));
    factor = mul(factor, successors(factor, axis, reach));
  }
  return sum;
}

/** The derivative in xᵢ is the product before it times what the products after it still make of the gradient. */
export const cumprodGradient: GradConfig = {
  kernelName: 'Cumprod',
  inputsToSave: ['x'],
  gradFunc: (dy, [given], attrs) => {
    const { axis: named, exclusive, reverse: backward } = attrs as unknown as CumprodAttrs;
    const [axis] = util.parseAxisParam(named, (given as Tensor).shape) as [number];
    const directed = (tensor: Tensor): Tensor => (backward ? reverse(tensor, axis) : tensor);
    const ofFactors = (): Tensor => {
      if ((given as Tensor).size === 0) return zerosLike(given as Tensor);
      const [x, gradient] = [directed(given as Tensor), directed(dy as Tensor)];
      const reached = exclusive ? successors(gradient, axis, 1) : gradient;
      return directed(mul(cumprod(x, axis, true), recurrence(reached, successors(x, axis, 1), axis)));
    };
    return { x: ofFactors };
  },
};
