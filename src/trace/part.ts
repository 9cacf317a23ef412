import type { LayersModel, layers } from '@tensorflow/tfjs-layers';

type Layer = layers.Layer;

/** Layers of a model that is used as a layer; none of another layer. */
export function layersIn(layer: Layer): readonly Layer[] {
  return (layer as Layer & Partial<LayersModel>).layers ?? [];
}

/** All that a layer holds: the layers of a model, and the one that a layer is around, once for each direction. */
export function partsOf(layer: Layer): readonly Layer[] {
  const { layer: inner, forwardLayer, backwardLayer } = layer as Layer & Readonly<Record<string, Layer | undefined>>;
  return [...layersIn(layer), ...[inner, forwardLayer, backwardLayer].filter((part) => part !== undefined)];
}
