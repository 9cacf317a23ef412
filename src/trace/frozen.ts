import {
  batchNorm2d,
  batchNorm3d,
  batchNorm4d,
  cast,
  mean,
  mul,
  reshape,
  square,
  sub,
  Tensor,
  tidy,
  where,
} from '@tensorflow/tfjs-core';
import { type LayerVariable, layers } from '@tensorflow/tfjs-layers';
import { partsOf } from './part.ts';

/** Whether normalisation is frozen: known while a step is recorded, or bool `[]`, known when it is taken. */
export type Frozen = boolean | Tensor;

/** TensorFlow.js's layer, with what its type hides. */
interface BatchNormalization extends Omit<layers.Layer, 'call'> {
  readonly axis: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly gamma?: LayerVariable;
  readonly beta?: LayerVariable;
  readonly movingMean: LayerVariable;
  readonly movingVariance: LayerVariable;
  call(inputs: Tensor | Tensor[], kwargs: Readonly<Record<string, unknown>>): Tensor;
}

/** Those that TensorFlow.js's layer has, by rank. */
const normalizations: Readonly<Record<number, unknown>> = { 2: batchNorm2d, 3: batchNorm3d, 4: batchNorm4d };
type Normalization = (x: Tensor, mean: Tensor, variance: Tensor, offset?: Tensor, scale?: Tensor, e?: number) => Tensor;

/** Its class, which is not exported. */
const { constructor: Class } = layers.batchNormalization({ name: 'any' }) as unknown as {
  readonly constructor: { new (): BatchNormalization; readonly prototype: BatchNormalization };
};

interface Active {
  readonly frozen: Frozen;
  /** What stays as it is because of what it is in. */
  readonly kept: ReadonlySet<unknown>;
}
let active: Active | undefined;

/** Runs `compute`, in which a layer that is trained is applied: batch normalisation in it is frozen or not. */
export function withFrozen<T>(layer: layers.Layer, frozen: Frozen, compute: () => T): T {
  const outer = active;
  active = { frozen, kept: new Set(keptIn(layer)) };
  try {
    return compute();
  } finally {
    active = outer;
  }
}

/** Whether a layer is batch normalisation, or holds some: a model that is used as a layer, a layer around another. */
export function normalizesBatches(layer: layers.Layer): boolean {
  return layer instanceof Class || partsOf(layer).some(normalizesBatches);
}

/** What a layer holds in something that is not trainable: of a model TensorFlow.js does not tell its layers. */
function keptIn(layer: layers.Layer, isKept = false): readonly layers.Layer[] {
  const parts = partsOf(layer);
  const stays = isKept || !layer.trainable;
  return [...(stays ? parts : []), ...parts.flatMap((part) => keptIn(part, stays))];
}

/**
 * What TensorFlow.js's layer computes in training, and assigns to its moving statistics: by the statistics of the
 * batch, or where it is frozen by the moving ones, which then stay as they are. The batch's variance is taken around the
 * mean that is used, so that there is one difference from a mean, whichever it is.
 */
function normalizeInTraining(layer: BatchNormalization, x: Tensor, frozen: Frozen): Tensor {
  const { gamma, beta, movingMean, movingVariance, epsilon, momentum } = layer;
  const axis = layer.axis < 0 ? layer.axis + x.rank : layer.axis;
  const others = [...x.shape.keys()].filter((at) => at !== axis);
  const kept = x.shape.map((size, at) => (at === axis ? size : 1));
  const placed = (value: Tensor): Tensor => (axis === x.rank - 1 ? value : reshape(value, kept));
  const used = (moving: LayerVariable, ofBatch: Tensor): Tensor =>
    frozen instanceof Tensor ? where(frozen, moving.read(), ofBatch) : ofBatch;
  const center = used(movingMean, mean(x, others));
  const variance = used(movingVariance, mean(square(sub(cast(x, 'float32'), reshape(center, kept))), others));
  const normalize = normalizations[x.rank] as Normalization;
  const [offset, scale] = [beta, gamma].map((weight) => weight && placed(weight.read()));
  const y = normalize(x, placed(center), placed(variance), offset, scale, epsilon);
  for (const [moving, value] of [
    [movingMean, center],
    [movingVariance, variance],
  ] as const) {
    const before = moving.read();
    moving.write(sub(before, mul(sub(before, value), 1 - momentum)));
  }
  return y;
}

/**
 * Lets batch normalisation be frozen inside `withFrozen`, where a layer that is not trainable always is, and one in a
 * model that is not, as in Keras since TensorFlow 2.0. From now on layers without scale or offset can be trained too, over
 * which TensorFlow.js stumbles. Called once.
 */
export function installFrozen(): void {
  const { call } = Class.prototype;
  Class.prototype.call = function (inputs, kwargs) {
    const [x] = [inputs].flat() as [Tensor];
    if (!kwargs.training || !(x.rank in normalizations)) return call.call(this, inputs, kwargs);
    const { frozen = false, kept } = active ?? {};
    const isFixed = frozen === true || (kept !== undefined && (!this.trainable || kept.has(this)));
    if (isFixed) return call.call(this, inputs, { ...kwargs, training: false });
    return tidy(() => normalizeInTraining(this, x, frozen));
  };
}
