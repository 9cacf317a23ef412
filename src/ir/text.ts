import { formatShape } from '../core/shape.ts';
import { type Attributes, constantData, topological, type Value } from './graph.ts';

function formatAttributes(attributes: Attributes): string {
  const entries = Object.entries(attributes);
  if (entries.length === 0) return '';
  return ` {${entries.map(([name, value]) => `${name}=${Array.isArray(value) ? formatShape(value) : value}`).join(', ')}}`;
}

const shownElements = 8;

function formatConstant(value: Value): string {
  const data = constantData(value) ?? [];
  const shown = Array.from(data.slice(0, shownElements), String).join(', ');
  return `${value.dtype}${formatShape(value.shape)}(${shown}${data.length > shownElements ? ', …' : ''})`;
}

/**
 * A program as text, one node a line in the order of computation:
 * `%3: float32 [32, 12] = Gemm(x, weights, %2) {transB=1}`. Small constants stand where they are used.
 */
export function formatGraph(outputs: Readonly<Record<string, Value>>): string {
  const names = new Map<Value, string>();
  const nameOf = (value: Value | null): string => {
    if (!value) return '-';
    if (value.source.kind === 'input') return value.source.name;
    if (value.source.kind === 'constant') return formatConstant(value);
    return names.get(value) ?? '?';
  };
  const lines = topological(Object.values(outputs)).map((node) => {
    for (const output of node.outputs) names.set(output, `%${names.size}`);
    const results = node.outputs.map((output) => `${nameOf(output)}: ${output.dtype} ${formatShape(output.shape)}`);
    return `${results.join(', ')} = ${node.op}(${node.inputs.map(nameOf).join(', ')})${formatAttributes(node.attributes)}`;
  });
  const results = Object.entries(outputs).map(([name, value]) => `${name} = ${nameOf(value)}`);
  return [...lines, ...results].join('\n');
}
