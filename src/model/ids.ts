import { LayersModel, type layers, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { ModelNode, ValueId } from './spec.ts';

type Layer = layers.Layer;

/** Layers that pass on the numbers they are given, in another shape or order at most. */
const passing: ReadonlySet<string> = new Set(['Fork', 'Reshape', 'Flatten', 'Permute', 'RepeatVector']);

interface Use {
  readonly layer: Layer;
  /** Place of the value among the layer's inputs. */
  readonly place: number;
  readonly outputs: readonly SymbolicTensor[];
}

/** How many ids the embeddings know that a model used as a layer gives one of its inputs to. */
function limitIn(model: LayersModel, place: number): number {
  const uses = model.layers.flatMap((layer) =>
    layer.inboundNodes.flatMap(({ inputTensors, outputTensors }) =>
      (inputTensors as readonly SymbolicTensor[]).map((tensor, at) => ({
        tensor,
        use: { layer, place: at, outputs: outputTensors as readonly SymbolicTensor[] },
      })),
    ),
  );
  const limitOf = ({ id }: SymbolicTensor): number =>
    Math.min(...uses.filter(({ tensor }) => tensor.id === id).map(({ use }) => limitAt(use, limitOf)));
  const input = model.inputs[place];
  return input ? limitOf(input) : Number.POSITIVE_INFINITY;
}

function limitAt({ layer, place, outputs }: Use, limitOf: (output: SymbolicTensor) => number): number {
  if (layer.getClassName() === 'Embedding') return layer.getConfig().inputDim as number;
  if (layer instanceof LayersModel) return limitIn(layer, place);
  return passing.has(layer.getClassName()) ? Math.min(...outputs.map(limitOf)) : Number.POSITIVE_INFINITY;
}

/**
 * How many ids there are for an input that goes into an embedding: the fewest that one of its embeddings knows.
 * @param value of the input
 * @returns undefined when it goes into none
 */
export function idLimit(value: ValueId, nodes: readonly ModelNode[]): number | undefined {
  const limitOf = (of: ValueId): number =>
    Math.min(
      ...nodes.flatMap(({ layer, inputs, outputs }) =>
        inputs.flatMap((input, place) => {
          if (input !== of) return [];
          return passing.has(layer.getClassName())
            ? outputs.map(limitOf)
            : [limitAt({ layer, place, outputs: [] }, () => Number.POSITIVE_INFINITY)];
        }),
      ),
    );
  const limit = limitOf(value);
  return Number.isFinite(limit) ? limit : undefined;
}
