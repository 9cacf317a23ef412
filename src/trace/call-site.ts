import { engine } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';

interface Scopes {
  readonly state: { readonly scopeStack: readonly { readonly name: string }[] };
}

/** TensorFlow.js gives the scope of every public operation this ending. */
const operationSuffix = '__op';

/** The layers being applied, outermost first, each with the number of scopes that were open when it began. */
const layerStack: { readonly name: string; readonly depth: number }[] = [];

function openScopes(): readonly { readonly name: string }[] {
  return (engine() as unknown as Scopes).state.scopeStack;
}

/** The name of the innermost layer being applied. */
export function activeLayer(): string | undefined {
  return layerStack.at(-1)?.name;
}

/** Where a kernel is being called from, as a user knows it: the layer and the TensorFlow.js operation. */
export function callSite(): string {
  const layer = layerStack.at(-1);
  const scopes = openScopes().slice(layer?.depth ?? 0);
  const operation = scopes.find(({ name }) => name.endsWith(operationSuffix))?.name.slice(0, -operationSuffix.length);
  const parts = [layer && `layer '${layer.name}'`, operation && `tf.${operation}`].filter(Boolean);
  return parts.length > 0 ? parts.join(', ') : 'the step';
}

/** Makes `layer.apply` leave the layer's name where `callSite` finds it. Called once, when the backend is registered. */
export function watchLayers(): void {
  const prototype = layers.Layer.prototype;
  const { apply } = prototype;
  prototype.apply = function (this: layers.Layer, ...args: Parameters<typeof apply>) {
    layerStack.push({ name: this.name, depth: openScopes().length });
    try {
      return apply.apply(this, args);
    } finally {
      layerStack.pop();
    }
  };
}
