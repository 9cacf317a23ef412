/** Element types of tensors. `float32`, `int32` and `bool` are those of TensorFlow.js; the rest serve inside programs. */
export type DType = 'float32' | 'int32' | 'bool' | 'int64' | 'uint32' | 'uint8';

export interface TypedArrays {
  float32: Float32Array;
  int32: Int32Array;
  bool: Uint8Array;
  int64: BigInt64Array;
  uint32: Uint32Array;
  uint8: Uint8Array;
}
export type TypedArray = TypedArrays[DType];

interface TypedArrayConstructor {
  new (length: number): TypedArray;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TypedArray;
  readonly BYTES_PER_ELEMENT: number;
}

const arrayOf: Record<DType, TypedArrayConstructor> = {
  float32: Float32Array,
  int32: Int32Array,
  bool: Uint8Array,
  int64: BigInt64Array,
  uint32: Uint32Array,
  uint8: Uint8Array,
};

/** Bytes of one element. */
export function bytesPerElement(dtype: DType): number {
  return arrayOf[dtype].BYTES_PER_ELEMENT;
}

/** A zero-filled array of `length` elements. */
export function allocateArray(dtype: DType, length: number): TypedArray {
  return new arrayOf[dtype](length);
}

/** A view of `length` elements onto `buffer`, starting at `byteOffset`. */
export function viewArray(dtype: DType, buffer: ArrayBufferLike, byteOffset: number, length: number): TypedArray {
  return new arrayOf[dtype](buffer, byteOffset, length);
}
