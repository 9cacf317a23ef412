import { allocateArray, type DType, type TypedArray } from '../../core/dtype.ts';
import { EngineError, type Issue } from '../../core/error.ts';
import { formatShape, sizeOf } from '../../core/shape.ts';
import { nameOfElementType } from '../onnx/element-type.ts';
import type { Port } from './runner.ts';

export type Direction = 'input' | 'output';

/** A port as the loaded model declares it. */
export interface DeclaredPort {
  readonly name: string;
  /** ONNX's number of the element type. */
  readonly type: number;
  /** Sizes of the axes; −1 where the model leaves one open. */
  readonly shape: readonly number[];
}

const typeTag = (array: TypedArray): string => array[Symbol.toStringTag];
const tagOf = (dtype: DType): string => typeTag(allocateArray(dtype, 0));

/** What is wrong with the arrays given for `ports`. Native code trusts these lengths: an error here is a fault there. */
export function checkArrays(
  model: string,
  direction: Direction,
  ports: readonly Port[],
  arrays: readonly TypedArray[],
): readonly Issue[] {
  if (arrays.length !== ports.length)
    return [
      { where: model, expected: `one array for each of ${ports.length} ${direction}s`, found: `${arrays.length}` },
    ];
  return ports.flatMap(({ name, dtype, shape }, place) => {
    const array = arrays[place] as TypedArray;
    const size = sizeOf(shape);
    if (typeTag(array) === tagOf(dtype) && array.length === size) return [];
    return {
      where: `${model}, ${direction} '${name}'`,
      expected: `a ${tagOf(dtype)} of ${size} for ${dtype} ${formatShape(shape)}`,
      found: `a ${typeTag(array)} of ${array.length}`,
    };
  });
}

/** What is wrong with `ports`, given what the loaded model declares. */
export function checkPorts(
  model: string,
  direction: Direction,
  ports: readonly Port[],
  declared: readonly DeclaredPort[],
): readonly Issue[] {
  const byName = new Map(declared.map((port) => [port.name, port]));
  const wrong = ports.flatMap((port): readonly Issue[] => {
    const actual = byName.get(port.name);
    const where = `${model}, ${direction} '${port.name}'`;
    const expected = `${port.dtype} ${formatShape(port.shape)}`;
    if (actual === undefined) return [{ where, expected, found: `no such ${direction} in the model` }];
    const type = nameOfElementType(actual.type);
    const fits =
      type === port.dtype &&
      actual.shape.length === port.shape.length &&
      actual.shape.every((size, axis) => size === -1 || size === port.shape[axis]);
    return fits ? [] : [{ where, expected, found: `${type} ${formatShape(actual.shape)} in the model` }];
  });
  if (direction === 'output') return wrong;
  const given = new Set(ports.map(({ name }) => name));
  const missing = declared.filter(({ name }) => !given.has(name));
  return [
    ...wrong,
    ...missing.map(({ name }) => ({
      where: `${model}, input '${name}'`,
      expected: "a port for each of the model's inputs",
      found: 'none for this one',
    })),
  ];
}

/** @throws EngineError with every issue, when there is one */
export function throwIssues(issues: readonly Issue[]): void {
  if (issues.length > 0) throw new EngineError(issues);
}
