import { type Shape, sizeOf } from '../../../src/core/shape.ts';
import { constantData, type Node, topological, type Value } from '../../../src/ir/graph.ts';
import type { OpName } from '../../../src/ir/op/index.ts';

type Numbers = readonly number[];
type Places = readonly (readonly number[])[];

/** Every place of a tensor, in order. */
function placesOf(shape: Shape): Places {
  return shape.reduce<Places>(
    (places, size) => places.flatMap((place) => Array.from({ length: size }, (_, at) => [...place, at])),
    [[]],
  );
}

/** The element that a place of a larger shape shows of a tensor repeated to it. */
function elementAt(place: readonly number[], shape: Shape): number {
  const lead = place.length - shape.length;
  return shape.reduce((at, size, axis) => at * size + (size === 1 ? 0 : (place[axis + lead] as number)), 0);
}

const elementwise: Partial<Record<OpName, (...operands: number[]) => number>> = {
  Neg: (a) => -a,
  Abs: (a) => Math.abs(a),
  Relu: (a) => Math.max(a, 0),
  IsNaN: (a) => Number(Number.isNaN(a)),
  Not: (a) => 1 - a,
  Identity: (a) => a,
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Max: (...all) => Math.max(...all),
  Greater: (a, b) => Number(a > b),
  And: (a, b) => a * b,
  Where: (condition, a, b) => (condition ? a : b),
};

const reductions: Partial<Record<OpName, (a: number, b: number) => number>> = {
  ReduceSum: (a, b) => a + b,
  ReduceMax: Math.max,
  ReduceMin: Math.min,
};

/** The cross-correlation of images with windows of one element. */
function convolved(node: Node, [x, w, bias]: readonly Numbers[]): Numbers {
  const [images, windows] = node.inputs as [Value, Value];
  const [batch, channels, height, width] = images.shape as [number, number, number, number];
  const filters = windows.shape[0] as number;
  return placesOf([batch, filters, height, width]).map(([n, m, row, column]) =>
    Array.from({ length: channels }, (_, c) => c).reduce(
      (sum, c) =>
        sum +
        (x?.[
          elementAt([n as number, c, row as number, column as number], [batch, channels, height, width])
        ] as number) *
          (w?.[(m as number) * channels + c] as number),
      bias?.[m as number] ?? 0,
    ),
  );
}

/** The product of two matrices, plus a row. */
function multiplied(node: Node, [a, b, row]: readonly Numbers[]): Numbers {
  const [inner, columns] = (node.inputs[1] as Value).shape as [number, number];
  return placesOf(node.outputs[0]?.shape as Shape).map(([y, x]) =>
    Array.from({ length: inner }, (_, k) => k).reduce(
      (sum, k) => sum + (a?.[(y as number) * inner + k] as number) * (b?.[k * columns + (x as number)] as number),
      row?.[x as number] ?? 0,
    ),
  );
}

function evaluated(node: Node, operands: readonly Numbers[]): Numbers {
  const [x] = operands as [Numbers];
  const [from, to] = [node.inputs[0]?.shape, node.outputs[0]?.shape] as [Shape, Shape];
  const compute = elementwise[node.op];
  if (compute)
    return placesOf(to).map((place) =>
      compute(...operands.map((values, at) => values[elementAt(place, node.inputs[at]?.shape as Shape)] as number)),
    );
  const combine = reductions[node.op];
  if (combine) {
    const axes = (node.attributes.axes as Numbers).map((axis) => (axis < 0 ? axis + from.length : axis));
    const results = new Array<number | undefined>(sizeOf(to)).fill(undefined);
    const kept = from.map((size, axis) => (axes.includes(axis) ? 1 : size));
    placesOf(from).forEach((place, at) => {
      const result = elementAt(place, kept);
      const [known, value] = [results[result], x[at] as number];
      results[result] = known === undefined ? value : combine(known, value);
    });
    return results as number[];
  }
  switch (node.op) {
    case 'Cast':
      return node.attributes.to === 'bool' ? x.map((value) => Number(value !== 0)) : x;
    case 'Reshape':
      return x;
    case 'Expand':
      return placesOf(to).map((place) => x[elementAt(place, from)] as number);
    case 'Transpose': {
      const perm = node.attributes.perm as Numbers;
      return placesOf(to).map(
        (place) =>
          x[
            elementAt(
              from.map((_, axis) => place[perm.indexOf(axis)] as number),
              from,
            )
          ] as number,
      );
    }
    case 'Conv':
      return convolved(node, operands);
    case 'Gemm':
      return multiplied(node, operands);
    default:
      throw new Error(`${node.op} is not interpreted`);
  }
}

/**
 * What values are, element by element, computed in the plainest way: the slow twin of rewritings.
 * @param given numbers of an input, by its name and size
 */
export function interpret(values: readonly Value[], given: (name: string, size: number) => Numbers): Numbers[] {
  const known = new Map<Value, Numbers>();
  const numbersOf = (value: Value): Numbers => {
    const { source } = value;
    if (source.kind === 'input') return given(source.name, sizeOf(value.shape));
    return constantData(value)
      ? Array.from(constantData(value) as Float32Array, Number)
      : (known.get(value) as Numbers);
  };
  for (const node of topological(values)) {
    const operands = node.inputs.map((value) => (value ? numbersOf(value) : []));
    known.set(node.outputs[0] as Value, evaluated(node, operands));
  }
  return values.map(numbersOf);
}
