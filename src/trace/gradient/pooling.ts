import {
  avgPool,
  avgPool3d,
  div,
  type GradConfig,
  ones,
  pad,
  slice,
  type Tensor,
  type Tensor4D,
  type Tensor5D,
} from '@tensorflow/tfjs-core';
import { type PoolAttrs, poolWindows } from '../kernel/pooling.ts';
import { after, type Window } from '../kernel/window.ts';
import { runKernel } from './convolution.ts';

/** TensorFlow.js forgets `dimRoundingMode`. */
export const maxPoolGradient: GradConfig = {
  kernelName: 'MaxPool',
  inputsToSave: ['x'],
  outputsToSave: [true],
  gradFunc: (dy, [x, y], attrs) => ({
    x: () => runKernel('MaxPoolGrad', { dy: dy as Tensor, input: x as Tensor, output: y as Tensor }, attrs),
  }),
};

/** How much of each window lies on the input and not on padding: `[1, …, 1]`. */
function shareInside(windows: readonly Window[]): Tensor {
  const margins = windows.map((window): [number, number] => [Math.max(0, window.before), Math.max(0, after(window))]);
  const input = pad(ones([1, ...windows.map(({ input: size }) => size), 1]), [[0, 0], ...margins, [0, 0]]);
  const [lengths, strides] = [windows.map(({ length }) => length), windows.map(({ stride }) => stride)];
  const share =
    windows.length === 3
      ? avgPool3d(input as Tensor5D, lengths as [number, number, number], strides as [number, number, number], 'valid')
      : avgPool(input as Tensor4D, lengths as [number, number], strides as [number, number], 'valid');
  return slice(
    share,
    share.shape.map(() => 0),
    [1, ...windows.map(({ places }) => places), 1],
  );
}

/** Padding that leads to the same windows without the rounding that other backends' gradient kernel forgets. */
function exactly({ pad: given, dimRoundingMode }: PoolAttrs, windows: readonly Window[]): PoolAttrs['pad'] {
  if (typeof given === 'string' || !dimRoundingMode || windows.length === 3) return given;
  const margins = windows.map((window): [number, number] => [window.before, Math.max(0, after(window))]);
  return [[0, 0], ...margins, [0, 0]] as unknown as PoolAttrs['pad'];
}

/** TensorFlow.js gives each element an equal share of whole windows, although a mean leaves padding out. */
function averagePoolGradient(kernelName: 'AvgPool' | 'AvgPool3D'): GradConfig {
  return {
    kernelName,
    inputsToSave: ['x'],
    gradFunc: (dy, [x], attrs) => {
      const given = attrs as unknown as PoolAttrs;
      const windows = poolWindows((x as Tensor).shape, given);
      const padded = windows.some((window) => window.before > 0 || after(window) > 0);
      const inside = (): Tensor => (padded ? div(dy as Tensor, shareInside(windows)) : (dy as Tensor));
      const exact = { ...given, pad: exactly(given, windows) };
      return { x: () => runKernel(`${kernelName}Grad`, { dy: inside(), input: x as Tensor }, exact) };
    },
  };
}

export const averagePool2dGradient = averagePoolGradient('AvgPool');
export const averagePool3dGradient = averagePoolGradient('AvgPool3D');
