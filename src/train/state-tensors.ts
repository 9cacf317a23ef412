import { allocateArray, type TypedArray } from '../core/dtype.ts';
import type { Issue } from '../core/error.ts';
import { formatShape, sameShape } from '../core/shape.ts';
import type { ModelSpec, Parameter } from '../model/index.ts';
import type { StepState } from '../step/state.ts';
import type { StoredTensor } from './safetensors.ts';

type Tensors = ReadonlyMap<string, StoredTensor>;

export const parametersOf = ({ groups }: ModelSpec): readonly Parameter[] =>
  groups.flatMap(({ parameters }) => parameters);

/** Every parameter of a model as it is stored, with the values of the state where it has them: views, where their type is that. */
export function parameterTensors(spec: ModelSpec, arrays: StepState['arrays']): Tensors {
  return new Map(
    parametersOf(spec).map(({ name, variable }) => {
      const dtype = variable.dtype as StoredTensor['dtype'];
      const values = arrays[`parameter/${name}`] ?? (variable.dataSync() as TypedArray);
      return [name, { dtype, shape: variable.shape, values: asType(dtype, values) }];
    }),
  );
}

/**
 * Slots, clocks and windows of scored labels of a state, as they are stored: slots are shaped like the parameter they
 * belong to.
 */
export function optimizerTensors(spec: ModelSpec, arrays: StepState['arrays']): Tensors {
  const shapes = new Map(parametersOf(spec).map(({ name, variable }) => [name, variable.shape]));
  const clocks = new Set(spec.groups.map(({ name }) => name));
  const heads = new Set(spec.heads.map(({ name }) => name));
  return new Map(
    Object.entries(arrays).flatMap(([path, values]): [string, StoredTensor][] => {
      const [kind, ...rest] = path.split('/');
      const shape = shapes.get(rest.slice(1).join('/'));
      if (kind === 'slot' && shape) return [[path, { dtype: 'float32', shape, values: asType('float32', values) }]];
      if (kind === 'window' && heads.has(rest.join('/')))
        return [[path, { dtype: 'float32', shape: [values.length], values: asType('float32', values) }]];
      if (kind !== 'clock' || !clocks.has(rest.join('/'))) return [];
      return [[path, { dtype: 'int32', shape: [], values: asType('int32', values) }]];
    }),
  );
}

/** The values as an array of that type, copied where they are none: the eager engine holds all of them as float32. */
function asType(dtype: StoredTensor['dtype'], values: TypedArray): TypedArray {
  if (values.constructor === allocateArray(dtype, 0).constructor) return values;
  const array = allocateArray(dtype, values.length) as Float32Array;
  array.set(values as Float32Array);
  return array;
}

/** Where tensors of a file are not those that are expected. */
export function differences(found: Tensors, expected: Tensors, where: string): readonly Issue[] {
  const show = (tensor: StoredTensor | undefined): string =>
    tensor ? `${tensor.dtype} ${formatShape(tensor.shape)}` : 'none';
  return [...new Set([...expected.keys(), ...found.keys()])].flatMap((name) => {
    const [one, other] = [expected.get(name), found.get(name)];
    if (one && other && one.dtype === other.dtype && sameShape(one.shape, other.shape)) return [];
    return [{ where: `${where}, tensor '${name}'`, expected: show(one), found: show(other) }];
  });
}

/** A state that stays as it is while its run goes on. */
export function copyState(state: StepState): StepState {
  const arrays = Object.entries(state.arrays).map(([name, values]) => [name, values.slice()] as const);
  return { ...state, arrays: Object.fromEntries(arrays) as StepState['arrays'] };
}
