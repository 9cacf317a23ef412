import type { Issue } from '../../../core/error.ts';
import type { DeclaredPort, Direction } from '../check.ts';
import type { Pointer } from './api.ts';
import type { OrtLibrary } from './library.ts';

/** The ports that a loaded model declares, in its order. */
export function declaredPorts(
  ort: OrtLibrary,
  allocator: Pointer,
  session: Pointer,
  direction: Direction,
): readonly DeclaredPort[] {
  const { api } = ort;
  const [getCount, getName, getType] =
    direction === 'input'
      ? [api.SessionGetInputCount, api.SessionGetInputName, api.SessionGetInputTypeInfo]
      : [api.SessionGetOutputCount, api.SessionGetOutputName, api.SessionGetOutputTypeInfo];
  const issue = (found: string): Issue => ({ where: `model, ${direction}s`, expected: 'names and types', found });
  const count = Number(ort.make((out) => getCount(session, out), issue));
  return Array.from({ length: count }, (_, index) => {
    const text = ort.make((out) => getName(session, index, allocator, out), issue);
    const name = ort.koffi.decode.string(text);
    ort.check(api.AllocatorFree(allocator, text), issue);
    const info = ort.make((out) => getType(session, index, out), issue);
    try {
      return { name, ...tensorInfo(ort, info, issue) };
    } finally {
      api.ReleaseTypeInfo(info);
    }
  });
}

function tensorInfo(
  ort: OrtLibrary,
  info: Pointer,
  issue: (found: string) => Issue,
): { readonly type: number; readonly shape: readonly number[] } {
  const { api } = ort;
  // Belongs to `info`: not to be released. 0 for what is not a tensor.
  const tensor = ort.make((out) => api.CastTypeInfoToTensorInfo(info, out), issue);
  if (tensor === 0n) return { type: 0, shape: [] };
  ort.check(api.GetTensorElementType(tensor, elementTypeOut), issue);
  const rank = Number(ort.make((out) => api.GetDimensionsCount(tensor, out), issue));
  const sizes = new BigInt64Array(rank);
  if (rank > 0) ort.check(api.GetDimensions(tensor, sizes, rank), issue);
  return { type: elementTypeOut[0] as number, shape: Array.from(sizes, Number) };
}

const elementTypeOut = new Int32Array(1);
