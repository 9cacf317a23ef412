import {
  type GradConfig,
  getBackend,
  matMul,
  type ResizeBilinearAttrs,
  reshape,
  type Tensor,
  tensor,
  transpose,
} from '@tensorflow/tfjs-core';
import { backendName } from '../backend.ts';
import { bilinearShares, nearestShares, type Shares } from '../kernel/resize.ts';
import { runKernel } from './convolution.ts';

/** Products with the transposed shares along height and width: dy `[batch, …, channels]` brought to the image's size. */
function transposed(dy: Tensor, images: Tensor, sharesOf: Shares, attrs: ResizeBilinearAttrs): Tensor {
  const along = (x: Tensor, axis: number): Tensor => {
    const [from, to] = [images.shape[axis] as number, x.shape[axis] as number];
    const shares = tensor(sharesOf(from, to, attrs), [to, from]);
    const order = [...x.shape.keys()].filter((at) => at !== axis);
    const rows = transpose(x, [...order, axis]);
    const product = matMul(reshape(rows, [-1, to]), shares as Tensor);
    const back = reshape(product, [...rows.shape.slice(0, -1), from]);
    return transpose(
      back,
      [...x.shape.keys()].map((at) => [...order, axis].indexOf(at)),
    );
  };
  return along(along(dy, 1), 2);
}

/**
 * TensorFlow.js's gradient kernels leave out `halfPixelCenters`; on the `cpu` backend one reads dy where the image is
 * when there is more than one, and the other swaps height and width.
 */
function resizeGradient(kernelName: string, sharesOf: Shares): GradConfig {
  return {
    kernelName,
    inputsToSave: ['images'],
    gradFunc: (dy, [images], attrs) => ({
      images: () =>
        getBackend() === backendName
          ? runKernel(`${kernelName}Grad`, { dy: dy as Tensor, images: images as Tensor }, attrs)
          : transposed(dy as Tensor, images as Tensor, sharesOf, attrs as unknown as ResizeBilinearAttrs),
    }),
  };
}

export const resizeBilinearGradient = resizeGradient('ResizeBilinear', bilinearShares);
export const resizeNearestNeighborGradient = resizeGradient('ResizeNearestNeighbor', nearestShares);
