import { type KernelFunc, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { sizeOf } from '../core/shape.ts';
import type { TrunklineBackend } from './backend.ts';

type AliasKernel = (
  inputs: Record<string, TensorInfo>,
  attrs: Record<string, unknown>,
  backend: TrunklineBackend,
) => TensorInfo;

function reshape(x: TensorInfo, shape: number[], backend: TrunklineBackend): TensorInfo {
  const size = sizeOf(x.shape);
  const resolved = util.inferFromImplicitShape(shape, size);
  util.assert(
    sizeOf(resolved) === size,
    () =>
      `The new shape (${resolved}) has ${sizeOf(resolved)} elements and the old shape (${x.shape}) has ${size} elements. ` +
      'The new shape and old shape must have the same number of elements.',
  );
  return backend.aliasOf(x, resolved);
}

/** Kernels that give the same data another name or shape, of whatever type the data are. */
const aliases: Readonly<Record<string, AliasKernel>> = {
  Identity: ({ x }, _, backend) => backend.aliasOf(x as TensorInfo, (x as TensorInfo).shape),
  Reshape: ({ x }, { shape }, backend) => reshape(x as TensorInfo, shape as number[], backend),
  ExpandDims: ({ input }, { dim }, backend) => {
    const { shape } = input as TensorInfo;
    const at = (dim as number) < 0 ? shape.length + (dim as number) + 1 : (dim as number);
    util.assert(
      -(shape.length + 1) <= (dim as number) && at <= shape.length,
      () => `Axis must be in the interval [${-(shape.length + 1)}, ${shape.length}]`,
    );
    return reshape(input as TensorInfo, [...shape.slice(0, at), 1, ...shape.slice(at)], backend);
  },
  Complex: ({ real, imag }, _, backend) => {
    const parts = [real, imag].map((part) => backend.aliasOf(part as TensorInfo, (part as TensorInfo).shape));
    return backend.complexOf(parts[0] as TensorInfo, parts[1] as TensorInfo);
  },
  Real: ({ input }, _, backend) => part(input as TensorInfo, 'real', backend),
  Imag: ({ input }, _, backend) => part(input as TensorInfo, 'imag', backend),
};

function part(info: TensorInfo, which: 'real' | 'imag', backend: TrunklineBackend): TensorInfo {
  const content = backend.contentOf(info.dataId);
  if (content.kind === 'complex') return backend.aliasOf(content[which], info.shape);
  if (which === 'real') return backend.aliasOf(info, info.shape);
  return backend.makeTensorInfo(info.shape, 'float32', new Float32Array(sizeOf(info.shape)));
}

export const aliasKernels: ReadonlyMap<string, KernelFunc> = new Map(
  Object.entries(aliases).map(([name, kernel]) => [
    name,
    ({ inputs, attrs, backend }) =>
      kernel(
        inputs as Record<string, TensorInfo>,
        (attrs ?? {}) as Record<string, unknown>,
        backend as TrunklineBackend,
      ),
  ]),
);
