/**
 * A value on one line of JSON. What JSON lacks is written as text: `NaN`, `Infinity`, integers beyond 2⁵³; bytes are
 * base64, and typed arrays are lists.
 */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => plain(inner)) ?? 'null';
}

function plain(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return BigInt(Number(value)) === value ? Number(value) : String(value);
  // Buffers write themselves before they come here.
  if (isWrittenBuffer(value)) return Buffer.from(value.data).toString('base64');
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64');
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as Float32Array);
  return value;
}

function isWrittenBuffer(value: unknown): value is { readonly data: number[] } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    value.type === 'Buffer' &&
    'data' in value &&
    Array.isArray(value.data)
  );
}
