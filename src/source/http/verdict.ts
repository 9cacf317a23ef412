import { z } from 'zod';
import type { Fault } from '../../core/fault.ts';
import { quote } from '../../core/format.ts';
import type { Parsed } from '../../core/json.ts';
import { didYouMean } from '../../core/suggest.ts';
import type { TableColumn } from '../source.ts';

const rejectedSchema = z.strictObject({
  index: z.int().min(0).describe('Its place in the request, from 0.'),
  reason: z.string(),
  where: z.string(),
  expected: z.string(),
  found: z.string(),
  hint: z.string().exactOptional(),
  head: z.string().exactOptional().describe('The head whose label is left out, where the rest was accepted.'),
});

/** What became of the records of a request. */
export const answerSchema = z.strictObject({
  accepted: z.int().min(0),
  duplicates: z.int().min(0).describe('Records whose id was accepted before.'),
  rejected: z.array(rejectedSchema),
  rejectedLabels: z.array(rejectedSchema).describe('Labels that are left out of samples that were accepted.'),
});

/** Why a record, or one of its labels, was not accepted. */
export type RejectedRecord = Readonly<z.output<typeof rejectedSchema>>;

export type Answer = Readonly<z.output<typeof answerSchema>>;

/**
 * A record with its labels beside everything else: they may be sent in an object of their own,
 * `{ id: 'a', labels: { toxic: 1 } }`.
 * @param columns that a record may have
 */
export function recordOf(
  sent: Parsed,
  columns: ReadonlyMap<string, TableColumn>,
): { readonly record: unknown } | { readonly fault: Fault; readonly part?: string } {
  if ('fault' in sent) return sent;
  const { value } = sent;
  if (!isPlain(value)) return { record: value };
  const { labels, ...rest } = value;
  const isApart = isPlain(labels) && !columns.has('labels') && Object.hasOwn(value, 'labels');
  const twice = isApart ? Object.keys(labels).find((head) => Object.hasOwn(rest, head)) : undefined;
  if (twice !== undefined) {
    const found = `${quote(twice)} in 'labels' and beside it`;
    return { fault: { reason: 'duplicateKey', expected: 'each label once', found } };
  }
  const record = isApart ? { ...rest, ...labels } : value;
  for (const name in record) {
    if (columns.has(name)) continue;
    const known = [...columns.keys()];
    const shown = `${known.slice(0, 20).join(', ')}${known.length > 20 ? ', …' : ''}`;
    const fault = { reason: 'unknownField', expected: `fields of ${shown}`, found: quote(name) };
    return { fault: { ...fault, ...didYouMean(name, known) } };
  }
  return { record };
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
