import type { ModelNode, ModelSpec, ValueId } from './spec.ts';

const formatShape = (shape: readonly (number | null)[]): string => `[${shape.map((size) => size ?? '?').join(', ')}]`;

/** Options of a layer that say what it computes: not its name, and none that are as usual. */
function optionsOf({ layer }: ModelNode): string {
  const { units, filters, kernelSize, rate, activation, axis, poolSize, inputDim, outputDim, n } =
    layer.getConfig() as Readonly<Record<string, unknown>>;
  const shown = { units, filters, kernelSize, poolSize, inputDim, outputDim, n, rate, activation, axis };
  return Object.entries(shown)
    .filter(([, value]) => value !== undefined && value !== null && value !== 'linear')
    .map(([name, value]) => ` ${name}=${JSON.stringify(value)}`)
    .join('');
}

/**
 * A model as text, one line for each input, use of a layer and head. Models of the same text compute the same with the
 * same parameters, however they were described.
 */
export function formatModel(spec: ModelSpec): string {
  const names = new Map<ValueId, string>(spec.inputs.map(({ name, value }) => [value, name]));
  const inputs = spec.inputs.map(({ name, shape, dtype }) => `${name}: input ${dtype} ${formatShape(shape)}`);
  const uses = new Map<string, number>();
  const nodes = spec.nodes.map((node) => {
    const { layer, outputs, inputs: from } = node;
    const use = (uses.get(layer.name) ?? 0) + 1;
    uses.set(layer.name, use);
    const name = use === 1 ? layer.name : `${layer.name}#${use}`;
    outputs.forEach((output, at) => {
      names.set(output, outputs.length === 1 ? name : `${name}:${at}`);
    });
    const given = from.map((value) => names.get(value)).join(', ');
    return `${name} = ${layer.getClassName()}(${given})${optionsOf(node)}`;
  });
  const heads = spec.heads.map(({ name, value, shape, objective, trainingOnly }) => {
    const trained = objective
      ? ` loss=${JSON.stringify(objective.config)} weight=${objective.weight} denominator=${objective.denominator}`
      : ' untrained';
    return `${name}: output ${formatShape(shape)} = ${names.get(value)}${trained}${trainingOnly ? ' trainingOnly' : ''}`;
  });
  return [...inputs, ...nodes, ...heads].join('\n');
}
