import { add, type GradConfig, range, reshape, scatterND, type Tensor, zeros } from '@tensorflow/tfjs-core';

/** Each of the values found gives its gradient to the place it was found at. */
export const topKGradient: GradConfig = {
  kernelName: 'TopK',
  inputsToSave: ['x'],
  outputsToSave: [false, true],
  gradFunc: (dy, saved) => {
    const [x, indices] = saved as [Tensor, Tensor];
    const [ofValues] = dy as Tensor[];
    const length = x.shape.at(-1) as number;
    const ofX = (): Tensor => {
      if (indices.size === 0) return zeros(x.shape);
      const rows = x.size / length;
      const firsts = reshape(range(0, x.size, length, 'int32'), [rows, 1]);
      const places = reshape(add(reshape(indices, [rows, -1]), firsts), [-1, 1]);
      return reshape(scatterND(places, reshape(ofValues as Tensor, [-1]), [x.size]), x.shape);
    };
    return { x: ofX };
  },
};
