import type { DType } from '../../core/dtype.ts';

/** ONNX's number of each element type: `TensorProto.DataType`, and `ONNXTensorElementDataType` of the C API. */
export const elementType: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  uint32: 12,
};

const names = new Map(Object.entries(elementType).map(([name, code]) => [code, name]));

/** The element type's name, or its number where we have none for it. */
export function nameOfElementType(code: number): string {
  return names.get(code) ?? `element type ${code}`;
}
