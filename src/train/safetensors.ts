import { z } from 'zod';
import { checkConfig } from '../core/config.ts';
import { bytesPerElement, type TypedArray, viewArray } from '../core/dtype.ts';
import { ConfigError, type Issue } from '../core/error.ts';
import { formatShape, type Shape, sizeOf } from '../core/shape.ts';

/** Element types we store, by the names the format has for them; larger elements first, as the format's own library has it. */
const elementTypes = { F32: 'float32', I32: 'int32', U8: 'uint8', BOOL: 'bool' } as const;
type ElementType = keyof typeof elementTypes;
const typeNames = Object.keys(elementTypes) as ElementType[];

export interface StoredTensor {
  readonly dtype: (typeof elementTypes)[ElementType];
  readonly shape: Shape;
  readonly values: TypedArray;
}

/** What a file in the safetensors format holds. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const metadataName = '__metadata__';
const lengthBytes = 8;
/** The format's limit, so that a wrong length can't ask for all memory there is. */
const maxHeaderBytes = 100_000_000;

const whole = z.number().int().min(0);
const entrySchema = z.strictObject({
  dtype: z.enum(typeNames),
  shape: z.array(whole),
  data_offsets: z.tuple([whole, whole]),
});
type Entry = z.output<typeof entrySchema>;

/**
 * Tensors in the safetensors format: 8 bytes with the header's length, a JSON header, the tensors' bytes.
 * @returns the file's bytes in pieces, one after the other: those of the tensors are views, not copies
 * @throws ConfigError when a tensor has another number of values than its shape says, or is named as only metadata may be
 * @see https://huggingface.co/docs/safetensors, "Format". The order of tensors is that of its own library.
 */
export function encodeSafetensors({ tensors, metadata }: Safetensors): readonly Uint8Array[] {
  const issues = [...tensors].flatMap(([name, { shape, values }]): Issue[] => {
    const where = `tensor '${name}'`;
    if (name === metadataName)
      return [{ where, expected: 'another name', found: 'the one the format has for metadata' }];
    if (values.length === sizeOf(shape)) return [];
    return [{ where, expected: `${sizeOf(shape)} values for ${formatShape(shape)}`, found: `${values.length}` }];
  });
  if (issues.length > 0) throw new ConfigError(issues);
  const sorted = typeNames.flatMap((type) =>
    [...tensors]
      .filter(([, { dtype }]) => dtype === elementTypes[type])
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, tensor]) => ({ name, type, ...tensor })),
  );
  let end = 0;
  const entries = sorted.map(({ name, type, shape, values }): [string, Entry] => {
    const begin = end;
    end += values.byteLength;
    return [name, { dtype: type, shape: [...shape], data_offsets: [begin, end] }];
  });
  const described = Object.keys(metadata).length > 0 ? [[metadataName, metadata] as const] : [];
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries([...described, ...entries])));
  // Spaces up to a multiple of 8, so that the tensors are aligned.
  const header = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20);
  header.set(json);
  const length = new Uint8Array(lengthBytes);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
  const data = sorted.map(({ values }) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return [length, header, ...data];
}

/**
 * Reads a file in the safetensors format. Nothing of it is taken on trust.
 * @param where the file, for errors
 * @returns tensors, as views of `bytes` where they are aligned there
 * @throws ConfigError when the file is cut short, its header is not what the format says, an element type is not one of
 *   ours, or tensors don't fill what follows the header without gap and overlap
 */
export function decodeSafetensors(bytes: Uint8Array, where: string): Safetensors {
  const { length, header } = readHeader(bytes, where);
  const data = bytes.subarray(lengthBytes + length);
  const { [metadataName]: stated = {}, ...described } = header;
  const metadata = checkConfig(z.record(z.string(), z.string()), stated, `${where}, ${metadataName}`);
  const issues: Issue[] = metadata.ok ? [] : [...metadata.issues];
  const entries = Object.entries(described).flatMap(([name, given]) => {
    const place = `${where}, tensor '${name}'`;
    const checked = checkConfig(entrySchema, given, place);
    const found = checked.ok ? issuesOfEntry(checked.config, place) : checked.issues;
    issues.push(...found);
    return checked.ok && found.length === 0 ? [{ name, place, ...checked.config }] : [];
  });
  if (issues.length > 0) throw new ConfigError(issues);
  let end = 0;
  const sorted = [...entries].sort(
    (a, b) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  );
  for (const { place, data_offsets } of sorted) {
    const [begin] = data_offsets;
    if (begin !== end)
      issues.push({ where: place, expected: `data from byte ${end} on, where the one before ends`, found: `${begin}` });
    end = data_offsets[1];
  }
  if (issues.length === 0 && end !== data.length)
    issues.push({
      where,
      expected: `${end} bytes after the header`,
      found: `${data.length}`,
      ...(data.length < end ? { hint: 'the file was cut short: write it or copy it again' } : {}),
    });
  if (issues.length > 0) throw new ConfigError(issues);
  const tensors = entries.map(({ name, dtype: type, shape, data_offsets: [begin, stop] }): [string, StoredTensor] => {
    const dtype = elementTypes[type];
    const part = data.subarray(begin, stop);
    const { buffer, byteOffset } = part.byteOffset % bytesPerElement(dtype) === 0 ? part : part.slice();
    return [name, { dtype, shape, values: viewArray(dtype, buffer, byteOffset, sizeOf(shape)) }];
  });
  return { tensors: new Map(tensors), metadata: metadata.ok ? metadata.config : {} };
}

function readHeader(bytes: Uint8Array, where: string) {
  const fail = (expected: string, found: string, hint?: string): never => {
    throw new ConfigError({ where, expected, found, ...(hint ? { hint } : {}) });
  };
  const rest = bytes.length - lengthBytes;
  if (rest < 0) return fail(`${lengthBytes} bytes that say how long the header is`, `${bytes.length} bytes`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > maxHeaderBytes)
    return fail(`a header of at most ${maxHeaderBytes} bytes`, `${length}`, 'is this a safetensors file?');
  if (length > rest)
    return fail(`a header of ${length} bytes`, `${rest} bytes`, 'the file was cut short: write it or copy it again');
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(lengthBytes, lengthBytes + length));
    const header: unknown = JSON.parse(text);
    if (text.startsWith('{')) return { length, header: header as Readonly<Record<string, unknown>> };
  } catch {
    // Said below.
  }
  return fail('a header that is a JSON object', `${length} bytes that are none`);
}

function issuesOfEntry({ dtype, shape, data_offsets: [begin, end] }: Entry, where: string): readonly Issue[] {
  const size = sizeOf(shape) * bytesPerElement(elementTypes[dtype]);
  if (end - begin === size) return [];
  return [{ where, expected: `${size} bytes for ${dtype} ${formatShape(shape)}`, found: `${end - begin}` }];
}
