import { formatOption, formatOptions, formatParts, indent } from './layer-text.ts';
import type { ModelNode, ModelSpec, ValueId } from './spec.ts';

const formatShape = (shape: readonly (number | null)[]): string => `[${shape.map((size) => size ?? '?').join(', ')}]`;

/** What the name of a layer does not say: the branch, and what it is called with besides its inputs. */
function restOf({ layer, branch, callArgs }: ModelNode): string {
  const given = Object.keys(callArgs).length > 0 ? ` with ${formatOption(callArgs)}` : '';
  return `${layer.name.slice(0, layer.name.lastIndexOf('/')) === branch ? '' : ` branch=${JSON.stringify(branch)}`}${given}`;
}

/**
 * A model as text: a line for each input, use of a layer and head, and one for each layer of a model that is used as a
 * layer. Models of the same text compute the same with the same parameters and are trained alike, however they were
 * described; functions aside, which can't be compared. What may change while training is no part of it (weights of heads,
 * their learning rates, what is frozen), nor are metrics.
 */
export function formatModel(spec: ModelSpec): string {
  const names = new Map<ValueId, string>(spec.inputs.map(({ name, value }) => [value, name]));
  const inputs = spec.inputs.map(({ name, shape, dtype }) => `${name}: input ${dtype} ${formatShape(shape)}`);
  const uses = new Map<string, number>();
  const nodes = spec.nodes.flatMap((node) => {
    const { layer, outputs, inputs: from } = node;
    const use = (uses.get(layer.name) ?? 0) + 1;
    uses.set(layer.name, use);
    const name = use === 1 ? layer.name : `${layer.name}#${use}`;
    outputs.forEach((output, at) => {
      names.set(output, outputs.length === 1 ? name : `${name}:${at}`);
    });
    const given = from.map((value) => names.get(value)).join(', ');
    // TensorFlow.js leaves it out for models.
    const config = { ...layer.getConfig(), trainable: layer.trainable };
    const className = layer.getClassName();
    const line = `${name} = ${className}(${given})${formatOptions(className, config)}${restOf(node)}`;
    return [line, ...(use === 1 ? formatParts(config).map(indent) : [])];
  });
  const heads = spec.heads.map(({ name, value, shape, objective, trainingOnly }) => {
    const trained = objective
      ? ` loss=${JSON.stringify(objective.config)} denominator=${objective.denominator}`
      : ' untrained';
    return `${name}: output ${formatShape(shape)} = ${names.get(value)}${trained}${trainingOnly ? ' trainingOnly' : ''}`;
  });
  return [...inputs, ...nodes, ...heads].join('\n');
}
