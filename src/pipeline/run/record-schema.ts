import { z } from 'zod';
import type { TableColumn } from '../../source/index.ts';

/** What a record may have that a prediction is asked for: the columns that features read, and nothing else. */
export function recordSchema(columns: readonly TableColumn[]): z.ZodType<Readonly<Record<string, unknown>>> {
  return z.strictObject(Object.fromEntries(columns.map(({ name, kind }) => [name, fieldOf(kind).optional()])));
}

function fieldOf(kind: TableColumn['kind']): z.ZodType {
  switch (kind) {
    case 'number':
      return z.union([z.number(), z.boolean()]).nullable();
    case 'text':
      return z.string().nullable();
    case 'bytes':
      return z
        .base64()
        .transform((text) => new Uint8Array(Buffer.from(text, 'base64')))
        .nullable();
    case 'numbers':
      return listOf(
        'a list of numbers, or null',
        'number',
        (value) => typeof value === 'number' && Number.isFinite(value),
      );
    case 'texts':
      return listOf('a list of texts, or null', 'string', (value) => typeof value === 'string');
    default:
      return z.unknown();
  }
}

/** Looked at as a whole: a schema for each of thousands of numbers would be most of what a prediction costs. */
function listOf(expected: string, type: 'number' | 'string', is: (value: unknown) => boolean): z.ZodType {
  const isList = (value: unknown): boolean =>
    value === null || (Array.isArray(value) && value.every((one) => one === null || is(one)));
  return z
    .custom<unknown>(isList, { error: expected })
    .meta({ type: ['array', 'null'], items: { type: [type, 'null'] } });
}
