import { add, cast, mul, reshape, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { type LayerVariable, layers } from '@tensorflow/tfjs-layers';
import { standardized } from './standardize.ts';

/** TensorFlow.js's layer, with what its type hides. */
interface LayerNormalization extends Omit<layers.Layer, 'call'> {
  readonly axis: readonly number[];
  readonly epsilon: number;
  /** null without scale, or without center */
  readonly gamma: LayerVariable | null;
  readonly beta: LayerVariable | null;
  call(inputs: Tensor | Tensor[]): Tensor;
}

/** Its class, which is not exported. */
const { prototype } = layers.layerNormalization({ name: 'any' }).constructor as unknown as {
  readonly prototype: LayerNormalization;
};

/**
 * Layer normalisation with a gradient in one go. TensorFlow.js's layer repeats means, variances and weights to the size
 * of what it normalises, and the gradient goes back through all of that. Called once.
 */
export function installLayerNormalization(): void {
  const { call } = prototype;
  prototype.call = function (inputs) {
    const [x, ...others] = [inputs].flat();
    // It refuses several.
    if (!x || others.length > 0) return call.call(this, inputs);
    const placed = (weight: LayerVariable): Tensor =>
      reshape(
        weight.read(),
        x.shape.map((size, at) => (this.axis.includes(at) ? size : 1)),
      );
    return tidy(() => {
      const y = standardized(cast(x, 'float32'), this.axis, this.epsilon);
      const scaled = this.gamma ? mul(y, placed(this.gamma)) : y;
      return this.beta ? add(scaled, placed(this.beta)) : scaled;
    });
  };
}
